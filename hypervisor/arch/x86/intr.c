// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What goes into the guest at the next entry. Order: an exception or interrupted event that is
 * queued already, NMI, the event-channel callback vector, the virtual LAPIC. Takes no lock itself.
 *
 * As in the ABI's reference, evtchn_upcall_mask does not matter for HVM domains: RFLAGS.IF masks
 * upcalls.
 */
#include <hv/domain.h>
#include <hv/sched.h>
#include <asm/exit.h>
#include <asm/processor.h>
#include <asm/vioapic.h>
#include <asm/vmm.h>

/* An upcall by the domain-wide callback vector is due. A vCPU with an own upcall vector gets it as
 * a LAPIC interrupt instead. */
static inline bool upcall_by_vector(const struct vcpu *v)
{
	return v->domain->arch.callback_type == CALLBACK_VECTOR && !v->arch.evtchn_upcall_vector &&
	       READ_ONCE(v->info->evtchn_upcall_pending);
}

static inline bool callback_is_line(const struct vcpu *v)
{
	uint8_t type = v->domain->arch.callback_type;

	/* With an own upcall vector the line stays quiet: Linux then sets GSI 1 as a mere sign. */
	return unlikely(type == CALLBACK_GSI || type == CALLBACK_INTX) &&
	       !v->arch.evtchn_upcall_vector;
}

/* callback_gsi of CALLBACK_INTX: device << 2 | pin, swizzled as the virtual PCI bus does. */
static unsigned int callback_gsi(const struct domain *d)
{
	unsigned int dev, pin;

	if (d->arch.callback_type == CALLBACK_GSI) {
		return d->arch.callback_gsi;
	}
	dev = (d->arch.callback_gsi >> 2) & 31;
	pin = d->arch.callback_gsi & 3;
	return 16 + ((dev * 4 + dev / 8 + pin) & 31);
}

/* The callback as an interrupt line follows vCPU 0's upcall flag, seen at its entries. */
static void update_callback_line(struct vcpu *v)
{
	struct domain *d = v->domain;
	bool asserted = READ_ONCE(v->info->evtchn_upcall_pending);

	if (v->id != 0 || asserted == v->arch.upcall_asserted) {
		return;
	}
	v->arch.upcall_asserted = asserted;
	if (d->arch.vioapic) {
		vioapic_set_irq(d, callback_gsi(d), asserted);
	}
}

static void inject_vector(struct vcpu *v, uint8_t vector, enum event_type type)
{
	struct guest_event e = {.valid = true, .vector = vector, .type = type};

	vmm->inject(v, &e);
}

static bool interrupt_due(struct vcpu *v)
{
	return upcall_by_vector(v) || vlapic_highest_pending(v) >= 0;
}

/* The LAPIC's interrupt that has to be injected, or -1: a CPU that delivers by itself needs none of that. */
static int lapic_to_inject(struct vcpu *v)
{
	return v->arch.vlapic.cpu_delivers ? -1 : vlapic_highest_pending(v);
}

/* NMI first; true when something went in. */
static bool inject_nmi(struct vcpu *v)
{
	if (!vmm->can_inject_nmi(v)) {
		vmm->request_window(v, true);
		return false;
	}
	__atomic_store_n(&v->arch.nmi_pending, false, __ATOMIC_SEQ_CST);
	inject_vector(v, 2, EVENT_NMI);
	return true;
}

/* An external interrupt is due. */
static void inject_interrupt(struct vcpu *v)
{
	int vector;

	if (!vmm->can_inject_intr(v)) {
		vmm->request_window(v, false);
		return;
	}
	if (upcall_by_vector(v)) {
		inject_vector(v, v->domain->arch.callback_vector, EVENT_INTR);
	} else {
		vector = lapic_to_inject(v);
		if (vector < 0) {
			return;
		}
		vlapic_accept(v, (uint8_t)vector);
		inject_vector(v, (uint8_t)vector, EVENT_INTR);
	}
	/* The callback leaves the LAPIC as it is, so what waits there comes as soon as the guest
	 * can take it. */
	if (lapic_to_inject(v) >= 0) {
		vmm->request_window(v, false);
	}
}

static __noinline bool choose(struct vcpu *v)
{
	struct arch_vcpu *a = &v->arch;
	bool busy = false;

	if (unlikely(vlapic_init_or_sipi_pending(&a->vlapic)) && !vlapic_handle_init(v)) {
		return false;
	}
	if (callback_is_line(v)) {
		update_callback_line(v);
	}
	if (unlikely(a->inject.valid)) {
		vmm->inject(v, &a->inject);
		a->inject.valid = false;
		busy = true;
	}
	if (unlikely(READ_ONCE(a->nmi_pending))) {
		if (busy) {
			vmm->request_window(v, true);
		} else {
			busy = inject_nmi(v);
		}
	}
	if (upcall_by_vector(v) || lapic_to_inject(v) >= 0) {
		if (busy) {
			vmm->request_window(v, false);
		} else {
			inject_interrupt(v);
		}
	}
	return true;
}

bool intr_assist(struct vcpu *v)
{
	const struct arch_vcpu *a = &v->arch;

	/* All that could make this entry differ from a plain one. */
	if (likely(!(a->inject.valid | READ_ONCE(a->nmi_pending) |
		     READ_ONCE(a->vlapic.irr_pending) | READ_ONCE(a->vlapic.init_pending) |
		     a->upcall_asserted | READ_ONCE(v->info->evtchn_upcall_pending))) &&
	    likely(!READ_ONCE(a->vlapic.sipi))) {
		return true;
	}
	return choose(v);
}

bool intr_pending(struct vcpu *v)
{
	struct arch_vcpu *a = &v->arch;

	if (a->inject.valid || vlapic_init_or_sipi_pending(&a->vlapic)) {
		return true;
	}
	if (READ_ONCE(a->nmi_pending) && !a->nmi_blocked) {
		return true;
	}
	if (!(a->regs.rflags & RFLAGS_IF)) {
		return false;
	}
	/* A callback by line shows in the LAPIC only after the entry's update: let it come to that.
	 */
	if (callback_is_line(v) && v->id == 0 &&
	    READ_ONCE(v->info->evtchn_upcall_pending) != a->upcall_asserted) {
		return true;
	}
	return interrupt_due(v);
}

void vcpu_raise_nmi(struct vcpu *v)
{
	__atomic_store_n(&v->arch.nmi_pending, true, __ATOMIC_SEQ_CST);
	vcpu_kick(v);
}
