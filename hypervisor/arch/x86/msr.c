/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSR policy. A row says what becomes of an access; what no row names is #GP on read and write. The vendor's own
 * structures (FS/GS base, SYSCALL, SYSENTER) are asked first through vmm->get_msr.
 */
#include <asm/cpuid-bits.h>
#include <asm/exit.h>
#include <asm/guest_tsc.h>
#include <asm/msr-index.h>
#include <asm/platform.h>
#include <asm/policy.h>
#include <asm/time.h>
#include <asm/vmm.h>
#include <hv/domain.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/page.h>

#define MSR_XEN_HYPERCALL_PAGE	0x40000000
#define HYPERCALL_STUBS		64
#define VENDOR_INTEL_EBX	0x756e6547	/* "Genu" */
#define MTRR_CAP_VALUE		0x508	/* 8 variable, fixed, write-combining */
#define MCG_CAP_VALUE		0x2	/* two banks, as the ABI's default */

enum msr_kind {
	MSR_KIND_CONST,			/* reads value, writes #GP */
	MSR_KIND_CONST_IGNORE,		/* reads value, writes are dropped */
	MSR_KIND_CALL,
};

struct msr_row {
	uint32_t first, last;
	enum msr_kind kind;
	uint64_t value;
	bool (*read)(struct vcpu *v, uint32_t msr, uint64_t *val);
	bool (*write)(struct vcpu *v, uint32_t msr, uint64_t val);
};

static bool tsc_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = guest_tsc(v, rdtsc());
	return true;
}

static bool tsc_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	uint64_t old = v->arch.tsc_offset;

	guest_tsc_write(v, val);
	v->arch.tsc_adjust += v->arch.tsc_offset - old;
	return true;
}

static bool tsc_adjust_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->arch.tsc_adjust;
	return true;
}

static bool tsc_adjust_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	v->arch.tsc_offset += val - v->arch.tsc_adjust;
	v->arch.tsc_adjust = val;
	vmm->set_tsc_offset(v, v->arch.tsc_offset);
	return true;
}

static bool tsc_aux_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->arch.tsc_aux;
	return policy_has(v->domain->arch.policy, FEATURE_RDTSCP);
}

static bool tsc_aux_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	if (!policy_has(v->domain->arch.policy, FEATURE_RDTSCP) || val >> 32) {
		return false;
	}
	v->arch.tsc_aux = val;
	return true;
}

static bool efer_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->arch.efer;
	return true;
}

static bool efer_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	const struct cpu_policy_data *p = v->domain->arch.policy;
	uint64_t ok = EFER_LMA;

	ok |= policy_has(p, FEATURE_SYSCALL) ? EFER_SCE : 0;
	ok |= policy_has(p, FEATURE_LM) ? EFER_LME : 0;
	ok |= policy_has(p, FEATURE_NX) ? EFER_NXE : 0;
	ok |= policy_has(p, FEATURE_FFXSR) ? EFER_FFXSR : 0;
	if (val & ~ok) {
		return false;
	}
	if ((val ^ v->arch.efer) & EFER_LME && v->arch.cr0 & CR0_PG) {
		return false;
	}
	/* LMA is the CPU's: what is written to it does not count. */
	v->arch.efer = (val & ~EFER_LMA) | (v->arch.efer & EFER_LMA);
	vmm->update_cr(v);
	return true;
}

static bool memory_type_ok(uint8_t t)
{
	return t == 0 || t == 1 || (t >= 4 && t <= 6);
}

static bool pat_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->arch.pat;
	return true;
}

static bool pat_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	for (unsigned int i = 0; i < 64; i += 8) {
		uint8_t t = (uint8_t)(val >> i);

		if (!memory_type_ok(t) && t != 7) {
			return false;
		}
	}
	v->arch.pat = val;
	vmm->update_cr(v);
	return true;
}

static bool apic_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	return vlapic_msr_read(v, msr, val);
}

static bool apic_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	return vlapic_msr_write(v, msr, val);
}

static int mtrr_fixed_index(uint32_t msr)
{
	switch (msr) {
	case MSR_MTRR_FIX64K:
		return 0;
	case MSR_MTRR_FIX16K_8:
		return 1;
	case MSR_MTRR_FIX16K_A:
		return 2;
	default:
		return msr >= MSR_MTRR_FIX4K_C0 && msr <= MSR_MTRR_FIX4K_F8 ?
			       3 + (int)(msr - MSR_MTRR_FIX4K_C0) :
			       -1;
	}
}

static bool mtrr_fixed_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	int i = mtrr_fixed_index(msr);

	if (i < 0) {
		return false;
	}
	*val = v->arch.mtrr_fixed[i];
	return true;
}

static bool mtrr_fixed_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	int i = mtrr_fixed_index(msr);

	for (unsigned int b = 0; b < 64; b += 8) {
		if (!memory_type_ok((uint8_t)(val >> b))) {
			return false;
		}
	}
	if (i < 0) {
		return false;
	}
	v->arch.mtrr_fixed[i] = val;
	return true;
}

static bool mtrr_var_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->arch.mtrr_var[msr - MSR_MTRR_PHYSBASE0];
	return true;
}

static bool mtrr_var_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	uint64_t address = (BIT(v->domain->arch.phys_bits) - 1) & ~0xfffUL;
	bool mask = msr & 1;

	if (val & ~(address | (mask ? BIT(11) : 0xffUL))) {
		return false;
	}
	if (!mask && !memory_type_ok((uint8_t)val)) {
		return false;
	}
	v->arch.mtrr_var[msr - MSR_MTRR_PHYSBASE0] = val;
	return true;
}

static bool mtrr_def_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->arch.mtrr_def_type;
	return true;
}

static bool mtrr_def_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	if (val & ~0xcffUL || !memory_type_ok((uint8_t)val)) {
		return false;
	}
	v->arch.mtrr_def_type = val;
	return true;
}

static bool misc_enable_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->arch.misc_enable;
	return v->domain->arch.policy->basic[0].ebx == VENDOR_INTEL_EBX;
}

static bool mcg_status_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->arch.mcg_status;
	return true;
}

static bool mcg_status_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	if (val & ~7UL) {
		return false;
	}
	v->arch.mcg_status = val;
	return true;
}

static bool xss_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = 0;
	return policy_has(v->domain->arch.policy, FEATURE_XSAVES);
}

static bool xss_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	return policy_has(v->domain->arch.policy, FEATURE_XSAVES) && val == 0;
}

/* A stub a hypercall number, 32 bytes each: mov number to eax, call, return. Number 23 (iret) is PV's: ud2. */
static bool hypercall_page_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	uint8_t page[256];
	gpa_t to = gpa(val & PAGE_MASK);

	if (val & ~PAGE_MASK) {
		return false;		/* the ABI has one page, number 0 */
	}
	for (unsigned int base = 0; base < HYPERCALL_STUBS * 32; base += sizeof(page)) {
		memset(page, 0xcc, sizeof(page));
		for (unsigned int i = 0; i < sizeof(page); i += 32) {
			unsigned int nr = (base + i) / 32;

			if (nr == 23) {
				page[i] = 0x0f;
				page[i + 1] = 0x0b;
				continue;
			}
			page[i] = 0xb8;
			memcpy(page + i + 1, &nr, 4);
			memcpy(page + i + 5, vmm->hypercall_insn, sizeof(vmm->hypercall_insn));
			page[i + 8] = 0xc3;
		}
		if (guest_write_gpa(v->domain, gpa(to.v + base), page, sizeof(page))) {
			return false;
		}
	}
	memset(page, 0xcc, sizeof(page));
	for (unsigned int base = HYPERCALL_STUBS * 32; base < PAGE_SIZE; base += sizeof(page)) {
		if (guest_write_gpa(v->domain, gpa(to.v + base), page, sizeof(page))) {
			return false;
		}
	}
	domain_latch_info(v);
	return true;
}

static bool zero_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = 0;
	return true;
}

/* Sorted by number. */
static const struct msr_row rows[] = {
	{ MSR_TSC, MSR_TSC, MSR_KIND_CALL, 0, tsc_read, tsc_write },
	{ MSR_PLATFORM_ID, MSR_PLATFORM_ID, MSR_KIND_CONST, 0, NULL, NULL },
	{ MSR_APIC_BASE, MSR_APIC_BASE, MSR_KIND_CALL, 0, apic_read, apic_write },
	{ MSR_TSC_ADJUST, MSR_TSC_ADJUST, MSR_KIND_CALL, 0, tsc_adjust_read, tsc_adjust_write },
	{ MSR_UCODE_REV, MSR_UCODE_REV, MSR_KIND_CONST_IGNORE, 0, NULL, NULL },
	{ MSR_MTRRCAP, MSR_MTRRCAP, MSR_KIND_CONST, MTRR_CAP_VALUE, NULL, NULL },
	{ MSR_MCG_CAP, MSR_MCG_CAP, MSR_KIND_CONST, MCG_CAP_VALUE, NULL, NULL },
	{ MSR_MCG_STATUS, MSR_MCG_STATUS, MSR_KIND_CALL, 0, mcg_status_read, mcg_status_write },
	{ MSR_MISC_ENABLE, MSR_MISC_ENABLE, MSR_KIND_CALL, 0, misc_enable_read, NULL },
	{ MSR_DEBUGCTL, MSR_DEBUGCTL, MSR_KIND_CONST_IGNORE, 0, NULL, NULL },
	{ MSR_MTRR_PHYSBASE0, MSR_MTRR_PHYSMASK7, MSR_KIND_CALL, 0, mtrr_var_read, mtrr_var_write },
	{ MSR_MTRR_FIX64K, MSR_MTRR_FIX4K_F8, MSR_KIND_CALL, 0, mtrr_fixed_read, mtrr_fixed_write },
	{ MSR_PAT, MSR_PAT, MSR_KIND_CALL, 0, pat_read, pat_write },
	{ MSR_MTRR_DEF_TYPE, MSR_MTRR_DEF_TYPE, MSR_KIND_CALL, 0, mtrr_def_read, mtrr_def_write },
	/* Two machine-check banks that never have anything to tell. */
	{ MSR_MC0_CTL, MSR_MC0_CTL + 7, MSR_KIND_CONST_IGNORE, 0, NULL, NULL },
	{ MSR_TSC_DEADLINE, MSR_TSC_DEADLINE, MSR_KIND_CALL, 0, apic_read, apic_write },
	{ MSR_XSS, MSR_XSS, MSR_KIND_CALL, 0, xss_read, xss_write },
	{ MSR_XEN_HYPERCALL_PAGE, MSR_XEN_HYPERCALL_PAGE, MSR_KIND_CALL, 0, zero_read,
	  hypercall_page_write },
	{ MSR_EFER, MSR_EFER, MSR_KIND_CALL, 0, efer_read, efer_write },
	{ MSR_TSC_AUX, MSR_TSC_AUX, MSR_KIND_CALL, 0, tsc_aux_read, tsc_aux_write },
	{ MSR_K8_SYSCFG, MSR_K8_SYSCFG, MSR_KIND_CONST, 0, NULL, NULL },
	{ MSR_K8_HWCR, MSR_K8_HWCR, MSR_KIND_CONST_IGNORE, 0, NULL, NULL },
	/* Northbridge configuration: kernels on AMD read and write it without looking. */
	{ MSR_K8_NB_CFG, MSR_K8_NB_CFG, MSR_KIND_CONST_IGNORE, 0, NULL, NULL },
	{ MSR_VM_CR, MSR_VM_CR, MSR_KIND_CONST_IGNORE, VM_CR_SVMDIS, NULL, NULL },
};

static const struct msr_row *find_row(uint32_t msr)
{
	unsigned int low = 0, high = ARRAY_SIZE(rows);

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (msr < rows[mid].first) {
			high = mid;
		} else if (msr > rows[mid].last) {
			low = mid + 1;
		} else {
			return &rows[mid];
		}
	}
	return NULL;
}

bool msr_guest_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	const struct msr_row *r;

	/* Past the table: these are hot. */
	if (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST) {
		return vlapic_msr_read(v, msr, val);
	}
	if (vmm->get_msr(v, msr, val)) {
		return true;
	}
	r = find_row(msr);
	if (!r) {
		return false;
	}
	if (r->kind == MSR_KIND_CALL) {
		return r->read(v, msr, val);
	}
	*val = r->value;
	return true;
}

bool msr_guest_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	const struct msr_row *r;

	if (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST) {
		return vlapic_msr_write(v, msr, val);
	}
	if (vmm->set_msr(v, msr, val)) {
		return true;
	}
	r = find_row(msr);
	if (!r || r->kind == MSR_KIND_CONST) {
		return false;
	}
	if (r->kind == MSR_KIND_CALL) {
		return r->write && r->write(v, msr, val);
	}
	return true;
}
