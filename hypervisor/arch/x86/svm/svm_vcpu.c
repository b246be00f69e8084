/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VMCB of a vCPU: what the shared code reads and changes of it through asm/vmm.h.
 *
 * No locks: a VMCB belongs to the vCPU, so to whoever runs it or has stopped it. asid_tag alone is written by
 * others (svm_flush_p2m), see svm_exit.c.
 */
#include "svm.h"
#include <asm/guest_tsc.h>
#include <asm/exit.h>
#include <asm/msr-index.h>
#include <asm/processor.h>
#include <asm/vmm.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/p2m.h>
#include <hv/page.h>

#define PAUSE_COUNT		3000
#define PAUSE_THRESHOLD		128
#define DR_ADDRESSES		0x000f		/* intercepts of DR0 to DR3 */

#define CR4_TLB_BITS	(CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_PKE)

static void set_intercepts(struct vmcb *vmcb)
{
	vmcb->intercept_cr_write = BIT(4);
	vmcb->intercept_dr_read = DR_ADDRESSES;
	vmcb->intercept_dr_write = DR_ADDRESSES;
	/*
	 * #DB and #AC: delivering one may raise it again for ever inside the CPU (CVE-2015-8104, -5307); with
	 * an exit each time the hypervisor's interrupts get through.
	 */
	vmcb->intercept_exceptions = BIT(VEC_DB) | BIT(17) | BIT(VEC_MC);
	vmcb->intercept1 = INTERCEPT1_INTR | INTERCEPT1_NMI | INTERCEPT1_SMI | INTERCEPT1_INIT |
			   INTERCEPT1_CR0_SEL | INTERCEPT1_RDPMC | INTERCEPT1_CPUID | INTERCEPT1_RSM |
			   INTERCEPT1_INVD | INTERCEPT1_HLT | INTERCEPT1_INVLPGA | INTERCEPT1_IOIO |
			   INTERCEPT1_MSR | INTERCEPT1_TASK_SWITCH | INTERCEPT1_FERR_FREEZE |
			   INTERCEPT1_SHUTDOWN;
	vmcb->intercept2 = INTERCEPT2_VMRUN | INTERCEPT2_VMMCALL | INTERCEPT2_VMLOAD | INTERCEPT2_VMSAVE |
			   INTERCEPT2_STGI | INTERCEPT2_CLGI | INTERCEPT2_SKINIT | INTERCEPT2_WBINVD |
			   INTERCEPT2_MONITOR | INTERCEPT2_MWAIT | INTERCEPT2_XSETBV | INTERCEPT2_RDPRU;
	if (svm_features.pause_filter) {
		vmcb->intercept1 |= INTERCEPT1_PAUSE;
		vmcb->pause_count = PAUSE_COUNT;
		vmcb->pause_threshold = svm_features.pause_threshold ? PAUSE_THRESHOLD : 0;
	}
}

static void set_bitmaps(struct vcpu *v, struct vmcb *vmcb)
{
	const struct arch_domain *a = &v->domain->arch;

	/* The domain's own may have come since. */
	vmcb->iopm_pa = virt_to_hpa(a->io_bitmap ? a->io_bitmap : svm_io_bitmap).v;
	vmcb->msrpm_pa = virt_to_hpa(svm_msr_bitmap).v;
	svm_dirty(vmcb, CLEAN_IOPM);
}

int svm_vcpu_init(struct vcpu *v)
{
	struct svm_vcpu *s = hv_alloc(sizeof(*s));
	struct vmcb *vmcb;

	if (!s) {
		return -ENOMEM;
	}
	vmcb = page_alloc_virt();
	if (!vmcb) {
		hv_free(s);
		return -ENOMEM;
	}
	s->vmcb = vmcb;
	s->vmcb_pa = virt_to_hpa(vmcb).v;
	set_intercepts(vmcb);
	set_bitmaps(v, vmcb);
	vmcb->vintr = VINTR_MASKING;
	vmcb->np_control = VMCB_NESTED_PAGING;
	vmcb->ncr3 = p2m_root(v->domain).v;
	vmcb->efer = EFER_SVME;
	vmcb->dr6 = 0xffff0ff0;
	vmcb->dr7 = 0x400;
	vmcb->rflags = 2;
	v->arch.vendor = s;
	return 0;
}

void svm_vcpu_destroy(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);

	if (!s) {
		return;
	}
	v->arch.vendor = NULL;
	page_free_virt(s->vmcb);
	hv_free(s);
}

#define read_dr(n, out)		__asm__ volatile("mov %%db" #n ", %0" : "=r"(out))
#define write_dr(n, val)	__asm__ volatile("mov %0, %%db" #n : : "r"(val))

/* From the guest's first use of DR0-3 on they are in the CPU, until it leaves it. */
void svm_dr_enable(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);

	write_dr(0, v->arch.dr[0]);
	write_dr(1, v->arch.dr[1]);
	write_dr(2, v->arch.dr[2]);
	write_dr(3, v->arch.dr[3]);
	s->vmcb->intercept_dr_read = 0;
	s->vmcb->intercept_dr_write = 0;
	svm_dirty(s->vmcb, CLEAN_INTERCEPTS);
	s->dr_live = true;
}

void svm_ctxt_from(struct vcpu *v)
{
	struct svm_vcpu *s = svm_of(v);

	if (!s->dr_live) {
		return;
	}
	read_dr(0, v->arch.dr[0]);
	read_dr(1, v->arch.dr[1]);
	read_dr(2, v->arch.dr[2]);
	read_dr(3, v->arch.dr[3]);
	s->vmcb->intercept_dr_read = DR_ADDRESSES;
	s->vmcb->intercept_dr_write = DR_ADDRESSES;
	svm_dirty(s->vmcb, CLEAN_INTERCEPTS);
	s->dr_live = false;
}

void svm_ctxt_to(struct vcpu *v)
{
	struct svm_cpu *c = this_cpu()->arch.vendor;
	struct svm_vcpu *s = svm_of(v);

	if (s->cpu != this_cpu()) {
		s->cpu = this_cpu();
		s->vmcb->clean = 0;
	}
	set_bitmaps(v, s->vmcb);
	if (svm_features.tsc_ratio && unlikely(s->tsc_ratio != c->tsc_ratio)) {
		wrmsr(MSR_TSC_RATIO, s->tsc_ratio);
		c->tsc_ratio = s->tsc_ratio;
	}
	if (s->vmcb->dr7 & 0xff) {
		svm_dr_enable(v);
	}
}

/* enum guest_seg to the VMCB's place. */
static struct guest_segment *segment_of(struct vmcb *vmcb, enum guest_seg s)
{
	switch (s) {
	case SEG_ES: return &vmcb->es;
	case SEG_CS: return &vmcb->cs;
	case SEG_SS: return &vmcb->ss;
	case SEG_DS: return &vmcb->ds;
	case SEG_FS: return &vmcb->fs;
	case SEG_GS: return &vmcb->gs;
	case SEG_TR: return &vmcb->tr;
	case SEG_LDTR: return &vmcb->ldtr;
	case SEG_GDTR: return &vmcb->gdtr;
	case SEG_IDTR:
	case SEG_COUNT:
		break;
	}
	return &vmcb->idtr;
}

void svm_get_segment(struct vcpu *v, enum guest_seg s, struct guest_segment *out)
{
	*out = *segment_of(svm_of(v)->vmcb, s);
}

void svm_set_segment(struct vcpu *v, enum guest_seg s, const struct guest_segment *in)
{
	struct vmcb *vmcb = svm_of(v)->vmcb;

	*segment_of(vmcb, s) = *in;
	if (s == SEG_SS) {
		/* AMD-V keeps the CPL apart; the guest's is that of SS. */
		vmcb->cpl = SEG_ATTR_DPL(in->attr);
		v->arch.cpl = vmcb->cpl;
	}
	if (s == SEG_CS) {
		v->arch.in_long_mode_64 = (in->attr & SEG_ATTR_L) && (v->arch.efer & EFER_LMA);
	}
	svm_dirty(vmcb, s == SEG_GDTR || s == SEG_IDTR ? CLEAN_DT : CLEAN_SEG);
}

void svm_update_cr(struct vcpu *v)
{
	const struct arch_vcpu *a = &v->arch;
	struct vmcb *vmcb = svm_of(v)->vmcb;
	uint64_t efer = a->efer | EFER_SVME;

	if (((vmcb->cr0 ^ a->cr0) & (CR0_PG | CR0_WP | CR0_PE)) || ((vmcb->cr4 ^ a->cr4) & CR4_TLB_BITS) ||
	    ((vmcb->efer ^ efer) & (EFER_NXE | EFER_LMA | EFER_LME)) || vmcb->cr3 != a->cr3) {
		svm_flush_vcpu(v);
	}
	vmcb->cr0 = a->cr0;
	vmcb->cr2 = a->cr2;
	vmcb->cr3 = a->cr3;
	vmcb->cr4 = a->cr4;
	vmcb->efer = efer;
	vmcb->pat = a->pat;
	vmcb->dr6 = a->dr6;
	vmcb->dr7 = a->dr7;
	v->arch.in_long_mode_64 = (vmcb->cs.attr & SEG_ATTR_L) && (a->efer & EFER_LMA);
	svm_dirty(vmcb, CLEAN_CR | CLEAN_CR2 | CLEAN_DR | CLEAN_NP);	/* NP: G_PAT is in that group */
}

/* Every exit does it already: what stands in arch_vcpu is what the guest has. */
void svm_sync_cr(struct vcpu *v)
{
	struct arch_vcpu *a = &v->arch;
	const struct vmcb *vmcb = svm_of(v)->vmcb;

	a->cr0 = vmcb->cr0;
	a->cr2 = vmcb->cr2;
	a->cr3 = vmcb->cr3;
	a->dr6 = vmcb->dr6;
	a->dr7 = vmcb->dr7;
	if (svm_of(v)->dr_live) {
		read_dr(0, a->dr[0]);
		read_dr(1, a->dr[1]);
		read_dr(2, a->dr[2]);
		read_dr(3, a->dr[3]);
	}
}

static uint64_t *msr_of(struct vmcb *vmcb, uint32_t msr)
{
	switch (msr) {
	case MSR_FS_BASE: return &vmcb->fs.base;
	case MSR_GS_BASE: return &vmcb->gs.base;
	case MSR_KERNEL_GS_BASE: return &vmcb->kernel_gs_base;
	case MSR_STAR: return &vmcb->star;
	case MSR_LSTAR: return &vmcb->lstar;
	case MSR_CSTAR: return &vmcb->cstar;
	case MSR_SFMASK: return &vmcb->sfmask;
	case MSR_SYSENTER_CS: return &vmcb->sysenter_cs;
	case MSR_SYSENTER_ESP: return &vmcb->sysenter_esp;
	case MSR_SYSENTER_EIP: return &vmcb->sysenter_eip;
	default: return NULL;
	}
}

bool svm_get_msr(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	const uint64_t *at = msr_of(svm_of(v)->vmcb, msr);

	if (at) {
		*val = *at;
	}
	return at != NULL;
}

bool svm_set_msr(struct vcpu *v, uint32_t msr, uint64_t val)
{
	uint64_t *at = msr_of(svm_of(v)->vmcb, msr);

	if (at) {
		*at = val;
	}
	return at != NULL;
}

void svm_window_close(struct vmcb *vmcb)
{
	vmcb->vintr &= ~(VINTR_IRQ | VINTR_PRIO_MAX | VINTR_IGNORE_TPR);
	vmcb->intercept1 &= (uint32_t)~INTERCEPT1_VINTR;
	svm_dirty(vmcb, CLEAN_TPR | CLEAN_INTERCEPTS);
}

void svm_inject(struct vcpu *v, const struct guest_event *e)
{
	struct vmcb *vmcb = svm_of(v)->vmcb;

	vmcb->event_inject = EVENT_VALID | e->vector | ((uint64_t)e->type << EVENT_TYPE_SHIFT) |
			     (e->has_error ? EVENT_ERROR_VALID | ((uint64_t)e->error << 32) : 0);
	if (e->type == EVENT_NMI) {
		/* The end of its handler is the next IRET. */
		v->arch.nmi_blocked = true;
		vmcb->intercept1 |= INTERCEPT1_IRET;
		svm_dirty(vmcb, CLEAN_INTERCEPTS);
	}
	/*
	 * QEMU remembers an injected interrupt as if it were a pending exception, and delivers it again, whatever IF says, when
	 * another of its threads wants this CPU's attention before the guest exits: a guest in its entry code does not survive
	 * that. An exit clears the memory, so there is one at once.
	 */
	if (unlikely(svm_features.is_qemu) && e->type == EVENT_INTR) {
		svm_window_close(vmcb);		/* with it the kick may be lost: see interrupts_again() */
		arch_cpu_kick(this_cpu()->id);
	}
}

bool svm_can_inject_intr(struct vcpu *v)
{
	return (v->arch.regs.rflags & RFLAGS_IF) && !v->arch.int_shadow &&
	       !(svm_of(v)->vmcb->event_inject & EVENT_VALID);
}

bool svm_can_inject_nmi(struct vcpu *v)
{
	return !v->arch.nmi_blocked && !v->arch.int_shadow &&
	       !(svm_of(v)->vmcb->event_inject & EVENT_VALID);
}

/*
 * A virtual interrupt that is intercepted: the exit comes when the guest could take one. For an NMI behind an NMI
 * the IRET intercept does it; one behind a MOV SS shadow with IF clear goes in at whatever exit comes next.
 */
void svm_request_window(struct vcpu *v, bool nmi)
{
	struct vmcb *vmcb = svm_of(v)->vmcb;

	if ((nmi && v->arch.nmi_blocked) || (vmcb->vintr & VINTR_IRQ)) {
		return;
	}
	if (svm_features.is_qemu && (vmcb->event_inject & EVENT_VALID) &&
	    ((vmcb->event_inject >> EVENT_TYPE_SHIFT) & 7) == EVENT_INTR) {
		return;			/* it exits at once: see svm_inject() */
	}
	vmcb->vintr |= VINTR_IRQ | VINTR_PRIO_MAX | VINTR_IGNORE_TPR;
	vmcb->intercept1 |= INTERCEPT1_VINTR;
	svm_dirty(vmcb, CLEAN_TPR | CLEAN_INTERCEPTS);
}

void svm_set_tsc_offset(struct vcpu *v, uint64_t offset)
{
	svm_of(v)->vmcb->tsc_offset = offset;
	svm_of(v)->tsc_ratio = guest_tsc_hardware_ratio(v, TSC_RATIO_ONE);
	svm_dirty(svm_of(v)->vmcb, CLEAN_INTERCEPTS);
}

void svm_set_tsc_exiting(struct vcpu *v, bool on)
{
	struct vmcb *vmcb = svm_of(v)->vmcb;

	if (on) {
		vmcb->intercept1 |= INTERCEPT1_RDTSC;
		vmcb->intercept2 |= INTERCEPT2_RDTSCP;
	} else {
		vmcb->intercept1 &= (uint32_t)~INTERCEPT1_RDTSC;
		vmcb->intercept2 &= (uint32_t)~INTERCEPT2_RDTSCP;
	}
	svm_dirty(vmcb, CLEAN_INTERCEPTS);
}

void svm_flush_vcpu(struct vcpu *v)
{
	__atomic_store_n(&svm_of(v)->asid_tag, 0, __ATOMIC_RELEASE);
}

/* An entry after this sees the tag 0 and takes a new ASID, so no translation of before. */
void svm_flush_p2m(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		struct svm_vcpu *s = READ_ONCE(v->arch.vendor);

		if (s) {
			__atomic_store_n(&s->asid_tag, 0, __ATOMIC_SEQ_CST);
		}
	}
}

void svm_dump(struct vcpu *v)
{
	const struct vmcb *m = svm_of(v)->vmcb;

	vcpu_dump_registers(v);
	vcpu_dump_segments(v);
	log_err("exit %lx info %016lx %016lx event %lx shadow %lx vintr %lx asid %u after %lu exits\n",
		m->exit_code, m->exit_info1, m->exit_info2, m->exit_int_info, m->int_shadow, m->vintr,
		m->asid, v->arch.exit_count);
}
