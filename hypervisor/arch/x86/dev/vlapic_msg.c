// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interrupt messages: who a destination means, and what a message does to its target. Intel SDM
 * vol. 3, 10.6, 10.12.10. Any context but where it says so; takes ipi_lock (see asm/vlapic.h) for
 * SIPI only.
 *
 * APIC ids are 2 * vCPU id in both modes and read-only, so a physical destination is an index.
 */
#include <hv/domain.h>
#include <hv/log.h>
#include <hv/sched.h>
#include <asm/exit.h>
#include <asm/msr-index.h>
#include "vlapic_regs.h"

#define BROADCAST_XAPIC	 0xffU
#define BROADCAST_X2APIC 0xffffffffU

/* INIT: the target resets itself before it runs again. One that is down waits for SIPI already. */
static void deliver_init(struct vcpu *v)
{
	if (test_bit(VCPU_DOWN, &v->state)) {
		return;
	}
	__atomic_store_n(&v->arch.vlapic.sipi, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&v->arch.vlapic.init_pending, true, __ATOMIC_SEQ_CST);
	vcpu_kick(v);
}

/* Only a vCPU that waits for it takes a SIPI; the lock lets one of several senders win. */
static void deliver_sipi(struct vcpu *v, uint8_t vector)
{
	struct vlapic *l = &v->arch.vlapic;
	unsigned long flags = spin_lock_irq(&l->ipi_lock);

	if (READ_ONCE(l->init_pending) || test_bit(VCPU_DOWN, &v->state)) {
		__atomic_store_n(&l->sipi, VLAPIC_SIPI_PENDING | vector, __ATOMIC_SEQ_CST);
		smp_mb();
		/* Otherwise its INIT is still to be handled, and finds the SIPI after that. */
		if (test_bit(VCPU_DOWN, &v->state)) {
			vcpu_state_clear(v, VCPU_DOWN);
		}
	}
	spin_unlock_irq(&l->ipi_lock, flags);
}

/*
 * NMI: as on real Xen it brings back a vCPU that went down by HLT with interrupts off. Who waits for
 * SIPI takes none. halt_for_good sets DOWN and then looks for an NMI, we do it in the other order.
 */
static void deliver_nmi(struct vcpu *v)
{
	if (test_bit(VCPU_DOWN, &v->state) && !READ_ONCE(v->initialised)) {
		return;
	}
	vcpu_raise_nmi(v);
	smp_mb();
	if (test_bit(VCPU_DOWN, &v->state) && READ_ONCE(v->initialised)) {
		vcpu_state_clear(v, VCPU_DOWN);
	}
}

static void deliver(struct vcpu *v, unsigned int mode, uint8_t vector, bool level)
{
	switch (mode) {
	case VLAPIC_FIXED:
	case VLAPIC_LOWEST:
		if (likely(v->arch.vlapic.enabled)) {
			vlapic_set_irq(v, vector, level);
		}
		break;
	case VLAPIC_NMI:
		deliver_nmi(v);
		break;
	case VLAPIC_INIT:
		deliver_init(v);
		break;
	case VLAPIC_SIPI:
		deliver_sipi(v, vector);
		break;
	default:
		glog_debug("d%u v%u: interrupt message of delivery mode %u ignored\n",
			   v->domain->id, v->id, mode);
		break;
	}
}

/* 10.6.2.2: the 8-bit logical id in the flat or the cluster model. */
static bool xapic_logical_match(const struct vlapic *l, uint32_t dest)
{
	uint32_t id = READ_ONCE(*vlapic_reg(l, VLAPIC_REG_LDR)) >> 24;
	uint32_t model = READ_ONCE(*vlapic_reg(l, VLAPIC_REG_DFR)) >> 28;

	dest &= 0xff;
	if (model == 0xf) {
		return id & dest;
	}
	return model == 0 && ((id ^ dest) & 0xf0) == 0 && (id & dest & 0xf);
}

static bool matches(const struct vlapic *l, uint32_t dest, bool logical)
{
	bool x2apic = vlapic_is_x2apic(l);

	if (!(READ_ONCE(l->base_msr) & APIC_BASE_ENABLE)) {
		return false;
	}
	if (dest == BROADCAST_X2APIC || (!x2apic && dest == BROADCAST_XAPIC)) {
		return true;
	}
	if (!logical) {
		return dest == (x2apic ? l->id : l->id & 0xff);
	}
	if (x2apic) {
		uint32_t ldr = READ_ONCE(*vlapic_reg(l, VLAPIC_REG_LDR));

		return (ldr >> 16) == (dest >> 16) && (uint16_t)(ldr & dest);
	}
	return xapic_logical_match(l, dest);
}

/*
 * Lowest priority: the enabled target with the lowest PPR. Equals are told apart by starting the
 * search at a place that depends on the vector, so that different interrupts spread over idle
 * vCPUs.
 */
static void deliver_lowest(struct domain *d, uint32_t dest, bool logical, uint8_t vector,
			   bool level)
{
	struct vcpu *best = NULL;
	unsigned int i;

	for (i = 0; i < d->max_vcpus; i++) {
		struct vcpu *v = d->vcpu[(i + vector) % d->max_vcpus];

		if (v && v->arch.vlapic.enabled && matches(&v->arch.vlapic, dest, logical) &&
		    (!best || vlapic_ppr(&v->arch.vlapic) < vlapic_ppr(&best->arch.vlapic))) {
			best = v;
		}
	}
	if (best) {
		vlapic_set_irq(best, vector, level);
	}
}

/* The one vCPU that a physical id names; NULL: none, or a broadcast. */
static inline struct vcpu *by_physical_id(struct domain *d, uint32_t dest)
{
	struct vcpu *v = !(dest & 1) && dest / 2 < d->max_vcpus ? d->vcpu[dest / 2] : NULL;

	return v && (READ_ONCE(v->arch.vlapic.base_msr) & APIC_BASE_ENABLE) ? v : NULL;
}

void vlapic_message(struct domain *d, uint32_t dest, bool logical, unsigned int delivery_mode,
		    uint8_t vector, bool level)
{
	struct vcpu *v;

	if (likely(!logical)) {
		v = by_physical_id(d, dest);
		if (likely(v)) {
			deliver(v, delivery_mode, vector, level);
			return;
		}
		if (dest != BROADCAST_XAPIC && dest != BROADCAST_X2APIC) {
			return;
		}
	}
	if (delivery_mode == VLAPIC_LOWEST) {
		deliver_lowest(d, dest, logical, vector, level);
		return;
	}
	for_each_vcpu(d, v)
	{
		if (matches(&v->arch.vlapic, dest, logical)) {
			deliver(v, delivery_mode, vector, level);
		}
	}
}

void vlapic_msi(struct domain *d, uint64_t addr, uint32_t data)
{
	/* 10.11.1; bits 11:5 extend the destination to 15 bits. */
	uint32_t dest = ((addr >> 12) & 0xff) | (((addr >> 5) & 0x7f) << 8);

	if ((addr & 0xffffffff00000000UL) || (addr & 0xfff00000) != VLAPIC_DEFAULT_BASE) {
		glog_debug("d%u: MSI to %#lx is no interrupt\n", d->id, (unsigned long)addr);
		return;
	}
	vlapic_message(d, dest, addr & BIT(2), (data >> 8) & 7, (uint8_t)data, data & BIT(15));
}

enum shorthand { TO_DEST, TO_SELF, TO_ALL, TO_OTHERS };

void vlapic_send_ipi(struct vcpu *v, uint32_t icr_lo, uint32_t dest)
{
	struct domain *d = v->domain;
	unsigned int mode = (icr_lo >> 8) & 7, to = VLAPIC_ICR_SHORTHAND(icr_lo);
	uint8_t vector = (uint8_t)icr_lo;
	struct vcpu *t;

	/* 10.6.1: the de-assert of INIT, for old CPUs only. */
	if (mode == VLAPIC_INIT &&
	    (icr_lo & (VLAPIC_ICR_LEVEL | VLAPIC_ICR_ASSERT)) == VLAPIC_ICR_LEVEL) {
		return;
	}
	if (to == TO_DEST) {
		vlapic_message(d, dest, icr_lo & VLAPIC_ICR_LOGICAL, mode, vector, false);
		return;
	}
	if (to == TO_SELF) {
		deliver(v, mode, vector, false);
		return;
	}
	for_each_vcpu(d, t)
	{
		if (t != v || to == TO_ALL) {
			deliver(t, mode, vector, false);
		}
	}
}
