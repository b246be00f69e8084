/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The virtual interrupt controller (arch/arm-common/vgic*.c): the distributor is played, the CPU
 * interface is the machine's own virtual one (or looks so from here: gic_ops.play_cpu), fed through list registers. A
 * guest gets the version that the machine has.
 *
 * An interrupt that is pending or active stands on the queue of one vCPU. What of it is in a list
 * register is the machine's until vgic_sync reads it back, which happens only when something
 * changed (work), at the next entry. So plain exits cost nothing here.
 *
 * Locks, both with interrupts off: domain->arch.vgic.lock -> a vCPU's arch.vgic.lock (never two of these) -> the host
 * GIC's. The vCPU's covers its own interrupts, its queue of these, and what its list registers hold. The domain's covers
 * SPIs, LPIs and the queues of them. Such an interrupt goes into a list register and out of it only with both held, and
 * stands on the vCPU's shared queue as long as it is in one: when that is empty, none is. So a vCPU's timer, events and SGIs
 * need no lock that others want, unless a shared interrupt waits for it, is active, or is in a list register.
 */
#include <hv/list.h>
#include <hv/spinlock.h>
#include <hv/types.h>

#define VGIC_PRIVATE	32u	/* SGIs and PPIs of each vCPU */
#define VGIC_SGIS	16u
#define VGIC_SPI_MAX	988u	/* INTIDs 32 to 1019 */
#define VGIC_LPIS	8192u	/* INTIDs from here on (asm/vlpi.h) */
#define VGIC_LR_MAX	16u
#define VGIC_NO_LR	0xff

struct domain;
struct vcpu;

struct vgic_irq {
	struct list_head entry;		/* on a queue of vcpu, when that is not NULL */
	struct vcpu *vcpu;		/* on whose queue it stands */
	uint64_t route;			/* GICv3 SPI: what GICD_IROUTER holds; LPI: its vCPU's id */
	uint16_t intid;
	uint16_t hw_intid;		/* hw: the machine's interrupt behind it */
	uint8_t priority;
	uint8_t targets;		/* GICv2 SPI: GICD_ITARGETSR */
	uint8_t sources;		/* GICv2 SGI: which vCPUs sent it */
	uint8_t active_source;		/* GICv2 SGI: whose is or was last in a list register */
	uint8_t lr;			/* list register that holds it, or VGIC_NO_LR */
	bool enabled, group1;
	bool pending;			/* latched, beyond what a list register holds */
	bool lr_latched;		/* so was what a list register holds; else line was all */
	bool line;			/* a played device asks for it now (vgic_set_line) */
	bool active;
	bool level;			/* the guest's configuration */
	bool hw;			/* its deactivation is the machine's */
};

struct vgic_vcpu {
	struct spinlock lock;
	struct vgic_irq irqs[VGIC_PRIVATE];
	struct list_head queue;		/* its own pending and active ones */
	struct list_head shared;	/* (domain's lock) SPIs and LPIs */
	bool work;			/* atomic: look at the queues before the next entry */
	uint32_t lr_used;		/* mask of list registers that are not empty */
	struct vgic_irq *hw_ppi;	/* the one with a PPI of the machine behind it, once there is one */
	bool ppi_taken;			/* that PPI may be active on the CPU that v is on */
	struct vgic_irq *in_lr[VGIC_LR_MAX];
	/* Of the virtual CPU interface, while the vCPU owns no CPU. */
	uint32_t vmcr;
	/* Of its redistributor. */
	bool lpis;			/* GICR_CTLR.EnableLPIs */
	uint64_t pendbase;		/* GICR_PENDBASER, for who reads it (atomic) */
	uint32_t ap0r[4], ap1r[4];
};

struct vgic_domain {
	struct spinlock lock;
	uint8_t version;		/* 2 or 3 */
	bool enabled;			/* GICD_CTLR: group 1 (of GICv2: group 0) is forwarded */
	uint32_t ctlr;
	unsigned int spi_count;
	struct vgic_irq *spis;		/* [spi_count] */
	struct vlpi_domain *lpis;	/* vlpi.c; NULL: none */
	uint64_t dist_base, redist_base, cpu_base;	/* where the guest has them */
};

/*
 * Domain creation, after max_vcpus is set and before any vCPU: version is XEN_DOMCTL_CONFIG_GIC_*,
 * replaced by what it became. Registers the guest's MMIO: a user VM's at the places of
 * xen/arch-arm.h, the service VM's where the machine has them. 0, -EINVAL, -ENOMEM.
 */
int vgic_domain_init(struct domain *d, uint8_t *version, uint32_t spi_count);
void vgic_domain_destroy(struct domain *d);
void vgic_vcpu_init(struct vcpu *v);
/* v, which does not run, starts anew (PSCI CPU_ON): its CPU interface is as after a reset. */
void vgic_reset(struct vcpu *v);

/* Interrupts off, on the CPU that has (gets) the vCPU's state: registers to memory, and back. */
void vgic_save(struct vcpu *v);
void vgic_restore(struct vcpu *v);
/* Before each entry, interrupts off, v is current. */
void vgic_sync(struct vcpu *v);
static inline void vgic_enter(struct vcpu *v, struct vgic_vcpu *g)
{
	if (unlikely(READ_ONCE(g->work))) {
		vgic_sync(v);
	}
}
/* Is an interrupt waiting that would wake v from WFI? v is current, or not running. Any context. */
bool vgic_has_pending(struct vcpu *v);

/* An edge on one of v's own (0 to 31). Any context. */
void vgic_inject_private(struct vcpu *v, unsigned int intid);
/*
 * The line of a played device to d's SPI intid: pending as long as it is high, or, configured so, by its rise. Any
 * context.
 */
void vgic_set_line(struct domain *d, unsigned int intid, bool high);
/*
 * The machine's interrupt hw_intid is active for the guest's intid (v's own, or an SPI of v's
 * domain), until the guest has ended it; an edge only until it is noted. Interrupt context.
 */
void vgic_inject_hw(struct vcpu *v, unsigned int intid, unsigned int hw_intid);
/* GICv3: a trapped write of ICC_SGI1R_EL1. v is current. */
void vgic_sgi1r(struct vcpu *v, uint64_t value);
/* The vCPU with these affinity fields (MPIDR layout, other bits ignored), or NULL. */
struct vcpu *vgic_vcpu_by_affinity(struct domain *d, uint64_t mpidr);
/* Affinity fields of vCPU id, for VMPIDR_EL2: 16 to a cluster, as the tool stack writes it too. */
uint64_t vgic_affinity(const struct domain *d, unsigned int id);
/* Of v to the console; any context. */
void vgic_dump(struct vcpu *v);
