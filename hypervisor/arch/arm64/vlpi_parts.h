/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Between the parts of virtual LPIs (vlpi.c) and ITSs (vits.c, vits_cmd.c). */
#include <asm/its.h>
#include <asm/vlpi.h>
#include <hv/spinlock.h>
#include <hv/timer.h>

#define VLPI_CHUNK	   64u
#define VLPI_NOWHERE	   (~0ULL)	/* irq.route: to no vCPU */
#define VITS_COLLECTIONS   255u		/* GITS_TYPER.HCC has 8 bits */
#define VITS_NO_VCPU	   0xffffu
#define VITS_HASH	   64u
#define VITS_DEVICES_MAX   1024u	/* of all ITSs */
#define VITS_EVENTS_MAX	   65536u
#define VITS_CMD_SIZE	   32u

struct vlpi {
	struct vgic_irq irq;		/* (vgic.lock); route: id of the vCPU */
	bool mapped;			/* (vgic.lock) what comes is the guest's */
	struct vits_device *dev;	/* (lock) whose event raises it; NULL: nobody's */
	uint16_t event, collection;	/* (lock) */
};

struct vits_device {
	struct vits_device *next;	/* of its hash chain */
	struct vits *unit;
	struct its_device *hw;
	uint32_t id;
	unsigned int event_bits;
	uint16_t lpi[];			/* [1 << event_bits]; 0: not mapped */
};

/* All of it: (lock). */
struct vits {
	struct domain *domain;
	unsigned int its;		/* number of the machine's */
	struct its_facts facts;
	bool enabled;
	uint64_t cbaser;
	uint32_t read, write;		/* offsets in the queue */
	uint32_t cursor;		/* how far a command that takes long has come */
	bool asked;			/* the machine's ITS was told something since its_finish */
	struct timer more;		/* goes on with a queue that was too long for one go */
	uint16_t collection[VITS_COLLECTIONS];	/* vCPU's id, or VITS_NO_VCPU */
	struct vits_device *devices[VITS_HASH];
};

struct vlpi_domain {
	struct spinlock lock;
	uint64_t propbase;		/* GICR_PROPBASER of all redistributors (atomic) */
	unsigned int device_count, event_count;
	unsigned int its_count;
	struct vits *its;		/* [its_count] */
	struct vlpi *chunks[LPI_COUNT / VLPI_CHUNK];	/* (lock to set) grow only; NULL: none was ever mapped */
};

/* vlpi.c. No vgic.lock held. */
/* LPI of [LPI_FIRST, LPI_FIRST + LPI_COUNT), or NULL: never mapped. */
struct vlpi *vlpi_find(struct domain *d, uint32_t lpi);
/* The same, made when it is not there. NULL: no memory. lock held. */
struct vlpi *vlpi_make(struct domain *d, uint32_t lpi);
/* Goes to that vCPU (VITS_NO_VCPU: none) from now on; mapped. */
void vlpi_route(struct domain *d, struct vlpi *l, unsigned int vcpu);
void vlpi_set_property(struct domain *d, struct vlpi *l, uint8_t property);
void vlpi_raise(struct domain *d, struct vlpi *l);
/* Is not pending any more, wherever it was; keep: stays mapped. */
void vlpi_forget(struct domain *d, struct vlpi *l, bool keep);

#define VLPI_PROPERTY_ENABLED	0x01u

/* vits.c. Domain creation. */
int vits_init(struct domain *d, struct vits *u, unsigned int its);
/* vits_cmd.c: does what is queued, up to a limit. lock held. True: there is more. */
bool vits_run(struct vits *u);
