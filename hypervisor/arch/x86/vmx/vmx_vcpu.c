/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's life under VT-x, and what the shared code reads and changes of its VMCS through asm/vmm.h.
 */
#include "vmx.h"
#include <asm/guest_tsc.h>
#include <asm/msr-index.h>
#include <asm/processor.h>
#include <asm/time.h>
#include <asm/vmm.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/page.h>

static const uint32_t live_numbers[LIVE_MSRS] = {
	[LIVE_STAR] = MSR_STAR, [LIVE_LSTAR] = MSR_LSTAR, [LIVE_CSTAR] = MSR_CSTAR,
	[LIVE_SFMASK] = MSR_SFMASK, [LIVE_KERNEL_GS_BASE] = MSR_KERNEL_GS_BASE,
};

int vmx_vcpu_init(struct vcpu *v)
{
	struct vmx_vcpu *s = hv_alloc(sizeof(*s));
	unsigned long flags;

	if (!s) {
		return -ENOMEM;
	}
	s->vmcs = page_alloc_virt();
	if (!s->vmcs) {
		hv_free(s);
		return -ENOMEM;
	}
	s->vmcs_pa = virt_to_hpa(s->vmcs).v;
	*(uint32_t *)s->vmcs = VMX_BASIC_REVISION(vmx_caps.basic);
	vmcs_clear(s->vmcs_pa);		/* "clear" is a state of its own: SDM vol. 3 section 24.11.3 */
	s->active_cpu = s->host_cpu = -1;
	s->ept_stale = true;
	v->arch.vendor = s;
	flags = vmcs_begin(v);
	vmcs_init(v);
	vmcs_end(flags);
	vmx_apic_update(v);
	if (vmx_pml_vcpu_init(v)) {
		vmx_vcpu_destroy(v);
		return -ENOMEM;
	}
	return 0;
}

void vmx_vcpu_destroy(struct vcpu *v)
{
	struct vmx_vcpu *s = vmx_of(v);

	if (!s) {
		return;
	}
	vmcs_forget(v);
	v->arch.vendor = NULL;
	vmx_pml_free(s);
	page_free_virt(s->vmcs);
	hv_free(s);
}

void vmx_ctxt_from(struct vcpu *v)
{
	struct vmx_vcpu *s = vmx_of(v);

	/* The others are only written with an exit. */
	s->live_msr[LIVE_KERNEL_GS_BASE] = rdmsr(MSR_KERNEL_GS_BASE);
	s->live = false;
	vmx_dr_save(v);
}

void vmx_ctxt_to(struct vcpu *v)
{
	const struct arch_domain *a = &v->domain->arch;
	struct vmx_vcpu *s = vmx_of(v);
	struct cpu *c = this_cpu();
	/* Not active_cpu: a CPU that only looked at the VMCS has left the other one's host state in it. */
	bool moved = s->host_cpu != (int)c->id;
	unsigned long flags = vmcs_begin(v);

	if (moved) {
		/* Here there may be translations of another time. */
		vmcs_write_host();
		s->host_cpu = (int)c->id;
		__atomic_store_n(&s->ept_stale, true, __ATOMIC_RELAXED);
	}
	if (a->io_bitmap) {
		/* The domain's own may have come since. */
		vmcs_write(VMCS_IO_BITMAP_A, virt_to_hpa(a->io_bitmap).v);
		vmcs_write(VMCS_IO_BITMAP_B, virt_to_hpa(a->io_bitmap + 4096).v);
	}
	for (unsigned int i = 0; i < LIVE_MSRS; i++) {
		wrmsr(live_numbers[i], s->live_msr[i]);
	}
	s->live = true;
	s->deadline = vmx_caps.timer ? 0 : DEADLINE_NONE;
	if (v->arch.dr7 & 0xff) {
		vmx_dr_enable(v);
	}
	vmcs_end(flags);
}

static enum vmcs_field next_field(enum vmcs_field first, unsigned int n)
{
	return (enum vmcs_field)(first + 2 * n);
}

/* enum guest_seg is in the order of the VMCS up to GS; there LDTR and TR change places. */
static unsigned int segment_index(enum guest_seg s)
{
	return s == SEG_LDTR ? 6 : s == SEG_TR ? 7 : (unsigned int)s;
}

static void get_table(enum guest_seg s, struct guest_segment *out)
{
	bool gdtr = s == SEG_GDTR;

	*out = (struct guest_segment){
		.limit = (uint32_t)vmcs_read(gdtr ? VMCS_GUEST_GDTR_LIMIT : VMCS_GUEST_IDTR_LIMIT),
		.base = vmcs_read(gdtr ? VMCS_GUEST_GDTR_BASE : VMCS_GUEST_IDTR_BASE),
	};
}

void vmx_get_segment(struct vcpu *v, enum guest_seg s, struct guest_segment *out)
{
	unsigned long flags = vmcs_begin(v);
	unsigned int i = segment_index(s);
	uint32_t ar;

	if (s >= SEG_GDTR) {
		get_table(s, out);
		vmcs_end(flags);
		return;
	}
	ar = (uint32_t)vmcs_read(next_field(VMCS_GUEST_ES_AR, i));
	out->sel = (uint16_t)vmcs_read(next_field(VMCS_GUEST_ES_SEL, i));
	out->limit = (uint32_t)vmcs_read(next_field(VMCS_GUEST_ES_LIMIT, i));
	out->base = vmcs_read(next_field(VMCS_GUEST_ES_BASE, i));
	vmcs_end(flags);
	out->attr = (uint16_t)((ar & 0xff) | ((ar >> 4) & 0xf00));
	if (ar & AR_UNUSABLE) {
		out->attr &= (uint16_t)~SEG_ATTR_P;
	}
}

#define TYPE_ACCESSED	BIT(0)
#define TYPE_BUSY	BIT(1)		/* of a TSS */
#define ATTR_S		BIT(4)

/* VM entry wants what loading a register would have made of the descriptor: SDM vol. 3 section 26.3.1.2. */
static uint32_t access_rights(enum guest_seg s, const struct guest_segment *in)
{
	uint32_t attr = in->attr;

	if (!(attr & SEG_ATTR_P) && s != SEG_CS && s != SEG_TR) {
		return AR_UNUSABLE | (attr & 0xff);	/* SS keeps the CPL in its DPL */
	}
	attr |= SEG_ATTR_P;
	if (s == SEG_TR) {
		attr |= TYPE_BUSY;
	} else if (attr & ATTR_S) {
		attr |= TYPE_ACCESSED;
	}
	if (in->limit >> 20) {
		attr |= SEG_ATTR_G;
	} else if ((in->limit & 0xfff) != 0xfff) {
		attr &= (uint32_t)~SEG_ATTR_G;
	}
	return (attr & 0xff) | ((attr & 0xf00) << 4);
}

static void set_table(enum guest_seg s, const struct guest_segment *in)
{
	bool gdtr = s == SEG_GDTR;

	vmcs_write(gdtr ? VMCS_GUEST_GDTR_LIMIT : VMCS_GUEST_IDTR_LIMIT, in->limit & 0xffff);
	vmcs_write(gdtr ? VMCS_GUEST_GDTR_BASE : VMCS_GUEST_IDTR_BASE, in->base);
}

void vmx_set_segment(struct vcpu *v, enum guest_seg s, const struct guest_segment *in)
{
	unsigned long flags = vmcs_begin(v);
	unsigned int i = segment_index(s);

	if (s >= SEG_GDTR) {
		set_table(s, in);
		vmcs_end(flags);
		return;
	}
	vmcs_write(next_field(VMCS_GUEST_ES_SEL, i), in->sel);
	vmcs_write(next_field(VMCS_GUEST_ES_LIMIT, i), in->limit);
	vmcs_write(next_field(VMCS_GUEST_ES_BASE, i), in->base);
	vmcs_write(next_field(VMCS_GUEST_ES_AR, i), access_rights(s, in));
	vmcs_end(flags);
	if (s == SEG_SS) {
		v->arch.cpl = SEG_ATTR_DPL(in->attr);
	}
	if (s == SEG_CS) {
		v->arch.in_long_mode_64 = (in->attr & SEG_ATTR_L) && (v->arch.efer & EFER_LMA);
	}
}

static int live_index(uint32_t msr)
{
	for (int i = 0; i < LIVE_MSRS; i++) {
		if (live_numbers[i] == msr) {
			return i;
		}
	}
	return -1;
}

/* The MSRs that have fields. */
static bool field_of(uint32_t msr, enum vmcs_field *f)
{
	switch (msr) {
	case MSR_FS_BASE: *f = VMCS_GUEST_FS_BASE; return true;
	case MSR_GS_BASE: *f = VMCS_GUEST_GS_BASE; return true;
	case MSR_SYSENTER_CS: *f = VMCS_GUEST_SYSENTER_CS; return true;
	case MSR_SYSENTER_ESP: *f = VMCS_GUEST_SYSENTER_ESP; return true;
	case MSR_SYSENTER_EIP: *f = VMCS_GUEST_SYSENTER_EIP; return true;
	default: return false;
	}
}

bool vmx_get_msr(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	const struct vmx_vcpu *s = vmx_of(v);
	enum vmcs_field f;
	int i;

	if (field_of(msr, &f)) {
		unsigned long flags = vmcs_begin(v);

		*val = vmcs_read(f);
		vmcs_end(flags);
		return true;
	}
	i = live_index(msr);
	if (i >= 0) {
		*val = s->live && i == LIVE_KERNEL_GS_BASE ? rdmsr(msr) : s->live_msr[i];
	}
	return i >= 0;
}

/* These hold addresses: a value that is not canonical is #GP, in the VMCS it would fail the entry. */
static bool canonical_ok(uint32_t msr, uint64_t val)
{
	return msr == MSR_STAR || msr == MSR_SFMASK || msr == MSR_SYSENTER_CS ||
	       (uint64_t)((int64_t)(val << 16) >> 16) == val;
}

bool vmx_set_msr(struct vcpu *v, uint32_t msr, uint64_t val)
{
	struct vmx_vcpu *s = vmx_of(v);
	enum vmcs_field f;
	int i = live_index(msr);

	if (field_of(msr, &f)) {
		unsigned long flags;

		if (!canonical_ok(msr, val)) {
			return false;
		}
		flags = vmcs_begin(v);
		vmcs_write(f, msr == MSR_SYSENTER_CS ? (uint32_t)val : val);
		vmcs_end(flags);
		return true;
	}
	if (i < 0 || !canonical_ok(msr, val) || (msr == MSR_SFMASK && val >> 32)) {
		return false;
	}
	s->live_msr[i] = val;
	if (s->live) {
		wrmsr(msr, val);
	}
	return true;
}

void vmx_set_tsc_offset(struct vcpu *v, uint64_t offset)
{
	unsigned long flags = vmcs_begin(v);

	vmcs_write(VMCS_TSC_OFFSET, offset);
	if (vmx_has2(PROC2_TSC_SCALING)) {
		vmcs_write(VMCS_TSC_MULTIPLIER, guest_tsc_hardware_ratio(v, TSC_MULTIPLIER_ONE));
	}
	vmcs_end(flags);
}

void vmx_set_tsc_exiting(struct vcpu *v, bool on)
{
	unsigned long flags = vmcs_begin(v);
	uint32_t proc = vmx_of(v)->proc;

	/* RDTSCP follows this control. */
	vmcs_write_proc(v, on ? proc | (uint32_t)PROC_RDTSC : proc & (uint32_t)~PROC_RDTSC);
	vmcs_end(flags);
}
