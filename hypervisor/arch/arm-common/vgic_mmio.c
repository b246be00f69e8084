/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers that the virtual distributors and redistributors have in common: a bit, two bits or a
 * byte for each interrupt. Arm IHI 0069H, 12.9; IHI 0048B.b, 4.3.
 * What is pending or active in the list registers of another vCPU that runs right now reads as it
 * was at its last entry.
 */
#include "vgic.h"
#include <asm/gic.h>
#include <hv/cpu.h>
#include <hv/lib.h>

#define IGROUPR	   0x080u
#define ISENABLER  0x100u
#define ICENABLER  0x180u
#define ISPENDR	   0x200u
#define ICPENDR	   0x280u
#define ISACTIVER  0x300u
#define ICACTIVER  0x380u
#define IPRIORITYR 0x400u
#define ITARGETSR  0x800u
#define ICFGR	   0xc00u

struct bank {
	struct vcpu *own; /* whose private interrupts are meant; current unless a redistributor's */
	struct domain *d;
	unsigned int lo, hi;
	struct vgic_kicks kicks;
};

static struct vgic_irq *irq_at(const struct bank *b, unsigned int intid)
{
	return intid >= b->lo && intid < b->hi ? vgic_irq(b->own, intid) : NULL;
}

/* A bit each
 * ---------------------------------------------------------------------------------------- */

static bool read_bit(const struct vgic_irq *irq, uint32_t reg)
{
	switch (reg) {
	case IGROUPR:
		return irq->group1;
	case ISENABLER:
	case ICENABLER:
		return irq->enabled;
	case ISPENDR:
	case ICPENDR:
		return vgic_is_pending(irq);
	default:
		return irq->active;
	}
}

static void set_enabled(struct bank *b, struct vgic_irq *irq, bool on)
{
	if (irq->enabled == on) {
		return;
	}
	irq->enabled = on;
	vgic_update_line(b->d, irq);
	vgic_requeue(b->d, irq, b->own, &b->kicks);
}

/* The machine's interrupt behind it may come again. Another vCPU's own is on another CPU: that one
 * ends it (vgic_save). */
static void deactivate(struct bank *b, const struct vgic_irq *irq)
{
	if (irq->hw && (irq->intid >= VGIC_PRIVATE || b->own == current)) {
		gic_deactivate(irq->hw_intid);
	}
}

static void clear_pending(struct bank *b, struct vgic_irq *irq)
{
	bool was = irq->pending;

	irq->pending = false;
	if (was && !irq->active && irq->lr == VGIC_NO_LR) {
		deactivate(b, irq);
	}
	vgic_requeue(b->d, irq, b->own, &b->kicks);
}

static void clear_active(struct bank *b, struct vgic_irq *irq)
{
	if (!irq->active || irq->lr != VGIC_NO_LR) {
		return;
	}
	irq->active = false;
	deactivate(b, irq);
	vgic_requeue(b->d, irq, b->own, &b->kicks);
}

static void write_bit(struct bank *b, struct vgic_irq *irq, uint32_t reg)
{
	/* GICv2: what SGIs are pending is changed by who sent them (CPENDSGIR, SPENDSGIR). */
	bool sgi_v2 = irq->intid < VGIC_SGIS && b->d->arch.vgic.version == 2;

	switch (reg) {
	case ISENABLER:
		set_enabled(b, irq, true);
		break;
	case ICENABLER:
		set_enabled(b, irq, irq->intid < VGIC_SGIS && b->d->arch.vgic.version == 2);
		break;
	case ISPENDR:
		if (!sgi_v2) {
			/* The guest's own doing, unless the machine's has come and waits. */
			irq->hw = irq->hw && (irq->vcpu || irq->pending);
			irq->pending = true;
			vgic_update(b->d, irq, b->own, &b->kicks);
		}
		break;
	case ICPENDR:
		if (!sgi_v2) {
			clear_pending(b, irq);
		}
		break;
	case ISACTIVER:
		if (!irq->active && irq->lr == VGIC_NO_LR) {
			irq->active = true;
			vgic_update(b->d, irq, b->own, &b->kicks);
		}
		break;
	case ICACTIVER:
		clear_active(b, irq);
		break;
	default:
		break;
	}
}

static void access_bits(struct bank *b, struct mmio_access *a, uint32_t reg, uint32_t off)
{
	unsigned int first = (off - reg) * 8;
	uint64_t value = a->value;

	if (!a->write) {
		a->value = 0;
	}
	for (unsigned int i = 0; i < a->size * 8; i++) {
		struct vgic_irq *irq = irq_at(b, first + i);

		if (!irq) {
			continue;
		}
		if (!a->write) {
			a->value |= (uint64_t)read_bit(irq, reg) << i;
		} else if (reg == IGROUPR) {
			irq->group1 = value >> i & 1;
		} else if (value >> i & 1) {
			write_bit(b, irq, reg);
		}
	}
}

/* A byte, two bits
 * ---------------------------------------------------------------------------------- */

static void write_targets(struct bank *b, struct vgic_irq *irq, uint8_t targets)
{
	if (irq->intid < VGIC_PRIVATE) {
		return;
	}
	irq->targets = targets;
	vgic_requeue(b->d, irq, b->own, &b->kicks);
	vgic_update_line(b->d, irq);
}

static uint8_t read_targets(const struct bank *b, const struct vgic_irq *irq)
{
	if (b->d->arch.vgic.version == 3) {
		return 0;
	}
	return irq->intid < VGIC_PRIVATE ? (uint8_t)(1u << (b->own->id & 7)) : irq->targets;
}

static void access_bytes(struct bank *b, struct mmio_access *a, uint32_t reg, uint32_t off)
{
	uint64_t value = a->value;

	if (!a->write) {
		a->value = 0;
	}
	for (unsigned int i = 0; i < a->size; i++) {
		struct vgic_irq *irq = irq_at(b, off - reg + i);
		uint8_t byte = (uint8_t)(value >> 8 * i);

		if (!irq) {
			continue;
		}
		if (!a->write) {
			a->value |=
			    (uint64_t)(reg == IPRIORITYR ? irq->priority : read_targets(b, irq))
			    << 8 * i;
		} else if (reg == IPRIORITYR) {
			/* As many bits as list registers of the smallest machine hold. */
			irq->priority = byte & 0xf8;
		} else if (b->d->arch.vgic.version == 2) {
			write_targets(b, irq, byte);
		}
	}
}

static void access_config(struct bank *b, struct mmio_access *a, uint32_t off)
{
	unsigned int first = (off - ICFGR) * 4;
	uint64_t value = a->value;

	if (!a->write) {
		a->value = 0;
	}
	for (unsigned int i = 0; i < a->size * 4; i++) {
		struct vgic_irq *irq = irq_at(b, first + i);
		bool level;

		if (!irq) {
			continue;
		}
		if (!a->write) {
			a->value |= (irq->level ? 0ULL : 2ULL) << 2 * i;
			continue;
		}
		level = !(value >> 2 * i & 2);
		if (irq->intid >= VGIC_SGIS && irq->level != level) {
			irq->level = level;
			vgic_update_line(b->d, irq);
			if (irq->line) {
				vgic_requeue(b->d, irq, b->own, &b->kicks);
			}
		}
	}
}

/* -------------------------------------------------------------------------------------------------
 */

bool vgic_bank_access(struct vcpu *own, struct mmio_access *a, uint32_t off, unsigned int lo,
		      unsigned int hi)
{
	struct bank b = {.own = own, .d = own->domain, .lo = lo, .hi = hi};
	bool bytes = off >= IPRIORITYR && off < ICFGR;
	unsigned long flags;

	if (a->size > 4 || (!bytes && a->size != 4)) {
		return false;
	}
	flags = vgic_lock_both(own);
	if (off >= ISPENDR && off < IPRIORITYR && own == current) {
		vgic_fold(own);
	}
	if (off >= ICFGR) {
		access_config(&b, a, off);
	} else if (bytes) {
		access_bytes(&b, a, off < ITARGETSR ? IPRIORITYR : ITARGETSR, off);
	} else {
		access_bits(&b, a, off & ~0x7fu, off);
	}
	vgic_unlock_both(own, flags, &b.kicks);
	return true;
}
