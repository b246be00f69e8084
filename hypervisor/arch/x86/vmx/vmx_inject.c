/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events into the guest, windows for those that it cannot take yet, and events that an exit interrupted. Intel SDM
 * vol. 3 sections 24.8.3, 26.6, 27.2.
 */
#include "vmx.h"
#include <asm/exit.h>
#include <asm/processor.h>
#include <asm/vmm.h>
#include <hv/lib.h>

#define VEC_OF		4
#define VEC_AC		17
#define DR6_HITS	0xfUL
#define DR6_FROM_EXIT	0x600fUL	/* B0-3, BD, BS */
#define DR7_GD		BIT(13)

void vmx_inject(struct vcpu *v, const struct guest_event *e)
{
	unsigned long flags = vmcs_begin(v);
	bool error = e->has_error && (v->arch.cr0 & CR0_PE);	/* real mode knows none */
	uint32_t info = (uint32_t)INTR_VALID | e->vector | (uint32_t)e->type << INTR_TYPE_SHIFT;

	if (error) {
		vmcs_write(VMCS_ENTRY_ERROR, e->error & 0xffff);
		info |= (uint32_t)INTR_ERROR_VALID;
	}
	if (e->type == EVENT_NMI) {
		/* The CPU blocks the next one itself; entry wants it unblocked before. */
		v->arch.nmi_blocked = false;
	}
	vmcs_write(VMCS_ENTRY_INTR_INFO, info);
	vmx_of(v)->injecting = true;
	vmcs_end(flags);
}

bool vmx_can_inject_intr(struct vcpu *v)
{
	return (v->arch.regs.rflags & RFLAGS_IF) && !v->arch.int_shadow && !vmx_of(v)->injecting;
}

bool vmx_can_inject_nmi(struct vcpu *v)
{
	return !v->arch.nmi_blocked && !v->arch.int_shadow && !vmx_of(v)->injecting;
}

void vmx_request_window(struct vcpu *v, bool nmi)
{
	unsigned long flags = vmcs_begin(v);

	vmcs_write_proc(v, vmx_of(v)->proc | (uint32_t)(nmi ? PROC_NMI_WINDOW : PROC_INTR_WINDOW));
	vmcs_end(flags);
}

void vmx_event_again(struct vcpu *v, uint32_t info)
{
	struct guest_event e = {
		.valid = true,
		.has_error = info & INTR_ERROR_VALID,
		.vector = INTR_VECTOR(info),
		.type = (uint8_t)INTR_TYPE(info),
	};

	switch (INTR_TYPE(info)) {
	case INTR_SOFT_INT:
	case INTR_PRIV_SOFT:
	case INTR_SOFT_EXCEPTION:
		/* RIP is still at the instruction that raised it: executing it again raises it again. */
		return;
	case INTR_NMI:
		v->arch.nmi_blocked = false;
		break;
	default:
		break;
	}
	if (e.has_error) {
		e.error = (uint32_t)vmcs_read(VMCS_IDT_VECTORING_ERROR);
	}
	v->arch.inject = e;
}

/* DR6 and DR7 as the CPU would have made them, had the exception not made an exit instead. */
static void debug_exception(struct vcpu *v, uint32_t info)
{
	struct arch_vcpu *a = &v->arch;

	vmx_sync_cr(v);
	a->dr6 = (a->dr6 & ~DR6_HITS) | (vmx_of(v)->qualification & DR6_FROM_EXIT);
	a->dr7 &= ~DR7_GD;
	vmx_update_cr(v);
	if (INTR_TYPE(info) == INTR_PRIV_SOFT) {
		a->regs.rip += vmcs_read(VMCS_EXIT_INSN_LEN);	/* INT1 is a trap */
	}
	inject_exception(v, VEC_DB, false, 0);
}

void vmx_handle_exception(struct vcpu *v)
{
	uint32_t info = (uint32_t)vmcs_read(VMCS_EXIT_INTR_INFO);

	if (INTR_TYPE(info) == INTR_NMI) {
		/* Exits by NMI leave NMIs blocked; the IRET of our handler ends that. */
		__asm__ volatile("int $2" : : : "memory");
		return;
	}
	if ((info & INTR_NMI_UNBLOCKED) && INTR_VECTOR(info) != VEC_DF &&
	    !(vmcs_read(VMCS_IDT_VECTORING) & INTR_VALID)) {
		v->arch.nmi_blocked = true;	/* the IRET will be executed again */
	}
	switch (INTR_VECTOR(info)) {
	case VEC_DB:
		debug_exception(v, info);
		break;
	case VEC_AC:
		inject_exception(v, VEC_AC, true, 0);
		break;
	case VEC_MC:
		/* The machine's own trouble: our handler reports it as it would without a guest. */
		__asm__ volatile("int %0" : : "i"(VEC_MC) : "memory");
		break;
	default:
		exit_unhandled(v, EXIT_EXCEPTION_NMI, info);
		break;
	}
}
