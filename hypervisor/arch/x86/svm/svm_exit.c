/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entering a guest by AMD-V, and what to do when it comes out. APM vol. 2 chapter 15.
 *
 * asid_tag without a lock: whoever takes a translation away writes the p2m entry, then tag 0, then makes the vCPU
 * exit. asid_take replaces the tag by an atomic exchange before VMRUN, so either it comes after the 0 and the new
 * ASID has seen nothing old, or the 0 stays and the forced exit is followed by asid_take.
 */
#include "svm.h"
#include <asm/exit.h>
#include <asm/msr-index.h>
#include <asm/processor.h>
#include <asm/vmm.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/sched.h>

#define CR8_WRITE		BIT(8)
#define INSN_MAX		15
#define VEC_OF			4
#define VEC_AC			17

/* EXITINFO1 of IOIO, APM vol. 2 section 15.10.2. */
#define IOIO_IN			BIT(0)
#define IOIO_STRING		BIT(2)
#define IOIO_REP		BIT(3)
#define IOIO_SIZE(info)		((unsigned int)((info) >> 4) & 7)
#define IOIO_PORT(info)		((uint16_t)((info) >> 16))

/* EXITINFO1 of a nested fault: a page-fault error code. */
#define NPF_PRESENT		BIT(0)
#define NPF_WRITE		BIT(1)
#define NPF_FETCH		BIT(4)

static __noinline void asid_take(struct svm_cpu *c, struct svm_vcpu *s)
{
	struct vmcb *vmcb = s->vmcb;

	if (svm_features.flush_by_asid && s->asid_owner == c->asid_tag) {
		vmcb->tlb_control = TLB_CONTROL_FLUSH_ASID;
	} else {
		if (c->asid_next >= c->asid_count) {
			c->asid_tag++;
			c->asid_next = 1;
			vmcb->tlb_control = TLB_CONTROL_FLUSH_ALL;
		}
		vmcb->asid = c->asid_next++;
		s->asid_owner = c->asid_tag;
		svm_dirty(vmcb, CLEAN_ASID);
	}
	__atomic_exchange_n(&s->asid_tag, c->asid_tag, __ATOMIC_SEQ_CST);
}

/*
 * The guest's CR8 is V_TPR. Lowering it can free an interrupt that the vlapic holds back, so while there may be
 * one, writes exit.
 */
static void tpr_enter(struct vcpu *v, struct vmcb *vmcb)
{
	uint64_t tpr = vlapic_get_tpr(&v->arch.vlapic) >> 4;
	bool watch = tpr && READ_ONCE(v->arch.vlapic.irr_pending) && vlapic_highest_blocked(v) >= 0;

	if (unlikely((vmcb->vintr & VINTR_TPR_MASK) != tpr)) {
		vmcb->vintr = (vmcb->vintr & ~VINTR_TPR_MASK) | tpr;
		svm_dirty(vmcb, CLEAN_TPR);
	}
	if (unlikely(watch != !!(vmcb->intercept_cr_write & CR8_WRITE))) {
		vmcb->intercept_cr_write ^= CR8_WRITE;
		svm_dirty(vmcb, CLEAN_INTERCEPTS);
	}
}

static void cr8_write(struct vcpu *v, uint64_t val)
{
	vlapic_set_tpr(v, (uint8_t)(val << 4));
}

static void tpr_exit(struct vcpu *v, const struct vmcb *vmcb)
{
	uint64_t tpr = vmcb->vintr & VINTR_TPR_MASK;

	if (unlikely(tpr != vlapic_get_tpr(&v->arch.vlapic) >> 4U)) {
		cr8_write(v, tpr);
	}
}

/* The exit came while the CPU delivered an event: it has to be delivered again. */
static __noinline void event_again(struct vcpu *v, uint64_t info)
{
	struct guest_event e = {
		.valid = true,
		.has_error = info & EVENT_ERROR_VALID,
		.vector = (uint8_t)info,
		.type = (info >> EVENT_TYPE_SHIFT) & 7,
		.error = (uint32_t)(info >> 32),
	};

	/* RIP is still at INT n, INT3 or INTO: executing it again raises the event again. */
	if (e.type == EVENT_SOFT_INT ||
	    (e.type == EVENT_EXCEPTION && (e.vector == VEC_BP || e.vector == VEC_OF))) {
		return;
	}
	v->arch.inject = e;
}

/* Up to 15 bytes at RIP; fewer when the next page cannot be read. */
static unsigned int fetch(struct vcpu *v, const struct vmcb *vmcb, uint8_t *untrusted_insn)
{
	uint64_t at = v->arch.regs.rip + (v->arch.in_long_mode_64 ? 0 : vmcb->cs.base);
	unsigned int first = MIN((unsigned int)(PAGE_SIZE - (at & ~PAGE_MASK)), (unsigned int)INSN_MAX);

	if (!v->arch.in_long_mode_64) {
		at = (uint32_t)at;
	}
	if (guest_read(untrusted_insn, gva(at), first)) {
		return 0;
	}
	if (first < INSN_MAX && guest_read(untrusted_insn + first, gva(at + first), INSN_MAX - first)) {
		return first;
	}
	return INSN_MAX;
}

struct cr_write {
	unsigned int cr, len;
	uint64_t val;
};

static uint64_t gpr(struct vcpu *v, unsigned int n)
{
	uint64_t val = (&v->arch.regs.rax)[n];

	return v->arch.in_long_mode_64 ? val : (uint32_t)val;
}

static bool is_prefix(uint8_t b)
{
	switch (b) {
	case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: case 0x66: case 0x67: case 0xf0:
	case 0xf2: case 0xf3:
		return true;
	default:
		return false;
	}
}

/* MOV to CRn, LMSW of a register, CLTS. untrusted_insn has len bytes. */
static bool cr_decode(struct vcpu *v, const uint8_t *untrusted_insn, unsigned int len, struct cr_write *out)
{
	unsigned int i = 0, rex = 0;
	bool lock = false;
	uint8_t op, modrm;

	while (i < len && is_prefix(untrusted_insn[i])) {
		lock |= untrusted_insn[i++] == 0xf0;
	}
	if (v->arch.in_long_mode_64 && i < len && (untrusted_insn[i] & 0xf0) == 0x40) {
		rex = untrusted_insn[i++];
	}
	if (i + 3 > len || untrusted_insn[i] != 0x0f) {
		return false;
	}
	op = untrusted_insn[i + 1];
	modrm = untrusted_insn[i + 2];
	out->len = i + 3;
	switch (op) {
	case 0x22:
		/* LOCK MOV CR0 is CR8: APM vol. 3, MOV CRn */
		out->cr = (modrm >> 3 & 7) | (rex & 4 ? 8 : 0) | (lock ? 8 : 0);
		out->val = gpr(v, (modrm & 7) | (rex & 1 ? 8 : 0));
		return true;
	case 0x01:
		if ((modrm & 0xf8) != 0xf0) {
			return false;
		}
		out->cr = 0;
		out->val = (v->arch.cr0 & ~(CR0_MP | CR0_EM | CR0_TS)) |
			   (gpr(v, (modrm & 7) | (rex & 1 ? 8 : 0)) & 0xf);
		return true;
	case 0x06:
		out->cr = 0;
		out->len = i + 2;
		out->val = v->arch.cr0 & ~CR0_TS;
		return true;
	default:
		return false;
	}
}

static void handle_cr_write(struct vcpu *v, const struct vmcb *vmcb)
{
	struct cr_write w;

	if (svm_features.decode_assists && vmcb->exit_code != EXIT_CR0_SEL && (vmcb->exit_info1 & BIT(63))) {
		w.cr = (unsigned int)(vmcb->exit_code - EXIT_CR_WRITE);
		w.val = gpr(v, vmcb->exit_info1 & 0xf);
		w.len = v->arch.insn_len;
	} else {
		uint8_t untrusted_insn[INSN_MAX];
		unsigned int len = fetch(v, vmcb, untrusted_insn);

		if (!cr_decode(v, untrusted_insn, len, &w)) {
			exit_unhandled(v, vmcb->exit_code, len);
			return;
		}
	}
	if (w.cr == 8) {
		if (w.val & ~0xfUL) {
			inject_gp(v);
			return;
		}
		cr8_write(v, w.val);
	} else if (w.cr == 0 || w.cr == 4) {
		exit_cr_write(v, w.cr, w.val);
	} else {
		/* Only another vCPU that rewrites the code under us gets here: let it run again. */
		return;
	}
	if (!v->arch.inject.valid) {
		exit_skip(v, w.len);
	}
}

static void handle_exception(struct vcpu *v, unsigned int vector)
{
	switch (vector) {
	case VEC_DB:
		/* DR6 and DR7 are already as its handler has to see them. */
		inject_exception(v, VEC_DB, false, 0);
		break;
	case VEC_AC:
		inject_exception(v, VEC_AC, true, 0);
		break;
	default:
		/* The machine's own trouble: our handler reports it as it would without a guest. */
		__asm__ volatile("int %0" : : "i"(VEC_MC) : "memory");
		break;
	}
}

/*
 * IRET ends the blocking of NMIs, but it has yet to run: the shadow keeps the next NMI out for one instruction.
 * (If the IRET itself faults, an NMI may come one instruction early.)
 */
static void handle_iret(struct vcpu *v, struct vmcb *vmcb)
{
	v->arch.nmi_blocked = false;
	v->arch.int_shadow = true;
	vmcb->intercept1 &= (uint32_t)~INTERCEPT1_IRET;
	svm_dirty(vmcb, CLEAN_INTERCEPTS);
}

static void handle_ioio(struct vcpu *v, const struct vmcb *vmcb)
{
	uint64_t info = vmcb->exit_info1;

	exit_io(v, IOIO_PORT(info), IOIO_SIZE(info), info & IOIO_IN, info & IOIO_STRING, info & IOIO_REP,
		vmcb->exit_info2);
}

static void handle_npf(struct vcpu *v, const struct vmcb *vmcb)
{
	uint64_t error = vmcb->exit_info1;
	unsigned int len = svm_features.decode_assists ? MIN(vmcb->insn_len, (uint8_t)INSN_MAX) : 0;

	exit_npf(v, gpa(vmcb->exit_info2), error & NPF_WRITE, error & NPF_FETCH, error & NPF_PRESENT,
		 vmcb->insn, len);
}

static void handle_exit(struct vcpu *v, struct svm_vcpu *s, struct vmcb *vmcb)
{
	uint64_t code = vmcb->exit_code;

	s->exits[MIN(code, (uint64_t)SVM_EXIT_COUNTERS - 1)]++;
	switch (code) {
	case EXIT_INTR:
	case EXIT_NMI:
	case EXIT_SMI:
	case EXIT_INIT:
		break;			/* taken when GIF came back */
	case EXIT_VMMCALL:
		exit_hypercall(v);
		break;
	case EXIT_MSR:
		if (vmcb->exit_info1) {
			exit_wrmsr(v);
		} else {
			exit_rdmsr(v);
		}
		break;
	case EXIT_IOIO:
		handle_ioio(v, vmcb);
		break;
	case EXIT_NPF:
		handle_npf(v, vmcb);
		break;
	case EXIT_CPUID:
		exit_cpuid(v);
		break;
	case EXIT_HLT:
		exit_hlt(v);
		break;
	case EXIT_VINTR:
		svm_window_close(vmcb);
		break;
	case EXIT_IRET:
		handle_iret(v, vmcb);
		break;
	case EXIT_PAUSE:
		exit_skip(v, 2);
		vcpu_yield();
		break;
	case EXIT_CR_WRITE + 4:
	case EXIT_CR_WRITE + 8:
	case EXIT_CR0_SEL:
		handle_cr_write(v, vmcb);
		break;
	case EXIT_DR_READ ... EXIT_DR_READ + 3:
	case EXIT_DR_WRITE ... EXIT_DR_WRITE + 3:
		svm_dr_enable(v);
		break;
	case EXIT_EXCEPTION + VEC_DB:
	case EXIT_EXCEPTION + VEC_AC:
	case EXIT_EXCEPTION + VEC_MC:
		handle_exception(v, (unsigned int)(code - EXIT_EXCEPTION));
		break;
	case EXIT_RDTSC:
		exit_rdtsc(v, false);
		break;
	case EXIT_RDTSCP:
		exit_rdtsc(v, true);
		break;
	case EXIT_XSETBV:
		exit_xsetbv(v);
		break;
	case EXIT_WBINVD:
	case EXIT_INVD:
		exit_wbinvd(v);
		break;
	case EXIT_RDPMC:
		inject_gp(v);
		break;
	case EXIT_VMRUN:
	case EXIT_VMLOAD:
	case EXIT_VMSAVE:
	case EXIT_STGI:
	case EXIT_CLGI:
	case EXIT_SKINIT:
	case EXIT_INVLPGA:
	case EXIT_RSM:
	case EXIT_MONITOR:
	case EXIT_MWAIT:
	case EXIT_MWAIT_ARMED:
	case EXIT_RDPRU:
		inject_ud(v);		/* the policy shows none of these */
		break;
	case EXIT_SHUTDOWN:
		exit_triple_fault(v);
		break;
	case EXIT_TASK_SWITCH:
	case EXIT_FERR_FREEZE:
	default:
		exit_unhandled(v, code, vmcb->exit_info1);
		break;
	}
}

/*
 * QEMU sets its flag for the virtual interrupt of a window beside the one for the machine's interrupts, and takes no lock
 * for it: what another of its threads raises at that moment stands in the APIC, but nobody looks, and a CPU that goes
 * idle then sleeps until the next interrupt. Writing the TPR makes it look.
 */
static __noinline void interrupts_again(void)
{
	write_cr8(0);
}

void svm_run(struct vcpu *v)
{
	struct cpu *c = this_cpu();
	struct svm_cpu *sc = c->arch.vendor;
	struct svm_vcpu *s = svm_of(v);
	struct arch_vcpu *a = &v->arch;
	struct vmcb *vmcb = s->vmcb;
	bool window;

	if (unlikely(READ_ONCE(s->asid_tag) != sc->asid_tag)) {
		asid_take(sc, s);
	}
	tpr_enter(v, vmcb);
	if (unlikely(a->tsc_aux != c->arch.tsc_aux) && svm_features.rdtscp) {
		wrmsr(MSR_TSC_AUX, a->tsc_aux);
		c->arch.tsc_aux = a->tsc_aux;
	}
	vmcb->int_shadow = a->int_shadow;
	vmcb->rax = a->regs.rax;
	vmcb->rsp = a->regs.rsp;
	vmcb->rip = a->regs.rip;
	vmcb->rflags = a->regs.rflags;

	window = vmcb->vintr & VINTR_IRQ;
	svm_enter(s->vmcb_pa, &a->regs, sc->host_pa);
	if (unlikely(window) && svm_features.is_qemu) {
		interrupts_again();
	}

	vmcb->clean = svm_features.clean_bits ? CLEAN_ALL : 0;
	vmcb->tlb_control = TLB_CONTROL_NONE;
	vmcb->event_inject = 0;
	a->regs.rax = vmcb->rax;
	a->regs.rsp = vmcb->rsp;
	a->regs.rip = vmcb->rip;
	a->regs.rflags = vmcb->rflags;
	a->cr0 = vmcb->cr0;
	a->cr2 = vmcb->cr2;
	a->cr3 = vmcb->cr3;
	a->dr6 = vmcb->dr6;
	a->dr7 = vmcb->dr7;
	a->cpl = vmcb->cpl;
	a->in_long_mode_64 = (vmcb->cs.attr & SEG_ATTR_L) && (vmcb->efer & EFER_LMA);
	a->int_shadow = vmcb->int_shadow & VMCB_INT_SHADOW;
	a->insn_len = svm_features.nrip && vmcb->next_rip ? (uint8_t)(vmcb->next_rip - vmcb->rip) : 0;
	a->exit_count++;
	tpr_exit(v, vmcb);
	if (unlikely(vmcb->exit_int_info & EVENT_VALID)) {
		event_again(v, vmcb->exit_int_info);
	}
	handle_exit(v, s, vmcb);
}
