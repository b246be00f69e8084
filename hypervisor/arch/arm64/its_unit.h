/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Between the parts of the machine's ITSs (its.c, its_queue.c, lpi.c), and gic_v3.c. */
#include <asm/its.h>
#include <hv/spinlock.h>

#define ITS_QUEUE_SIZE	0x10000u
#define ITS_CMD_WORDS	4u
#define ITS_CMD_SIZE	32u

struct its_unit {
	struct spinlock lock;		/* queue, touched; device tables of the second level */
	volatile uint8_t *regs;
	uint64_t base;
	unsigned int device_bits, event_bits, itt_entry;
	bool target_by_address;		/* GITS_TYPER.PTA */
	/* Device table: flat (l2_shift 0), or pages for 1 << l2_shift devices each. */
	uint64_t *l1;
	unsigned int l2_shift;
	uint64_t l2_size;
	bool flush_tables;		/* the ITS does not look into the caches */
	uint64_t *queue;
	uint32_t write;			/* offset */
	bool flush_queue, dead;
	uint64_t cpus;			/* that have a collection, which is named by their id */
	uint64_t touched;		/* of these: told something since the last SYNC */
};

/* its_queue.c. Lock held. */
void its_post(struct its_unit *u, const uint64_t cmd[ITS_CMD_WORDS]);
bool its_drain(struct its_unit *u);
/* MAPC of the calling CPU. False: the ITS does not answer. */
bool its_map_collection(struct its_unit *u);
/* Of the collection: the CPU itself, or the first one when it takes no LPIs. */
unsigned int its_target(const struct its_unit *u, unsigned int cpu);

/* its.c. */
struct its_unit *its_device_unit(const struct its_device *d);
uint32_t its_device_id(const struct its_device *d);

/* lpi.c: tables and enabling of LPIs, on the calling CPU. False: it takes none, which was told. */
bool lpi_init(void);
bool lpi_init_cpu(void);
/* The property of an LPI; the ITS has to be told (INV). */
void lpi_set_enabled(uint32_t lpi, bool on);

/* gic_v3.c. Of a CPU that is up: its redistributor, mapped; *pa: where it is. */
volatile uint8_t *gic_v3_redist(unsigned int cpu, uint64_t *pa);
uint32_t gic_v3_dist_typer(void);

#define GICR_CTLR_LPIS	 BIT(0)
#define GICR_TYPER_PLPIS BIT(0)
#define GICR_TYPER_NUMBER(v) ((v) >> 8 & 0xffff)
