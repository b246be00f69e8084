/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID policy. Features are a vector of words, one for each feature register of CPUID, in the order of the ABI's
 * featureset (xen/arch-x86/cpufeatureset.h). Default deny: a bit that no row below names is hidden from guests,
 * whatever the machine has.
 */
#include <asm/cpuid-bits.h>
#include <asm/msr-index.h>
#include <asm/policy.h>
#include <asm/vmm.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <xen/arch-x86/xen.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>

struct cpu_policy_data policy_host, policy_hvm_max, policy_hvm_default;

#define EBX_INTEL		0x756e6547	/* "Genu"ineIntel */
#define EBX_AMD			0x68747541	/* "Auth"enticAMD */
#define EBX_HYGON		0x6f677948	/* "Hygo"nGenuine */

/* Of ARCH_CAPABILITIES what a guest may rely on: what its CPU is not prone to. */
#define ARCH_CAPS_RDCL_NO	BIT(0)
#define ARCH_CAPS_RSBA		BIT(2)
#define ARCH_CAPS_SSB_NO	BIT(4)
#define ARCH_CAPS_MDS_NO	BIT(5)
#define ARCH_CAPS_PSCHANGE_NO	BIT(6)
#define ARCH_CAPS_TAA_NO	BIT(8)
#define ARCH_CAPS_MMIO_NO	(BIT(13) | BIT(14) | BIT(15))	/* SBDR_SSDP, FBSDP, PSDP */
#define ARCH_CAPS_FB_CLEAR	BIT(17)
#define ARCH_CAPS_SERVICE	(ARCH_CAPS_RDCL_NO | ARCH_CAPS_RSBA | ARCH_CAPS_SSB_NO | ARCH_CAPS_MDS_NO | \
				 ARCH_CAPS_PSCHANGE_NO | ARCH_CAPS_TAA_NO | ARCH_CAPS_MMIO_NO | ARCH_CAPS_FB_CLEAR)

/* Where a word of the feature vector lives. */
enum word_place { PLACE_BASIC, PLACE_FEAT, PLACE_XSTATE, PLACE_EXT, PLACE_NONE };
static const struct {
	uint8_t place, index, reg;	/* reg: 0 eax .. 3 edx */
} word_of[FEATURE_WORDS] = {
	{ PLACE_BASIC, 1, 3 },	 { PLACE_BASIC, 1, 2 },	  { PLACE_EXT, 1, 3 },	  { PLACE_EXT, 1, 2 },
	{ PLACE_XSTATE, 1, 0 },	 { PLACE_FEAT, 0, 1 },	  { PLACE_FEAT, 0, 2 },	  { PLACE_EXT, 7, 3 },
	{ PLACE_EXT, 8, 1 },	 { PLACE_FEAT, 0, 3 },	  { PLACE_FEAT, 1, 0 },	  { PLACE_EXT, 0x21, 0 },
	{ PLACE_FEAT, 1, 1 },	 { PLACE_FEAT, 2, 3 },	  { PLACE_FEAT, 1, 2 },	  { PLACE_FEAT, 1, 3 },
	{ PLACE_NONE, 0, 0 },	 { PLACE_NONE, 0, 0 },	  { PLACE_EXT, 0x21, 2 },
};

/*
 * What a guest may see when the machine has it. Left out on purpose: everything that needs state or MSRs that are not
 * virtualised (performance counters, debug store, SMX, VMX/SVM, MONITOR, MCE banks' extras, PKU, CET, AMX,
 * speculation controls, LWP, IBS).
 */
static const uint16_t allowed_bits[] = {
	/* 1.edx */
	FEATURE(0, 0), FEATURE(0, 1), FEATURE(0, 2), FEATURE(0, 3), FEATURE(0, 4), FEATURE(0, 5),
	FEATURE(0, 6), FEATURE(0, 7), FEATURE(0, 8), FEATURE(0, 9), FEATURE(0, 11), FEATURE(0, 12),
	FEATURE(0, 13), FEATURE(0, 14), FEATURE(0, 15), FEATURE(0, 16), FEATURE(0, 17), FEATURE(0, 19),
	FEATURE(0, 23), FEATURE(0, 24), FEATURE(0, 25), FEATURE(0, 26), FEATURE(0, 27), FEATURE(0, 28),
	/* 1.ecx: SSE3 PCLMUL SSSE3 FMA CX16 PCID SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE AVX F16C RDRAND */
	FEATURE(1, 0), FEATURE(1, 1), FEATURE(1, 9), FEATURE(1, 12), FEATURE(1, 13), FEATURE(1, 17),
	FEATURE(1, 19), FEATURE(1, 20), FEATURE(1, 22), FEATURE(1, 23), FEATURE(1, 25), FEATURE(1, 26),
	FEATURE(1, 28), FEATURE(1, 29), FEATURE(1, 30),
	/* 80000001.edx: SYSCALL NX MMXEXT FFXSR PAGE1GB RDTSCP LM 3DNOWEXT 3DNOW (the rest mirrors 1.edx) */
	FEATURE(2, 11), FEATURE(2, 20), FEATURE(2, 22), FEATURE(2, 25), FEATURE(2, 26), FEATURE(2, 27),
	FEATURE(2, 29), FEATURE(2, 30), FEATURE(2, 31),
	/* 80000001.ecx: LAHF CMP_LEGACY CR8 ABM SSE4A MISALIGNSSE 3DNOWPREFETCH XOP FMA4 TBM */
	FEATURE(3, 0), FEATURE(3, 1), FEATURE(3, 4), FEATURE(3, 5), FEATURE(3, 6), FEATURE(3, 7),
	FEATURE(3, 8), FEATURE(3, 11), FEATURE(3, 16), FEATURE(3, 21),
	/* D.1.eax: XSAVEOPT XSAVEC XGETBV1 XSAVES, with no state in XSS */
	FEATURE(4, 0), FEATURE(4, 1), FEATURE(4, 2), FEATURE(4, 3),
	/* 7.0.ebx: FSGSBASE BMI1 AVX2 FDP_EXCPTN_ONLY SMEP BMI2 ERMS INVPCID NO_FPU_SEL AVX512* RDSEED ADX SMAP CLFLUSHOPT CLWB SHA */
	FEATURE(5, 0), FEATURE(5, 3), FEATURE(5, 5), FEATURE(5, 6), FEATURE(5, 13), FEATURE(5, 7), FEATURE(5, 8), FEATURE(5, 9),
	FEATURE(5, 10), FEATURE(5, 16), FEATURE(5, 17), FEATURE(5, 18), FEATURE(5, 19), FEATURE(5, 20),
	FEATURE(5, 21), FEATURE(5, 23), FEATURE(5, 24), FEATURE(5, 28), FEATURE(5, 29), FEATURE(5, 30),
	FEATURE(5, 31),
	/* 7.0.ecx: AVX512_VBMI UMIP VBMI2 GFNI VAES VPCLMULQDQ VNNI BITALG VPOPCNTDQ */
	FEATURE(6, 1), FEATURE(6, 2), FEATURE(6, 6), FEATURE(6, 8), FEATURE(6, 9), FEATURE(6, 10),
	FEATURE(6, 11), FEATURE(6, 12), FEATURE(6, 14),
	/* 80000008.ebx: CLZERO RSTR_FP_ERR_PTRS IBPB SSB_NO BTC_NO IBPB_RET */
	FEATURE(8, 0), FEATURE(8, 2), FEATURE(8, 12), FEATURE(8, 26), FEATURE(8, 29), FEATURE(8, 30),
	/* 7.0.edx: AVX512 4VNNIW and 4FMAPS, FSRM, VP2INTERSECT, MD_CLEAR */
	FEATURE(9, 2), FEATURE(9, 3), FEATURE(9, 4), FEATURE(9, 8), FEATURE(9, 10),
	/* 7.1.eax: AVX_VNNI AVX512_BF16 */
	FEATURE(10, 4), FEATURE(10, 5),
	/* 80000021.eax: LFENCE always serialising */
	FEATURE(11, 2),
};

/* What the CPU has and its virtualisation cannot give to guests. */
static uint32_t hidden_words[FEATURE_WORDS];

void policy_hide(unsigned int feature)
{
	hidden_words[feature / 32] |= 1U << (feature % 32);
}

static uint32_t *word(struct cpu_policy_data *p, unsigned int w)
{
	struct cpuid_regs *r;

	switch (word_of[w].place) {
	case PLACE_BASIC:
		r = &p->basic[word_of[w].index];
		break;
	case PLACE_FEAT:
		r = &p->feat[word_of[w].index];
		break;
	case PLACE_XSTATE:
		r = &p->xstate[word_of[w].index];
		break;
	case PLACE_EXT:
		r = &p->ext[word_of[w].index];
		break;
	default:
		return NULL;
	}
	return &r->eax + word_of[w].reg;
}

static uint32_t word_value(const struct cpu_policy_data *p, unsigned int w)
{
	const uint32_t *at = word((struct cpu_policy_data *)(uintptr_t)p, w);

	return at ? *at : 0;
}

bool policy_has(const struct cpu_policy_data *p, unsigned int feature)
{
	return word_value(p, feature / 32) & (1U << (feature % 32));
}

static void set_feature(struct cpu_policy_data *p, unsigned int feature, bool on)
{
	uint32_t *at = word(p, feature / 32);

	*at = on ? *at | (1U << (feature % 32)) : *at & ~(1U << (feature % 32));
}

unsigned int policy_vendor(const struct cpu_policy_data *p)
{
	switch (p->basic[0].ebx) {
	case EBX_INTEL:
		return POLICY_INTEL;
	case EBX_AMD:
	case EBX_HYGON:
		return POLICY_AMD;
	default:
		return 0;
	}
}

uint64_t policy_xcr0(const struct cpu_policy_data *p)
{
	uint64_t states = p->xstate[0].eax | ((uint64_t)p->xstate[0].edx << 32);

	return policy_has(p, FEATURE_XSAVE) ? states : 0;
}

static void read_host(struct cpu_policy_data *p)
{
	uint32_t basic = MIN(cpuid(0, 0).eax, POLICY_BASIC_MAX);
	uint32_t ext = MIN(cpuid(0x80000000, 0).eax, POLICY_EXT_MAX);

	for (uint32_t i = 0; i <= basic; i++) {
		p->basic[i] = cpuid(i, 0);
	}
	for (uint32_t i = 0; basic >= 4 && i < POLICY_CACHE_LEAVES; i++) {
		p->cache[i] = cpuid(4, i);
	}
	for (uint32_t i = 0; basic >= 7 && i < POLICY_FEAT_LEAVES && i <= MAX(p->feat[0].eax, i); i++) {
		p->feat[i] = cpuid(7, i);
		if (i >= p->feat[0].eax) {
			break;
		}
	}
	for (uint32_t i = 0; basic >= 0xb && i < POLICY_TOPO_LEAVES; i++) {
		p->topo[i] = cpuid(0xb, i);
	}
	for (uint32_t i = 0; basic >= 0xd && i < POLICY_XSTATE_LEAVES; i++) {
		p->xstate[i] = cpuid(0xd, i);
	}
	for (uint32_t i = 0; ext >= 0x80000000 && i <= ext - 0x80000000; i++) {
		p->ext[i] = cpuid(0x80000000 + i, 0);
	}
	p->basic[0].eax = basic;
	p->ext[0].eax = ext;
	if (policy_has(p, FEATURE_ARCH_CAPS)) {
		p->arch_caps = rdmsr(MSR_ARCH_CAPABILITIES);
	}
}

/* XSAVE states that match the features: x87, SSE, AVX, and the three of AVX-512. */
static void limit_xstate(struct cpu_policy_data *p)
{
	uint64_t states = 3;

	if (!policy_has(p, FEATURE_XSAVE)) {
		memset(p->xstate, 0, sizeof(p->xstate));
		return;
	}
	states |= policy_has(p, FEATURE_AVX) ? 4 : 0;
	states |= policy_has(p, FEATURE_AVX512F) ? 0xe0 : 0;
	states &= policy_host.xstate[0].eax | ((uint64_t)policy_host.xstate[0].edx << 32);
	p->xstate[0].eax = (uint32_t)states;
	p->xstate[0].edx = (uint32_t)(states >> 32);
	p->xstate[0].ecx = 576;
	for (unsigned int i = 2; i < POLICY_XSTATE_LEAVES; i++) {
		if (!(states & BIT(i))) {
			p->xstate[i] = (struct cpuid_regs){ 0 };
			continue;
		}
		p->xstate[0].ecx = MAX(p->xstate[0].ecx, p->xstate[i].eax + p->xstate[i].ebx);
	}
	p->xstate[0].ebx = p->xstate[0].ecx;
	p->xstate[1].ebx = p->xstate[1].ecx = p->xstate[1].edx = 0;
}

static void clear_leaves(struct cpuid_regs *of, unsigned int first, unsigned int last)
{
	memset(of + first, 0, (last - first + 1) * sizeof(*of));
}

static void recalculate_intel(struct cpu_policy_data *p)
{
	p->basic[2].eax = (p->basic[2].eax & ~0xffU) | !!p->basic[0].eax;	/* one query tells all */
	clear_leaves(p->basic, 3, 3);			/* serial number */
	clear_leaves(p->basic, 9, 0xa);			/* direct cache access, performance */
	p->ext[0].ebx = p->ext[0].ecx = p->ext[0].edx = 0;
	p->ext[1].eax = p->ext[1].ebx = 0;
	clear_leaves(p->ext, 5, 5);
	p->ext[6].eax = p->ext[6].ebx = p->ext[6].edx = 0;
	p->ext[8].ecx = 0;
	p->ext[0].eax = MIN(p->ext[0].eax, 0x80000008U);
	clear_leaves(p->ext, 9, POLICY_EXT_LEAVES - 1);
}

static void recalculate_amd(struct cpu_policy_data *p)
{
	/* AMD mirrors these bits of 1.edx; the mirror follows. */
	const uint32_t mirror = 0x0183f3ff;

	p->ext[1].edx = (p->ext[1].edx & ~mirror) | (p->basic[1].edx & mirror);
	clear_leaves(p->basic, 2, 3);
	clear_leaves(p->basic, 9, 0xa);
	p->ext[8].ecx &= 0xf0ff;			/* core count and APIC id size */
	p->ext[0xa] = (struct cpuid_regs){ 0 };		/* SVM */
	for (unsigned int i = 0x1a; i < POLICY_EXT_LEAVES; i++) {
		if (i != 0x21) {
			p->ext[i] = (struct cpuid_regs){ 0 };
		}
	}
}

/* AVX-512 needs AVX, and its parts (named at allowed_bits) need AVX512F. SDM vol. 1 section 15.2. */
static void limit_avx512(struct cpu_policy_data *p)
{
	static const uint16_t parts[] = {
		FEATURE(5, 17), FEATURE(5, 21), FEATURE(5, 28), FEATURE(5, 30), FEATURE(5, 31),
		FEATURE(6, 1), FEATURE(6, 6), FEATURE(6, 11), FEATURE(6, 12), FEATURE(6, 14),
		FEATURE(9, 2), FEATURE(9, 3), FEATURE(9, 8), FEATURE(10, 5),
	};

	if (!policy_has(p, FEATURE_AVX)) {
		set_feature(p, FEATURE_AVX512F, false);
	}
	if (!policy_has(p, FEATURE_AVX512F)) {
		for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++) {
			set_feature(p, parts[i], false);
		}
	}
}

/* What follows from the features, and leaves that are information only. */
static void recalculate(struct cpu_policy_data *p)
{
	limit_avx512(p);
	limit_xstate(p);
	clear_leaves(p->basic, 5, 6);			/* MONITOR, thermal */
	clear_leaves(p->basic, 8, 8);
	clear_leaves(p->basic, 0xc, 0xc);
	memset(p->topo, 0, sizeof(p->topo));
	p->ext[7].eax = p->ext[7].ebx = p->ext[7].ecx = 0;
	p->ext[8].edx = 0;
	if (policy_vendor(p) == POLICY_INTEL) {
		recalculate_intel(p);
	} else {
		recalculate_amd(p);
	}
}

static void make_guest(struct cpu_policy_data *p)
{
	uint32_t allowed[FEATURE_WORDS] = { 0 };

	*p = policy_host;
	for (unsigned int i = 0; i < ARRAY_SIZE(allowed_bits); i++) {
		allowed[allowed_bits[i] / 32] |= 1U << (allowed_bits[i] % 32);
	}
	for (unsigned int w = 0; w < FEATURE_WORDS; w++) {
		if (word(p, w)) {
			*word(p, w) &= allowed[w] & ~hidden_words[w];
		}
	}
	/* Emulated whatever the machine has. */
	set_feature(p, FEATURE_X2APIC, true);
	set_feature(p, FEATURE_TSC_DEADLINE, true);
	set_feature(p, FEATURE_HYPERVISOR, true);
	set_feature(p, FEATURE_TSC_ADJUST, true);
	set_feature(p, FEATURE_APIC, true);
	set_feature(p, FEATURE_NO_LMSL, true);		/* EFER.LMSLE is never there */
	p->basic[0].eax = MAX(p->basic[0].eax, 7U);
	recalculate(p);
	/* CPUID always exits, so it can fault as well. */
	p->platform_info = PLATFORM_INFO_CPUID_FAULTING;
	p->arch_caps = 0;
}

void policy_init(void)
{
	read_host(&policy_host);
	make_guest(&policy_hvm_max);
	make_guest(&policy_hvm_default);
	/* Migration may end on a machine with another TSC: only who asks for it gets the promise. */
	policy_hvm_max.ext[7].edx |= policy_host.ext[7].edx & BIT(8);
}

int policy_domain_init(struct domain *d)
{
	struct cpu_policy_data *p = hv_alloc(sizeof(*p));

	if (!p) {
		return -ENOMEM;
	}
	*p = d->is_service ? policy_hvm_max : policy_hvm_default;
	if (d->is_service && policy_has(&policy_host, FEATURE_ARCH_CAPS)) {
		/* It stays on this machine, so it may know what needs no workaround here. */
		set_feature(p, FEATURE_ARCH_CAPS, true);
		p->arch_caps = policy_host.arch_caps & ARCH_CAPS_SERVICE;
	}
	d->arch.policy = p;
	d->arch.phys_bits = p->ext[8].eax & 0xff ? p->ext[8].eax & 0xff : 36;
	return 0;
}

void policy_domain_destroy(struct domain *d)
{
	hv_free(d->arch.policy);
	d->arch.policy = NULL;
}

/* Serialised form ---------------------------------------------------------------------------------- */

struct leaf_writer {
	gva_t to;
	uint32_t used, max;
};

static int put_leaf(struct leaf_writer *w, uint32_t leaf, uint32_t sub, const struct cpuid_regs *r)
{
	xen_cpuid_leaf_t e = { leaf, sub, r->eax, r->ebx, r->ecx, r->edx };

	if (w->used == w->max) {
		return -ENOBUFS;
	}
	return guest_write_obj(gva_index(w->to, w->used++, sizeof(e)), &e);
}

/* The groups of subleaves and where they live; everything else is a plain leaf. */
struct leaf_group {
	uint32_t leaf;
	size_t offset;
	unsigned int count;
};
static const struct leaf_group groups[] = {
	{ 4, offsetof(struct cpu_policy_data, cache), POLICY_CACHE_LEAVES },
	{ 7, offsetof(struct cpu_policy_data, feat), POLICY_FEAT_LEAVES },
	{ 0xb, offsetof(struct cpu_policy_data, topo), POLICY_TOPO_LEAVES },
	{ 0xd, offsetof(struct cpu_policy_data, xstate), POLICY_XSTATE_LEAVES },
};

static const struct leaf_group *group_of(uint32_t leaf)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(groups); i++) {
		if (groups[i].leaf == leaf) {
			return &groups[i];
		}
	}
	return NULL;
}

static struct cpuid_regs *group_leaf(struct cpu_policy_data *p, const struct leaf_group *g, uint32_t sub)
{
	return (struct cpuid_regs *)((char *)p + g->offset) + sub;
}

static int put_basic(struct leaf_writer *w, struct cpu_policy_data *p, uint32_t leaf)
{
	const struct leaf_group *g = group_of(leaf);
	int rc = 0;

	if (!g) {
		return put_leaf(w, leaf, XEN_CPUID_NO_SUBLEAF, &p->basic[leaf]);
	}
	for (uint32_t s = 0; !rc && s < g->count; s++) {
		rc = put_leaf(w, leaf, s, group_leaf(p, g, s));
		if (leaf == 7 && s >= p->feat[0].eax) {
			break;
		}
	}
	return rc;
}

static int put_policy(struct cpu_policy_data *p, gva_t to, uint32_t *nr)
{
	static const struct cpuid_regs none;
	struct leaf_writer w = { to, 0, *nr };
	uint32_t ext = p->ext[0].eax;
	int rc = 0;

	for (uint32_t i = 0; !rc && i <= MIN(p->basic[0].eax, POLICY_BASIC_MAX); i++) {
		rc = put_basic(&w, p, i);
	}
	rc = rc ? rc : put_leaf(&w, 0x40000000, XEN_CPUID_NO_SUBLEAF, &none);
	rc = rc ? rc : put_leaf(&w, 0x40000100, XEN_CPUID_NO_SUBLEAF, &none);
	for (uint32_t i = 0; !rc && ext >= 0x80000000 && i <= MIN(ext, POLICY_EXT_MAX) - 0x80000000; i++) {
		rc = put_leaf(&w, 0x80000000 + i, XEN_CPUID_NO_SUBLEAF, &p->ext[i]);
	}
	*nr = w.used;
	return rc;
}

static int put_msrs(const struct cpu_policy_data *p, gva_t to, uint32_t *nr)
{
	const xen_msr_entry_t e[POLICY_MSRS_MAX] = {
		{ MSR_PLATFORM_INFO, 0, p->platform_info },
		{ MSR_ARCH_CAPABILITIES, 0, p->arch_caps },
	};

	if (*nr < POLICY_MSRS_MAX) {
		return -ENOBUFS;
	}
	*nr = POLICY_MSRS_MAX;
	return guest_write(to, e, sizeof(e));
}

/* NULL handles ask for the sizes. */
static long get_policy(struct cpu_policy_data *p, gva_t leaves, uint32_t *nr_leaves, gva_t msrs,
		       uint32_t *nr_msrs)
{
	int rc = 0;

	if (!leaves.v) {
		*nr_leaves = POLICY_LEAVES_MAX;
	} else {
		rc = put_policy(p, leaves, nr_leaves);
	}
	if (!rc && !msrs.v) {
		*nr_msrs = POLICY_MSRS_MAX;
	} else if (!rc) {
		rc = put_msrs(p, msrs, nr_msrs);
	}
	return rc;
}

long policy_sysctl_get(struct xen_sysctl *op)
{
	struct xen_sysctl_cpu_policy *c = &op->u.cpu_policy;
	struct cpu_policy_data *p;

	if (c->_rsvd) {
		return -EINVAL;
	}
	switch (c->index) {
	case XEN_SYSCTL_cpu_policy_raw:
	case XEN_SYSCTL_cpu_policy_host:
		p = &policy_host;
		break;
	case XEN_SYSCTL_cpu_policy_hvm_max:
		p = &policy_hvm_max;
		break;
	case XEN_SYSCTL_cpu_policy_hvm_default:
		p = &policy_hvm_default;
		break;
	case XEN_SYSCTL_cpu_policy_pv_max:
	case XEN_SYSCTL_cpu_policy_pv_default:
		return -EOPNOTSUPP;		/* no PV guests */
	default:
		return -EINVAL;
	}
	return get_policy(p, gva((uintptr_t)c->leaves.p), &c->nr_leaves, gva((uintptr_t)c->msrs.p),
			  &c->nr_msrs);
}

long policy_sysctl_featureset(struct xen_sysctl *op)
{
	struct xen_sysctl_cpu_featureset *c = &op->u.cpu_featureset;
	const struct cpu_policy_data *p;
	uint32_t out[FEATURE_WORDS];
	uint32_t n = MIN(c->nr_features, (uint32_t)FEATURE_WORDS);

	switch (c->index) {
	case XEN_SYSCTL_cpu_featureset_raw:
	case XEN_SYSCTL_cpu_featureset_host:
		p = &policy_host;
		break;
	case XEN_SYSCTL_cpu_featureset_hvm:
		p = &policy_hvm_default;
		break;
	case XEN_SYSCTL_cpu_featureset_hvm_max:
		p = &policy_hvm_max;
		break;
	case XEN_SYSCTL_cpu_featureset_pv:
	case XEN_SYSCTL_cpu_featureset_pv_max:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
	if (!c->features.p) {
		c->nr_features = FEATURE_WORDS;
		return 0;
	}
	for (unsigned int w = 0; w < FEATURE_WORDS; w++) {
		out[w] = word_value(p, w);
	}
	if (guest_write(gva((uintptr_t)c->features.p), out, n * sizeof(out[0]))) {
		return -EFAULT;
	}
	if (c->nr_features < FEATURE_WORDS) {
		return -ENOBUFS;
	}
	c->nr_features = n;
	return 0;
}

/* One leaf from the tool stack into p; -ERANGE when the form has no place for it. */
static int take_leaf(struct cpu_policy_data *p, const xen_cpuid_leaf_t *untrusted_e)
{
	const struct cpuid_regs r = { untrusted_e->a, untrusted_e->b, untrusted_e->c, untrusted_e->d };
	uint32_t leaf = untrusted_e->leaf, sub = untrusted_e->subleaf;

	if (leaf <= POLICY_BASIC_MAX) {
		const struct leaf_group *g = group_of(leaf);

		if (g && sub < g->count) {
			*group_leaf(p, g, sub) = r;
			return 0;
		}
		if (g || sub != XEN_CPUID_NO_SUBLEAF) {
			return -ERANGE;
		}
		p->basic[leaf] = r;
		return 0;
	}
	if (sub != XEN_CPUID_NO_SUBLEAF) {
		return -ERANGE;
	}
	if (leaf == 0x40000000 || leaf == 0x40000100) {
		return 0;
	}
	if (leaf < 0x80000000 || leaf > POLICY_EXT_MAX) {
		return -ERANGE;
	}
	p->ext[leaf - 0x80000000] = r;
	return 0;
}

/* Nothing beyond the maximum, whatever the tool stack asks for. */
static void clamp(struct cpu_policy_data *p)
{
	uint64_t states = policy_xcr0(p);

	for (unsigned int w = 0; w < FEATURE_WORDS; w++) {
		uint32_t *at = word(p, w);

		if (at) {
			/* HTT and CMP_LEGACY describe the topology that the tool stack chose. */
			uint32_t free = w == 0 ? 1U << 28 : w == 3 ? 1U << 1 : 0;

			*at &= word_value(&policy_hvm_max, w) | free;
		}
	}
	set_feature(p, FEATURE_HYPERVISOR, true);
	set_feature(p, FEATURE_APIC, true);
	p->basic[0].eax = MIN(p->basic[0].eax, policy_hvm_max.basic[0].eax);
	p->ext[0].eax = MIN(p->ext[0].eax, policy_hvm_max.ext[0].eax);
	p->feat[0].eax = MIN(p->feat[0].eax, policy_hvm_max.feat[0].eax);
	memcpy(p->xstate + 2, policy_hvm_max.xstate + 2, sizeof(p->xstate) - 2 * sizeof(p->xstate[0]));
	recalculate(p);
	p->xstate[0].eax &= (uint32_t)states | 3;
	p->ext[8].eax = (p->ext[8].eax & ~0xffU) | MIN(p->ext[8].eax & 0xff, policy_hvm_max.ext[8].eax & 0xff);
}

static long set_policy(struct domain *d, struct xen_domctl_cpu_policy *c)
{
	struct cpu_policy_data *p;
	struct vcpu *v;
	long rc = 0;

	c->err_leaf = c->err_subleaf = c->err_msr = ~0U;
	if (c->nr_leaves > POLICY_LEAVES_MAX || c->nr_msrs > POLICY_MSRS_MAX) {
		return -E2BIG;
	}
	for_each_vcpu(d, v) {
		/* The guest may have looked already. */
		if (v->runstate.time[RUNSTATE_running]) {
			return -EEXIST;
		}
	}
	p = hv_alloc(sizeof(*p));
	if (!p) {
		return -ENOMEM;
	}
	*p = *d->arch.policy;
	for (uint32_t i = 0; !rc && i < c->nr_leaves; i++) {
		xen_cpuid_leaf_t untrusted_e;

		if (guest_read_obj(&untrusted_e, gva_index(gva((uintptr_t)c->leaves.p), i, sizeof(untrusted_e)))) {
			rc = -EFAULT;
			break;
		}
		rc = take_leaf(p, &untrusted_e);
		if (rc) {
			c->err_leaf = untrusted_e.leaf;
			c->err_subleaf = untrusted_e.subleaf;
		}
	}
	for (uint32_t i = 0; !rc && i < c->nr_msrs; i++) {
		xen_msr_entry_t untrusted_m;

		if (guest_read_obj(&untrusted_m, gva_index(gva((uintptr_t)c->msrs.p), i, sizeof(untrusted_m)))) {
			rc = -EFAULT;
		} else if (untrusted_m.flags || (untrusted_m.idx != MSR_PLATFORM_INFO &&
						 untrusted_m.idx != MSR_ARCH_CAPABILITIES)) {
			rc = untrusted_m.flags ? -EINVAL : -ERANGE;
			c->err_msr = untrusted_m.idx;
		} else if (untrusted_m.val & (untrusted_m.idx == MSR_PLATFORM_INFO ?
						      ~policy_hvm_max.platform_info :
						      ~policy_hvm_max.arch_caps)) {
			rc = -EOVERFLOW;
			c->err_msr = untrusted_m.idx;
		} else if (untrusted_m.idx == MSR_PLATFORM_INFO) {
			p->platform_info = untrusted_m.val;
		}
	}
	if (!rc) {
		clamp(p);
		*d->arch.policy = *p;
		d->arch.phys_bits = p->ext[8].eax & 0xff ? p->ext[8].eax & 0xff : d->arch.phys_bits;
	}
	hv_free(p);
	return rc;
}

long policy_domctl(struct xen_domctl *op, struct domain *d)
{
	struct xen_domctl_cpu_policy *c = &op->u.cpu_policy;

	if (op->cmd == XEN_DOMCTL_set_cpu_policy) {
		return d == current->domain ? -EINVAL : set_policy(d, c);
	}
	return get_policy(d->arch.policy, gva((uintptr_t)c->leaves.p), &c->nr_leaves,
			  gva((uintptr_t)c->msrs.p), &c->nr_msrs);
}
