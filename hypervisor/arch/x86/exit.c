/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest's exit means, the same for both vendors (contracts: asm/exit.h). v is current and between exit and
 * entry, so its registers are the handler's. No locks.
 */
#include <hv/boot.h>
#include <asm/cpuid-bits.h>
#include <asm/dom0.h>
#include <asm/exit.h>
#include <asm/io.h>
#include <asm/msr-index.h>
#include <asm/policy.h>
#include <asm/processor.h>
#include <asm/vmm.h>
#include <hv/compat.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/p2m.h>
#include <hv/sched.h>
#include <xen/hvm/params.h>
#include <xen/sched.h>

#define DR6_SINGLE_STEP		BIT(14)

void exit_skip(struct vcpu *v, unsigned int len)
{
	struct arch_vcpu *a = &v->arch;
	uint64_t rip = a->regs.rip + (a->insn_len ? a->insn_len : len);

	a->regs.rip = likely(a->in_long_mode_64) ? rip : (uint32_t)rip;
	a->int_shadow = false;
	a->regs.rflags &= ~RFLAGS_RF;
	if (unlikely(a->regs.rflags & RFLAGS_TF)) {
		a->dr6 |= DR6_SINGLE_STEP;
		vmm->update_cr(v);
		inject_exception(v, VEC_DB, false, 0);
	}
}

/* SDM vol. 3 table 6-4. */
static bool contributory(unsigned int vector)
{
	return vector == 0 || (vector >= VEC_TS && vector <= VEC_GP);
}

void inject_exception(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error)
{
	struct guest_event *e = &v->arch.inject;

	if (unlikely(e->valid && e->type == EVENT_EXCEPTION)) {
		bool both = contributory(e->vector) && contributory(vector);
		bool page = e->vector == VEC_PF && (contributory(vector) || vector == VEC_PF);

		if (e->vector == VEC_DF) {
			e->valid = false;
			exit_triple_fault(v);
			return;
		}
		if (both || page) {
			vector = VEC_DF;
			has_error = true;
			error = 0;
		}
	}
	*e = (struct guest_event){ .valid = true, .has_error = has_error, .vector = vector,
				   .type = EVENT_EXCEPTION, .error = error };
}

void inject_page_fault(struct vcpu *v, uint64_t va, uint32_t error)
{
	v->arch.cr2 = va;
	vmm->update_cr(v);
	inject_exception(v, VEC_PF, true, error);
}

void exit_cpuid(struct vcpu *v)
{
	struct guest_regs *r = &v->arch.regs;
	struct cpuid_regs out;

	if (unlikely(v->arch.misc_features & MISC_FEATURES_CPUID_FAULTING) && v->arch.cpl) {
		inject_gp(v);
		return;
	}
	cpuid_guest(v, (uint32_t)r->rax, (uint32_t)r->rcx, &out);
	r->rax = out.eax;
	r->rbx = out.ebx;
	r->rcx = out.ecx;
	r->rdx = out.edx;
	exit_skip(v, 2);
}

void exit_rdmsr(struct vcpu *v)
{
	struct guest_regs *r = &v->arch.regs;
	uint64_t val;

	if (!msr_guest_read(v, (uint32_t)r->rcx, &val)) {
		inject_gp(v);
		return;
	}
	r->rax = (uint32_t)val;
	r->rdx = val >> 32;
	exit_skip(v, 2);
}

void exit_wrmsr(struct vcpu *v)
{
	const struct guest_regs *r = &v->arch.regs;

	if (!msr_guest_write(v, (uint32_t)r->rcx, (uint32_t)r->rax | (r->rdx << 32))) {
		inject_gp(v);
		return;
	}
	exit_skip(v, 2);
}

void exit_rdtsc(struct vcpu *v, bool rdtscp)
{
	struct guest_regs *r = &v->arch.regs;
	uint64_t tsc;

	if (!msr_guest_read(v, MSR_TSC, &tsc)) {
		inject_gp(v);
		return;
	}
	r->rax = (uint32_t)tsc;
	r->rdx = tsc >> 32;
	if (rdtscp) {
		r->rcx = (uint32_t)v->arch.tsc_aux;
	}
	exit_skip(v, rdtscp ? 3 : 2);
}

/* The caches are only worth flushing for somebody whose devices do not snoop. INVD would lose others' data. */
void exit_wbinvd(struct vcpu *v)
{
	if (v->domain->is_service || v->domain->iommu) {
		__asm__ volatile("wbinvd" : : : "memory");
	}
	exit_skip(v, 2);
}

/* HLT with interrupts off: nothing but an NMI, INIT or another vCPU's VCPUOP_up can bring it back. */
static void halt_for_good(struct vcpu *v)
{
	struct domain *d = v->domain;
	struct vcpu *other;

	v->initialised = true;		/* VCPUOP_up may bring it back */
	vcpu_state_set(v, VCPU_DOWN);
	smp_mb();
	if (READ_ONCE(v->arch.nmi_pending)) {	/* came just now: its sender may not have seen us go */
		vcpu_state_clear(v, VCPU_DOWN);
		return;
	}
	for_each_vcpu(d, other) {
		if (!test_bit(VCPU_DOWN, &other->state)) {
			return;
		}
	}
	domain_shutdown(d, SHUTDOWN_poweroff);
}

void exit_hlt(struct vcpu *v)
{
	exit_skip(v, 1);
	if (likely(v->arch.regs.rflags & RFLAGS_IF)) {
		vcpu_block();		/* which looks for what is pending */
	} else if (!intr_pending(v)) {
		halt_for_good(v);
	}
}

/* Real and virtual-8086 mode cannot call, nor may a program. */
static bool may_call(const struct vcpu *v)
{
	return likely(v->arch.cpl == 0) && likely(v->arch.cr0 & CR0_PE) &&
	       likely(!(v->arch.regs.rflags & RFLAGS_VM));
}

/* Steps aside: the guest executes the instruction again, with the arguments of what is left. */
static void restart_hypercall(struct vcpu *v, bool wide)
{
	struct guest_regs *r = &v->arch.regs;
	const uint64_t *a = v->hypercall_args;

	if (wide) {
		r->rdi = a[0];
		r->rsi = a[1];
		r->rdx = a[2];
		r->r10 = a[3];
		r->r8 = a[4];
		r->r9 = a[5];
	} else {
		r->rbx = (uint32_t)a[0];
		r->rcx = (uint32_t)a[1];
		r->rdx = (uint32_t)a[2];
		r->rsi = (uint32_t)a[3];
		r->rdi = (uint32_t)a[4];
		r->rbp = (uint32_t)a[5];
	}
}

void exit_hypercall(struct vcpu *v)
{
	struct guest_regs *r = &v->arch.regs;
	bool wide = v->arch.in_long_mode_64;
	struct hypercall_args args;
	long rc;

	if (unlikely(!may_call(v))) {
		r->rax = (uint64_t)-EPERM;
		exit_skip(v, 3);
		return;
	}
	if (likely(wide)) {
		args = (struct hypercall_args){ { r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9 } };
		rc = hypercall_dispatch(r->rax, &args);
	} else {
		args = (struct hypercall_args){ { (uint32_t)r->rbx, (uint32_t)r->rcx, (uint32_t)r->rdx,
						  (uint32_t)r->rsi, (uint32_t)r->rdi, (uint32_t)r->rbp } };
		rc = compat_dispatch((uint32_t)r->rax, &args);
	}
	if (unlikely(rc == -ERESTART)) {
		restart_hypercall(v, wide);
		return;
	}
	r->rax = wide ? (uint64_t)rc : (uint32_t)rc;
	exit_skip(v, 3);
}

void exit_xsetbv(struct vcpu *v)
{
	const struct guest_regs *r = &v->arch.regs;
	uint64_t val = (uint32_t)r->rax | (r->rdx << 32);

	if (!(v->arch.cr4 & CR4_OSXSAVE)) {
		inject_ud(v);
		return;
	}
	if (v->arch.cpl || (uint32_t)r->rcx != 0 || !fpu_set_xcr0(v, val)) {
		inject_gp(v);
		return;
	}
	exit_skip(v, 3);
}

static bool cr0_write(struct vcpu *v, uint64_t val)
{
	struct arch_vcpu *a = &v->arch;
	bool paging = val & CR0_PG, was_paging = a->cr0 & CR0_PG;

	if (val >> 32 || (paging && !(val & CR0_PE)) || ((val & CR0_NW) && !(val & CR0_CD))) {
		return false;
	}
	if (paging && !was_paging && (a->efer & EFER_LME)) {
		struct guest_segment cs;

		vmm->get_segment(v, SEG_CS, &cs);
		if (!(a->cr4 & CR4_PAE) || (cs.attr & SEG_ATTR_L)) {
			return false;
		}
		a->efer |= EFER_LMA;
	} else if (!paging && was_paging) {
		if ((a->cr4 & CR4_PCIDE) || a->in_long_mode_64) {
			return false;
		}
		a->efer &= ~EFER_LMA;
	}
	a->cr0 = val | CR0_ET;
	return true;
}

static const struct {
	uint64_t bit;
	unsigned int feature;
} cr4_features[] = {
	{ CR4_UMIP, FEATURE_UMIP }, { CR4_FSGSBASE, FEATURE_FSGSBASE }, { CR4_PCIDE, FEATURE_PCID },
	{ CR4_OSXSAVE, FEATURE_XSAVE }, { CR4_SMEP, FEATURE_SMEP }, { CR4_SMAP, FEATURE_SMAP },
	{ CR4_PKE, FEATURE_PKU },
};

uint64_t vcpu_cr4_valid(const struct vcpu *v)
{
	uint64_t valid = CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_MCE | CR4_PGE |
			 CR4_PCE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	for (unsigned int i = 0; i < ARRAY_SIZE(cr4_features); i++) {
		if (policy_has(v->domain->arch.policy, cr4_features[i].feature)) {
			valid |= cr4_features[i].bit;
		}
	}
	return valid;
}

static bool cr4_write(struct vcpu *v, uint64_t val)
{
	struct arch_vcpu *a = &v->arch;
	uint64_t changed = a->cr4 ^ val;

	/* PGE alone, a kernel's way to flush, needs no look at the policy. */
	if ((changed & ~CR4_PGE) && (val & ~vcpu_cr4_valid(v))) {
		return false;
	}
	if (!(val & CR4_PAE) && (a->efer & EFER_LMA)) {
		return false;
	}
	if ((changed & val & CR4_PCIDE) && (!(a->efer & EFER_LMA) || (a->cr3 & 0xfff))) {
		return false;
	}
	a->cr4 = val;
	return true;
}

void exit_cr_write(struct vcpu *v, unsigned int cr, uint64_t val)
{
	bool ok = cr == 0 ? cr0_write(v, val) : cr == 4 && cr4_write(v, val);

	if (!ok) {
		inject_gp(v);
		return;
	}
	vmm->update_cr(v);
}

void exit_io(struct vcpu *v, uint16_t port, unsigned int size, bool in, bool string, bool rep,
	     uint64_t next_rip)
{
	struct guest_regs *r = &v->arch.regs;
	uint64_t mask = size == 1 ? 0xff : size == 2 ? 0xffff : 0xffffffff;
	uint64_t val = in ? ~0UL : r->rax & mask;

	if (unlikely(string)) {
		/* It sets RIP itself: a REP that has more to do stays. */
		v->arch.insn_len = 0;
		if (emulate_string_io(v, port, size, in, rep, next_rip)) {
			domain_crash(v->domain, "string I/O at port %x cannot be emulated", port);
		}
		return;
	}
	if (!io_port_access(v, port, size, !in, &val)) {
		val = ~0UL;		/* nobody there */
	}
	if (in) {
		/* 32 bits clear the upper half, less leaves the rest as it is. */
		r->rax = size == 4 ? val & mask : (r->rax & ~mask) | (val & mask);
	}
	exit_skip(v, (unsigned int)(next_rip - r->rip));
}

static void npf_emulate(struct vcpu *v, gpa_t addr, bool fetch, const uint8_t *insn, unsigned int len)
{
	v->arch.insn_len = 0;
	if (fetch || emulate_mmio(v, addr, insn, len)) {
		domain_crash(v->domain, "access to %lx cannot be emulated (rip %lx%s)", addr.v,
			     v->arch.regs.rip, fetch ? ", instruction fetch" : "");
	}
}

static void npf_mapped(struct vcpu *v, gpa_t addr, enum p2m_type t, bool write, bool fetch,
		       const uint8_t *insn, unsigned int len)
{
	if (write && t == P2M_RAM_RW) {
		p2m_log_dirty_fault(v->domain, gpa_to_gfn(addr));
	} else if (write && t == P2M_RAM_RO) {
		npf_emulate(v, addr, fetch, insn, len);	/* finds no handler: the write is dropped */
	} else if (write && t == P2M_GRANT_RO) {
		inject_gp(v);
	} else if (fetch && t != P2M_RAM_RW && t != P2M_RAM_RO) {
		domain_crash(v->domain, "executes what is not its own memory: %lx", addr.v);
	}
	/* Else the entry has changed since: again. */
}

void exit_npf(struct vcpu *v, gpa_t addr, bool write, bool fetch, bool present,
	      const uint8_t *insn, unsigned int insn_len)
{
	struct domain *d = v->domain;
	enum p2m_type t;

	if (vlapic_owns(v, addr.v)) {
		npf_emulate(v, addr, fetch, insn, insn_len);
		return;
	}
	(void)p2m_lookup(d, gpa_to_gfn(addr), &t, NULL);
	if (t == P2M_POD) {
		p2m_pod_fault(d, gpa_to_gfn(addr));
		return;
	}
	if (t != P2M_INVALID) {
		npf_mapped(v, addr, t, write, fetch, insn, insn_len);
		return;
	}
	if (!io_mmio_registered(d, addr) && d->is_service && dom0_map_on_demand(d, gpa_to_gfn(addr).v)) {
		return;
	}
	/* Without a handler: reads are all ones, writes are dropped. */
	npf_emulate(v, addr, fetch, insn, insn_len);
}

void exit_triple_fault(struct vcpu *v)
{
	struct domain *d = v->domain;

	glog_warn("d%uv%u: triple fault\n", d->id, v->id);
	vmm->dump(v);
	domain_shutdown(d, (int)d->arch.params[HVM_PARAM_TRIPLE_FAULT_REASON]);
}

void exit_unhandled(struct vcpu *v, uint64_t reason, uint64_t info)
{
	domain_crash(v->domain, "exit %lx (%lx) that nobody handles", reason, info);
}
