/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entering a guest by VT-x, and what to do when it comes out. Intel SDM vol. 3 ch. 25 to 27.
 */
#include "vmx.h"
#include <asm/exit.h>
#include <asm/irq.h>
#include <asm/msr-index.h>
#include <asm/processor.h>
#include <asm/speculation.h>
#include <asm/time.h>
#include <asm/vmm.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/sched.h>

#define FLUSH_CMD_L1D	BIT(0)

/* Qualification of an I/O exit, SDM vol. 3 table 27-5. */
#define IO_SIZE(q)	(((unsigned int)(q) & 7) + 1)
#define IO_IN		BIT(3)
#define IO_STRING	BIT(4)
#define IO_REP		BIT(5)
#define IO_PORT(q)	((uint16_t)((q) >> 16))

/*
 * The CPU's next deadline is in the preemption timer. Exits save what is left of it, so an entry with the same deadline
 * has nothing to do; but it counts only while the guest runs, and what the hypervisor takes in between makes it late.
 * So the difference to the TSC is taken anew now and then: of TIMER_RECKON_EXITS short exits, a few microseconds.
 */
#define TIMER_RECKON_EXITS	16
/*
 * No guest runs longer than this without an exit. An interrupt should end it at any time, and on hardware does; a CPU
 * emulator was seen to hold interrupts back from a guest that was entered with RFLAGS.IF clear (Bochs 2.7), and then a
 * call to that CPU waits for ever if the guest waits for the caller. 250 exits a second cost nothing that matters.
 */
#define TIMER_LONGEST_MS	4

static __noinline void timer_load(struct vmx_vcpu *s, uint64_t deadline)
{
	uint64_t now = rdtsc(), left = (uint64_t)tsc_khz * TIMER_LONGEST_MS;

	if (deadline != DEADLINE_NONE) {
		left = deadline > now ? MIN(left, deadline - now) : 0;
	}
	vmcs_write(VMCS_PREEMPTION_TIMER, left ? (left >> VMX_MISC_TIMER_SHIFT(vmx_caps.misc)) + 1 : 0);
	s->deadline = deadline;
}

static void timer_enter(const struct vcpu *v, struct vmx_vcpu *s)
{
	uint64_t deadline = this_cpu()->arch.deadline;

	if (unlikely(deadline != s->deadline) ||
	    unlikely(deadline != DEADLINE_NONE && v->arch.exit_count % TIMER_RECKON_EXITS == 0)) {
		timer_load(s, deadline);
	}
}

/* Whatever it was, timer_run_expired sets the next deadline. */
static void handle_timer(struct vmx_vcpu *s)
{
	s->deadline = 0;
	this_cpu()->arch.deadline = DEADLINE_NONE;
	timer_interrupt();
}

/* What arch_vcpu says and the VMCS does not yet. */
static void state_enter(struct vcpu *v, struct vmx_vcpu *s)
{
	struct arch_vcpu *a = &v->arch;
	struct cpu *c = this_cpu();
	uint32_t blocking = (a->nmi_blocked ? (uint32_t)INTERRUPTIBILITY_NMI : 0) |
			    (a->int_shadow ? s->shadow : 0U);

	if (unlikely(blocking != s->interruptibility)) {
		s->interruptibility = blocking;
		vmcs_write(VMCS_INTERRUPTIBILITY, blocking);
	}
	if (a->regs.rip != s->rip) {
		vmcs_write(VMCS_GUEST_RIP, a->regs.rip);
	}
	if (unlikely(a->regs.rsp != s->rsp)) {
		vmcs_write(VMCS_GUEST_RSP, a->regs.rsp);
	}
	if (unlikely(a->regs.rflags != s->rflags)) {
		vmcs_write(VMCS_GUEST_RFLAGS, a->regs.rflags);
	}
	if (unlikely(a->cr2 != read_cr2())) {
		write_cr2(a->cr2);
	}
	if (unlikely(a->tsc_aux != c->arch.tsc_aux) && vmx_has2(PROC2_RDTSCP)) {
		wrmsr(MSR_TSC_AUX, a->tsc_aux);
		c->arch.tsc_aux = a->tsc_aux;
	}
}

static void state_exit(struct vcpu *v, struct vmx_vcpu *s)
{
	struct arch_vcpu *a = &v->arch;
	uint32_t blocking = (uint32_t)vmcs_read(VMCS_INTERRUPTIBILITY);

	s->interruptibility = blocking;
	s->shadow = blocking & (INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS);
	a->int_shadow = s->shadow;
	a->nmi_blocked = blocking & INTERRUPTIBILITY_NMI;
	a->regs.rip = s->rip = vmcs_read(VMCS_GUEST_RIP);
	a->regs.rsp = s->rsp = vmcs_read(VMCS_GUEST_RSP);
	a->regs.rflags = s->rflags = vmcs_read(VMCS_GUEST_RFLAGS);
	a->cr0 = (a->cr0 & ~CR0_TS) | (vmcs_read(VMCS_GUEST_CR0) & CR0_TS);
	a->cr2 = read_cr2();
	a->cr3 = vmcs_read(VMCS_GUEST_CR3);
	a->cr4 = (a->cr4 & ~CR4_PGE) | (vmcs_read(VMCS_GUEST_CR4) & CR4_PGE);
	a->cpl = SEG_ATTR_DPL(vmcs_read(VMCS_GUEST_SS_AR));
	a->in_long_mode_64 = (a->efer & EFER_LMA) && (vmcs_read(VMCS_GUEST_CS_AR) & AR_L);
	a->insn_len = (uint8_t)vmcs_read(VMCS_EXIT_INSN_LEN);
	a->exit_count++;
}

static void handle_io(struct vcpu *v, uint64_t q)
{
	exit_io(v, IO_PORT(q), IO_SIZE(q), q & IO_IN, q & IO_STRING, q & IO_REP,
		v->arch.regs.rip + v->arch.insn_len);
}

static void nmi_unblocked(struct vcpu *v, uint64_t q)
{
	if ((q & EPT_NMI_UNBLOCKED) && !(vmcs_read(VMCS_IDT_VECTORING) & INTR_VALID)) {
		v->arch.nmi_blocked = true;	/* the IRET will be executed again */
	}
}

static void handle_ept_violation(struct vcpu *v, uint64_t q)
{
	gpa_t addr = gpa(vmcs_read(VMCS_GUEST_PHYS));

	nmi_unblocked(v, q);
	if (unlikely(vlapic_owns(v, addr.v)) && vmx_apic_map(v)) {
		return;
	}
	v->arch.insn_len = 0;
	exit_npf(v, addr, q & EPT_WRITE, q & EPT_FETCH, q & EPT_RIGHTS, NULL, 0);
}

static void handle_window(struct vcpu *v, uint64_t control)
{
	vmcs_write_proc(v, vmx_of(v)->proc & (uint32_t)~control);
}

/* Which the policy shows to nobody, so they do not exist. */
static bool is_hidden(uint64_t reason)
{
	switch (reason) {
	case EXIT_GETSEC:
	case EXIT_RSM:
	case EXIT_VMCLEAR ... EXIT_VMXON:
	case EXIT_MWAIT:
	case EXIT_MONITOR:
	case EXIT_INVEPT:
	case EXIT_INVVPID:
	case EXIT_VMFUNC:
	case EXIT_ENCLS:
		return true;
	default:
		return false;
	}
}

static void handle_rare(struct vcpu *v, struct vmx_vcpu *s)
{
	switch (s->reason) {
	case EXIT_TRIPLE_FAULT:
		exit_triple_fault(v);
		break;
	case EXIT_DR:
		vmx_dr_enable(v);
		break;
	case EXIT_PML_FULL:
		nmi_unblocked(v, s->qualification);
		vmx_pml_full(v);
		break;
	case EXIT_RDPMC:
		inject_gp(v);
		break;
	case EXIT_RDTSC:
		exit_rdtsc(v, false);
		break;
	case EXIT_RDTSCP:
		exit_rdtsc(v, true);
		break;
	case EXIT_INVD:
	case EXIT_WBINVD:
		exit_wbinvd(v);
		break;
	case EXIT_XSETBV:
		exit_xsetbv(v);
		break;
	case EXIT_PAUSE:
		exit_skip(v, 2);
		vcpu_yield();
		break;
	default:
		if (is_hidden(s->reason)) {
			inject_ud(v);
		} else {
			exit_unhandled(v, s->reason, s->qualification);
		}
		break;
	}
}

static void handle_exit(struct vcpu *v, struct vmx_vcpu *s)
{
	switch (s->reason) {
	case EXIT_EXTINT:		/* done before interrupts were on */
	case EXIT_INIT:
	case EXIT_SIPI:
	case EXIT_TPR_BELOW:		/* the next entry looks for what it freed */
		break;
	case EXIT_TIMER:
		handle_timer(s);
		break;
	case EXIT_EXCEPTION_NMI:
		vmx_handle_exception(v);
		break;
	case EXIT_VMCALL:
		exit_hypercall(v);
		break;
	case EXIT_WRMSR:
		exit_wrmsr(v);
		break;
	case EXIT_RDMSR:
		exit_rdmsr(v);
		break;
	case EXIT_IO:
		handle_io(v, s->qualification);
		break;
	case EXIT_EPT_VIOLATION:
		handle_ept_violation(v, s->qualification);
		break;
	case EXIT_CPUID:
		exit_cpuid(v);
		break;
	case EXIT_HLT:
		exit_hlt(v);
		break;
	case EXIT_INTR_WINDOW:
		handle_window(v, PROC_INTR_WINDOW);
		break;
	case EXIT_NMI_WINDOW:
		handle_window(v, PROC_NMI_WINDOW);
		break;
	case EXIT_CR:
		vmx_handle_cr(v);
		break;
	case EXIT_APIC_ACCESS:
		vmx_handle_apic_access(v, s->qualification);
		break;
	case EXIT_VIRTUAL_EOI:
		vmx_handle_virtual_eoi(v, s->qualification);
		break;
	case EXIT_APIC_WRITE:
		vmx_handle_apic_write(v, s->qualification);
		break;
	default:
		handle_rare(v, s);
		break;
	}
}

/* The CPU did not even try: a field that it wants otherwise. */
static void refused(struct vcpu *v)
{
	uint64_t error = vmcs_read(VMCS_INSN_ERROR);

	vmx_dump(v);
	domain_crash(v->domain, "VM entry: instruction error %lu (SDM vol. 3 table 30-1)", error);
}

static unsigned long entry_flags(const struct vmx_vcpu *s)
{
	return (s->launched ? VMX_LAUNCHED : 0) |
	       (unlikely(speculation.verw) && !speculation.flush_l1d ? VMX_VERW : 0);
}

void vmx_run(struct vcpu *v)
{
	struct vmx_vcpu *s = vmx_of(v);
	uint32_t vectoring, reason;

	(void)vmcs_begin(v);		/* interrupts are off anyway */
	vmx_tlb_enter(v);
	vmx_apic_enter(v, s);
	state_enter(v, s);
	timer_enter(v, s);
	if (unlikely(speculation.flush_l1d)) {
		wrmsr(MSR_FLUSH_CMD, FLUSH_CMD_L1D);
	}
	if (unlikely(!vmx_enter(&v->arch.regs, entry_flags(s)))) {
		irq_enable();
		refused(v);
		return;
	}
	s->launched = true;
	s->injecting = false;
	reason = (uint32_t)vmcs_read(VMCS_EXIT_REASON);
	s->reason = reason & 0xffff;
	s->qualification = vmcs_read(VMCS_QUALIFICATION);
	s->exits[MIN(s->reason, (uint64_t)EXIT_REASONS)]++;
	state_exit(v, s);
	vmx_apic_exit(v, s);
	vectoring = (uint32_t)vmcs_read(VMCS_IDT_VECTORING);
	if (unlikely(vectoring & INTR_VALID)) {
		vmx_event_again(v, vectoring);
	}
	if (unlikely(s->reason == EXIT_EXCEPTION_NMI)) {
		/* Before any other IRET would let the next NMI in. */
		handle_exit(v, s);
		irq_enable();
		return;
	}
	if (s->reason == EXIT_EXTINT) {
		/* The exit has acknowledged it: nothing else of its priority comes before its EOI. */
		interrupt_dispatch(INTR_VECTOR(vmcs_read(VMCS_EXIT_INTR_INFO)));
	}
	irq_enable();
	if (unlikely(reason & EXIT_REASON_ENTRY_FAILED)) {
		vmx_report_entry_failure(v, s->reason);
		return;
	}
	handle_exit(v, s);
}
