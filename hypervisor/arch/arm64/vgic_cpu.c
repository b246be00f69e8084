/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GICv2's virtual CPU interface as software. Interrupts are those of group 0, for that is what
 * list registers of GICv2 hold here. The upper five bits of priorities count, so there are 32
 * levels, a bit of the active priorities for each.
 */
#include "vgic_cpu.h"
#include <asm/gic.h>
#include <hv/bitops.h>

#define GICC_CTLR   0x0000u
#define GICC_PMR    0x0004u
#define GICC_BPR    0x0008u
#define GICC_IAR    0x000cu
#define GICC_EOIR   0x0010u
#define GICC_RPR    0x0014u
#define GICC_HPPIR  0x0018u
#define GICC_ABPR   0x001cu
#define GICC_AIAR   0x0020u
#define GICC_AHPPIR 0x0028u
#define GICC_APR    0x00d0u
#define GICC_IIDR   0x00fcu
#define GICC_DIR    0x1000u

#define IIDR_ARM_V2 0x0002043bu
#define NONE	    1023u
#define IDLE	    0xffu

/* GICH_VMCR, whose lower bits are GICC_CTLR's. */
#define CTLR_MASK     0x21fu
#define CTLR_ENABLE   BIT(0)
#define CTLR_FIQ      BIT(3)
#define CTLR_EOIMODE  BIT(9)
#define VMCR_ABP      18
#define VMCR_BP	      21
#define VMCR_PRIORITY 27

#define BPR_LEAST  2u /* five bits of priority: all of them decide */
#define ABPR_LEAST 3u

static uint32_t priority_of(uint32_t lr)
{
	return (lr >> GICH_LR_PRIORITY_SHIFT & 0x1f) << 3;
}

static uint32_t bpr(const struct vgic_cpu_if *c)
{
	return MAX(c->vmcr >> VMCR_BP & 7, BPR_LEAST);
}

/* Which level of preemption that priority has. */
static unsigned int level_of(const struct vgic_cpu_if *c, uint32_t priority)
{
	return (priority & 0xffu << (bpr(c) + 1) & 0xff) >> 3;
}

static unsigned int running_level(const struct vgic_cpu_if *c)
{
	return c->apr ? lowest_bit(c->apr) : 32;
}

/* The list register with the most urgent that waits; -1: none does. One that is active as well
 * waits for its own end. */
static int highest_pending(const struct vgic_cpu_if *c)
{
	int found = -1;

	if (!(c->hcr & GICH_HCR_EN) || !(c->vmcr & CTLR_ENABLE)) {
		return -1;
	}
	for (unsigned int n = 0; n < VGIC_LR_MAX; n++) {
		uint32_t lr = c->lr[n];

		if ((lr & (GICH_LR_PENDING | GICH_LR_ACTIVE)) == GICH_LR_PENDING &&
		    (found < 0 || priority_of(lr) < priority_of(c->lr[found]))) {
			found = (int)n;
		}
	}
	return found;
}

/* The same, if it is urgent enough to be told. */
static int signalled(const struct vgic_cpu_if *c)
{
	int n = highest_pending(c);
	uint32_t priority;

	if (n < 0) {
		return -1;
	}
	priority = priority_of(c->lr[n]);
	if (priority >= c->vmcr >> VMCR_PRIORITY << 3 ||
	    level_of(c, priority) >= running_level(c)) {
		return -1;
	}
	return n;
}

enum vgic_cpu_signal vgic_cpu_signal(const struct vgic_cpu_if *c)
{
	if (signalled(c) < 0) {
		return VGIC_CPU_QUIET;
	}
	return c->vmcr & CTLR_FIQ ? VGIC_CPU_FIQ : VGIC_CPU_IRQ;
}

/* As IAR and HPPIR show it: an SGI with its source. */
static uint32_t shown(uint32_t lr)
{
	uint32_t intid = lr & 0x3ff;

	return intid < VGIC_SGIS ? lr & (7u << GICH_LR_HW_SHIFT | 0x3ff) : intid;
}

static uint32_t acknowledge(struct vgic_cpu_if *c)
{
	int n = signalled(c);

	if (n < 0) {
		return NONE;
	}
	c->lr[n] = (c->lr[n] & ~(uint32_t)GICH_LR_PENDING) | (uint32_t)GICH_LR_ACTIVE;
	c->apr |= 1u << level_of(c, priority_of(c->lr[n]));
	return shown(c->lr[n]);
}

static void deactivate(struct vgic_cpu_if *c, uint32_t value, struct vgic_cpu_effect *effect)
{
	for (unsigned int n = 0; n < VGIC_LR_MAX; n++) {
		uint32_t lr = c->lr[n];

		if (!(lr & GICH_LR_ACTIVE) || shown(lr) != (value & 0x1fff)) {
			continue;
		}
		c->lr[n] &= ~(uint32_t)GICH_LR_ACTIVE;
		if (lr & GICH_LR_HW) {
			effect->deactivate = true;
			effect->intid = lr >> GICH_LR_HW_SHIFT & 0x3ff;
		} else if (lr & GICH_LR_EOI) {
			effect->maintenance = true;
		}
		/* There is room for one of those that had none. */
		effect->maintenance |= (c->hcr & GICH_HCR_UIE) != 0;
		return;
	}
}

static void end(struct vgic_cpu_if *c, uint32_t value, struct vgic_cpu_effect *effect)
{
	if ((value & 0x3ff) >= GIC_SPURIOUS) {
		return;
	}
	c->apr &= c->apr - 1;
	if (!(c->vmcr & CTLR_EOIMODE)) {
		deactivate(c, value, effect);
	}
}

static uint32_t running_priority(const struct vgic_cpu_if *c)
{
	unsigned int level = running_level(c);

	return level < 32 ? level << 3 : IDLE;
}

uint32_t vgic_cpu_read(struct vgic_cpu_if *c, uint32_t off)
{
	int n;

	switch (off) {
	case GICC_CTLR:
		return c->vmcr & CTLR_MASK;
	case GICC_PMR:
		return c->vmcr >> VMCR_PRIORITY << 3;
	case GICC_BPR:
		return bpr(c);
	case GICC_ABPR:
		return MAX(c->vmcr >> VMCR_ABP & 7, ABPR_LEAST);
	case GICC_IAR:
		return acknowledge(c);
	case GICC_RPR:
		return running_priority(c);
	case GICC_HPPIR:
		n = highest_pending(c);
		return n < 0 ? NONE : shown(c->lr[n]);
	case GICC_AIAR:
	case GICC_AHPPIR:
		return NONE; /* nothing of group 1 */
	case GICC_APR:
		return c->apr;
	case GICC_IIDR:
		return IIDR_ARM_V2;
	default:
		return 0;
	}
}

static void set_vmcr(struct vgic_cpu_if *c, uint32_t mask, unsigned int shift, uint32_t value)
{
	c->vmcr = (c->vmcr & ~(mask << shift)) | (value & mask) << shift;
}

void vgic_cpu_write(struct vgic_cpu_if *c, uint32_t off, uint32_t value,
		    struct vgic_cpu_effect *effect)
{
	*effect = (struct vgic_cpu_effect){0};
	switch (off) {
	case GICC_CTLR:
		set_vmcr(c, CTLR_MASK, 0, value);
		break;
	case GICC_PMR:
		set_vmcr(c, 0x1f, VMCR_PRIORITY, value >> 3);
		break;
	case GICC_BPR:
		set_vmcr(c, 7, VMCR_BP, value);
		break;
	case GICC_ABPR:
		set_vmcr(c, 7, VMCR_ABP, value);
		break;
	case GICC_EOIR:
		end(c, value, effect);
		break;
	case GICC_DIR:
		/* Without the split it would be a second end. */
		if (c->vmcr & CTLR_EOIMODE) {
			deactivate(c, value, effect);
		}
		break;
	case GICC_APR:
		c->apr = value;
		break;
	default:
		break;
	}
}
