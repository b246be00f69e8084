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
#define MTRR_CAP_VALUE		0x508	/* 8 variable, fixed, write-combining */
#define MCG_CAP_AMD		0x2	/* two banks, as the ABI's default */
#define MCG_CAP_INTEL		0x1000c02	/* the same with threshold and recovery bits */
#define MC_BANKS		2

#define ANY			(POLICY_INTEL | POLICY_AMD)
#define INTEL			POLICY_INTEL
#define AMD			POLICY_AMD

/* IA32_MISC_ENABLE: no branch trace store, no PEBS. */
#define MISC_ENABLE_UNAVAILABLE	(BIT(11) | BIT(12))
#define FEATURE_CONTROL_LOCK	BIT(0)
#define PRED_CMD_IBPB		BIT(0)
#define DEBUGCTL_LBR_BTF	3UL

enum msr_kind {
	MSR_KIND_CONST,			/* reads value, writes #GP */
	MSR_KIND_CONST_IGNORE,		/* reads value, writes are dropped */
	MSR_KIND_CALL,
};

struct msr_row {
	uint32_t first, last;
	enum msr_kind kind;
	uint8_t vendors;		/* POLICY_*: the others' guests get #GP */
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

/* What the CPU says, made known once: it decides which errata a kernel works around and which string moves it takes. */
static bool misc_enable_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	uint64_t host = 0;

	(void)rdmsr_safe(msr, &host);
	*val = host | MISC_ENABLE_UNAVAILABLE;
	return true;
}

static bool host_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	return rdmsr_safe(msr, val);
}

/* Intel's protocol to read the revision starts with a write of 0. */
static bool ucode_rev_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	return policy_vendor(v->domain->arch.policy) == POLICY_INTEL && !val;
}

static bool platform_info_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->domain->arch.policy->platform_info;
	return true;
}

static bool arch_caps_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->domain->arch.policy->arch_caps;
	return policy_has(v->domain->arch.policy, FEATURE_ARCH_CAPS);
}

static bool misc_features_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->arch.misc_features;
	return true;
}

static bool misc_features_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	uint64_t ok = v->domain->arch.policy->platform_info & PLATFORM_INFO_CPUID_FAULTING ?
			      MISC_FEATURES_CPUID_FAULTING :
			      0;

	if (val & ~ok) {
		return false;
	}
	v->arch.misc_features = val;
	return true;
}

/* Last-branch records and branch stepping are not built: the bits are taken and stay 0. */
static bool debugctl_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	return policy_vendor(v->domain->arch.policy) == POLICY_AMD || !(val & ~DEBUGCTL_LBR_BTF);
}

/* Two machine-check banks that never have anything to tell; of their registers all but CTL take 0 alone. */
static bool mc_bank_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	unsigned int i = msr - MSR_MC0_CTL;

	*val = i / 4 < MC_BANKS && i % 4 == 0 ? ~0UL : 0;
	return true;
}

static bool mc_bank_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	unsigned int i = msr - MSR_MC0_CTL;

	return i / 4 >= MC_BANKS || i % 4 == 0 || !val;
}

static bool mcg_cap_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = policy_vendor(v->domain->arch.policy) == POLICY_INTEL ? MCG_CAP_INTEL : MCG_CAP_AMD;
	return true;
}

static bool ignored_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	return true;
}

/* Microcode is not loaded, but the service VM's kernel does not check for a hypervisor first. */
static bool no_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	return false;
}

static bool ucode_load(struct vcpu *v, uint32_t msr, uint64_t val)
{
	return v->domain->is_service;
}

static bool pred_cmd_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	if (!policy_has(v->domain->arch.policy, FEATURE_IBPB) || val & ~PRED_CMD_IBPB) {
		return false;
	}
	wrmsr(MSR_PRED_CMD, val);
	return true;
}

/* As it is, or not at all. */
static bool misc_enable_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	uint64_t is;

	return misc_enable_read(v, msr, &is) && val == is;
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

#define CALL(first, last, vendors, read, write)	{ first, last, MSR_KIND_CALL, vendors, 0, read, write }
#define CONST(msr, vendors, value)		{ msr, msr, MSR_KIND_CONST, vendors, value, NULL, NULL }
#define IGNORE(first, last, vendors, value)	{ first, last, MSR_KIND_CONST_IGNORE, vendors, value, NULL, NULL }

/* Sorted by number. */
static const struct msr_row rows[] = {
	CONST(MSR_P5_MC_ADDR, ANY, 0),
	CONST(MSR_P5_MC_TYPE, ANY, 0),
	CALL(MSR_TSC, MSR_TSC, ANY, tsc_read, tsc_write),
	CALL(MSR_PLATFORM_ID, MSR_PLATFORM_ID, INTEL, host_read, NULL),
	CALL(MSR_APIC_BASE, MSR_APIC_BASE, ANY, apic_read, apic_write),
	CONST(MSR_FEATURE_CONTROL, INTEL, FEATURE_CONTROL_LOCK),
	CALL(MSR_TSC_ADJUST, MSR_TSC_ADJUST, ANY, tsc_adjust_read, tsc_adjust_write),
	CALL(MSR_PRED_CMD, MSR_PRED_CMD, ANY, no_read, pred_cmd_write),
	CALL(MSR_UCODE_WRITE, MSR_UCODE_WRITE, INTEL, no_read, ucode_load),
	CALL(MSR_UCODE_REV, MSR_UCODE_REV, ANY, host_read, ucode_rev_write),
	/* Performance counters are not offered (leaf 0xa), and kernels that try find them dead. */
	IGNORE(MSR_PERFCTR0, MSR_PERFCTR0 + 7, INTEL, 0),
	CALL(MSR_PLATFORM_INFO, MSR_PLATFORM_INFO, ANY, platform_info_read, NULL),
	CONST(MSR_MTRRCAP, ANY, MTRR_CAP_VALUE),
	CALL(MSR_ARCH_CAPABILITIES, MSR_ARCH_CAPABILITIES, ANY, arch_caps_read, NULL),
	CALL(MSR_MISC_FEATURES_ENABLES, MSR_MISC_FEATURES_ENABLES, ANY, misc_features_read, misc_features_write),
	CALL(MSR_MCG_CAP, MSR_MCG_CAP, ANY, mcg_cap_read, ignored_write),
	CALL(MSR_MCG_STATUS, MSR_MCG_STATUS, ANY, mcg_status_read, mcg_status_write),
	IGNORE(MSR_MCG_CTL, MSR_MCG_CTL, ANY, 0),
	IGNORE(MSR_PERFEVTSEL0, MSR_PERFEVTSEL0 + 3, INTEL, 0),
	/* Without a word in CPUID; kernels read them unguarded. */
	CONST(MSR_PERF_STATUS, INTEL, 0),
	IGNORE(MSR_PERF_CTL, MSR_PERF_CTL, INTEL, 0),
	CONST(MSR_THERM_STATUS, INTEL, 0),
	CALL(MSR_MISC_ENABLE, MSR_MISC_ENABLE, INTEL, misc_enable_read, misc_enable_write),
	CALL(MSR_DEBUGCTL, MSR_DEBUGCTL, ANY, zero_read, debugctl_write),
	CALL(MSR_MTRR_PHYSBASE0, MSR_MTRR_PHYSMASK7, ANY, mtrr_var_read, mtrr_var_write),
	CALL(MSR_MTRR_FIX64K, MSR_MTRR_FIX4K_F8, ANY, mtrr_fixed_read, mtrr_fixed_write),
	CALL(MSR_PAT, MSR_PAT, ANY, pat_read, pat_write),
	IGNORE(MSR_MC0_CTL2, MSR_MC0_CTL2 + 31, ANY, 0),
	CALL(MSR_MTRR_DEF_TYPE, MSR_MTRR_DEF_TYPE, ANY, mtrr_def_read, mtrr_def_write),
	IGNORE(MSR_FIXED_CTR0, MSR_FIXED_CTR0 + 2, INTEL, 0),
	IGNORE(MSR_FIXED_CTR_CTRL, MSR_FIXED_CTR_CTRL + 3, INTEL, 0),
	IGNORE(MSR_PEBS_ENABLE, MSR_PEBS_ENABLE, INTEL, 0),
	CALL(MSR_MC0_CTL, MSR_MC_LAST, ANY, mc_bank_read, mc_bank_write),
	IGNORE(MSR_DS_AREA, MSR_DS_AREA, INTEL, 0),
	CALL(MSR_TSC_DEADLINE, MSR_TSC_DEADLINE, ANY, apic_read, apic_write),
	CALL(MSR_XSS, MSR_XSS, ANY, xss_read, xss_write),
	CALL(MSR_XEN_HYPERCALL_PAGE, MSR_XEN_HYPERCALL_PAGE, ANY, zero_read, hypercall_page_write),
	CALL(MSR_EFER, MSR_EFER, ANY, efer_read, efer_write),
	CALL(MSR_TSC_AUX, MSR_TSC_AUX, ANY, tsc_aux_read, tsc_aux_write),
	IGNORE(MSR_K7_EVNTSEL0, MSR_K7_EVNTSEL0 + 7, AMD, 0),
	CONST(MSR_K8_SYSCFG, AMD, 0),
	CONST(MSR_K8_HWCR, AMD, 0),
	/* Northbridge: kernels on AMD do not look first, and may have moved to an Intel machine since. */
	IGNORE(MSR_K8_NB_CFG, MSR_K8_NB_CFG, ANY, 0),
	CALL(MSR_PATCH_LOADER, MSR_PATCH_LOADER, AMD, no_read, ucode_load),
	CONST(MSR_K8_ENABLE_C1E, ANY, 0),
	IGNORE(MSR_VM_CR, MSR_VM_CR, AMD, VM_CR_SVMDIS),
	IGNORE(MSR_F15H_EVNTSEL0, MSR_F15H_EVNTSEL0 + 11, AMD, 0),
};

static const struct msr_row *find_row(const struct vcpu *v, uint32_t msr)
{
	unsigned int low = 0, high = ARRAY_SIZE(rows);

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (msr < rows[mid].first) {
			high = mid;
		} else if (msr > rows[mid].last) {
			low = mid + 1;
		} else {
			return rows[mid].vendors & policy_vendor(v->domain->arch.policy) ? &rows[mid] : NULL;
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
	r = find_row(v, msr);
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
	r = find_row(v, msr);
	if (!r || r->kind == MSR_KIND_CONST) {
		return false;
	}
	if (r->kind == MSR_KIND_CALL) {
		return r->write && r->write(v, msr, val);
	}
	return true;
}
