/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The machine's interrupt controller (arch/arm-common/gic.c, gic_v2.c; arch/arm64/gic_v3.c, gic_bcm2836.c). The
 * end of an interrupt is split: priority drop by us, deactivation by us or, for a guest's line, by
 * the guest through its list register.
 * Lock: gic.c's own (interrupts off), below it a driver's.
 */
#include <asm/irq.h>
#include <hv/types.h>

#define GIC_SPURIOUS	1020u
#define GIC_PRIORITY	0xa0u	/* of everything; the mask lets it through */

struct domain;
struct vcpu;

/* Boot CPU; needs platform_init and ioremap. boot_fail when there is no usable controller. */
void gic_init(void);
/* Every further CPU, on itself, before it enables interrupts. this_cpu() has its MPIDR. */
void gic_init_cpu(void);
/* The IRQ vectors of EL2 call it, interrupts off, on the CPU's stack; also for exits from a guest. */
void gic_handle_irq(void);
void gic_send_sgi(unsigned int cpu, unsigned int sgi);
/* mask: of CPUs' ids. */
void gic_send_sgi_mask(unsigned long mask, unsigned int sgi);
/* An interrupt for every other CPU, also for those whose part of the GIC is not set up. GICv2; else nothing. */
void gic_wake_others(void);
unsigned int gic_version(void);		/* 2 or 3 */
unsigned int gic_line_count(void);	/* INTIDs below exist */

/*
 * SPI intid of the machine, which is the service VM's: the guest unmasked (masked) it in its own
 * distributor, with this trigger, for where v runs. Nothing for what the hypervisor took.
 */
void gic_guest_line(unsigned int intid, bool enabled, bool level, const struct vcpu *v);
/* Does the hypervisor use it itself? */
bool gic_is_own(unsigned int intid);
/* Ends an interrupt that stays active for a guest which did not take it. */
void gic_deactivate(unsigned int intid);
/* Of this CPU: PPI intid is (is not) active. Interrupts off. */
void gic_set_ppi_active(unsigned int intid, bool active);
/*
 * As irq_request for a PPI of this CPU, but fn leaves it active: what it was handed to ends it.
 */
int gic_request_ppi_for_guest(unsigned int intid, irq_handler *fn);

/* What gic.c and vgic.c ask of a version. One const table each. ---------------------------------- */

/* A list register, decoded. */
struct gic_lr {
	uint32_t intid, hw_intid;
	uint8_t priority, source;
	bool pending, active, hw, group1, eoi;	/* eoi: maintenance interrupt when it ends */
};

struct vgic_vcpu;

struct gic_ops {
	unsigned int version;
	bool levels_only;			/* an edge, too, has to stay active until its end */
	void (*init)(void);			/* distributor and the boot CPU's part */
	void (*init_cpu)(void);
	uint32_t (*acknowledge)(void);		/* with the source in bits 12:10 where there is one */
	void (*drop)(uint32_t ack);
	void (*deactivate)(uint32_t ack);	/* any CPU for an SPI, else the one that took it */
	void (*send_sgi)(unsigned long mask, unsigned int sgi);
	void (*set_enabled)(unsigned int intid, bool on);
	void (*set_level)(unsigned int intid, bool level);
	void (*set_target)(unsigned int intid, unsigned int cpu);
	void (*set_active)(unsigned int intid, bool active);
	/* The virtual CPU interface of this CPU, without list registers and HCR. */
	void (*save)(struct vgic_vcpu *g);
	void (*restore)(const struct vgic_vcpu *g);
	uint64_t (*encode)(const struct gic_lr *lr);
	void (*decode)(uint64_t raw, struct gic_lr *out);
	uint64_t (*read_lr)(unsigned int n);
	void (*write_lr)(unsigned int n, uint64_t raw);
	void (*write_hcr)(uint32_t hcr);
	/* A vCPU's registers at reset. */
	void (*reset)(struct vgic_vcpu *g);
	/* GICv2, domain creation: a guest's CPU interface, at vgic.cpu_base, is played; NULL: the machine has one. 0 or -errno. */
	int (*play_cpu)(struct domain *d);
};

extern const struct gic_ops gic_v2_ops;
extern const struct gic_ops *gic;		/* set by gic_init */
/* Arch: a driver, NULL where it is not built in (ARMv7). */
const struct gic_ops *arch_gic_v3(void);
const struct gic_ops *arch_gic_bcm2836(void);
extern unsigned int gic_lines, gic_lrs;		/* set by init */

/* A list register of GICv2 (GICH_LRn). */
#define GICH_LR_HW_SHIFT	10	/* the machine's interrupt, or an SGI's source */
#define GICH_LR_EOI		BIT(19)
#define GICH_LR_PRIORITY_SHIFT	23	/* the upper five bits of it */
#define GICH_LR_PENDING		BIT(28)
#define GICH_LR_ACTIVE		BIT(29)
#define GICH_LR_GROUP1		BIT(30)
#define GICH_LR_HW		BIT(31)
uint64_t gic_v2_encode(const struct gic_lr *lr);
void gic_v2_decode(uint64_t raw, struct gic_lr *out);

/* GICH_HCR and ICH_HCR_EL2 agree on these. */
#define GICH_HCR_EN	BIT(0)
#define GICH_HCR_UIE	BIT(1)
