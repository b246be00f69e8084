/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * CPUID and MSR policy as data (arch/x86/policy.c, cpuid.c): the machine's, the maximum and default for
 * guests, and each domain's own. Leaves as in XEN_SYSCTL_get_cpu_policy.
 */
#include <hv/types.h>
#include <asm/processor.h>

struct domain;
struct xen_sysctl;
struct xen_domctl;

/* The leaves that the ABI's serialised form knows (libx86 of 4.17). */
#define POLICY_BASIC_MAX	0xdU
#define POLICY_EXT_MAX		0x80000021U
#define POLICY_CACHE_LEAVES	6
#define POLICY_FEAT_LEAVES	3
#define POLICY_TOPO_LEAVES	2
#define POLICY_XSTATE_LEAVES	63
#define POLICY_EXT_LEAVES	34
#define POLICY_LEAVES_MAX	120
#define POLICY_MSRS_MAX		2

struct cpu_policy_data {
	struct cpuid_regs basic[POLICY_BASIC_MAX + 1];	/* 4, 7, 0xb, 0xd: see below */
	struct cpuid_regs cache[POLICY_CACHE_LEAVES];
	struct cpuid_regs feat[POLICY_FEAT_LEAVES];
	struct cpuid_regs topo[POLICY_TOPO_LEAVES];
	struct cpuid_regs xstate[POLICY_XSTATE_LEAVES];
	struct cpuid_regs ext[POLICY_EXT_LEAVES];
	uint64_t platform_info;
	uint64_t arch_caps;
};

enum policy_vendor { POLICY_INTEL = 1, POLICY_AMD = 2 };	/* bits */
/* By the vendor's name in leaf 0; 0: another one. */
unsigned int policy_vendor(const struct cpu_policy_data *p);

extern struct cpu_policy_data policy_host, policy_hvm_max, policy_hvm_default;
/* Guests never see this FEATURE_* of asm/cpuid-bits.h. By the vendor's code, before policy_init. */
void policy_hide(unsigned int feature);
void policy_init(void);				/* boot CPU: host, max, default */
/* d starts with the default policy, the service VM with one of its own. */
int policy_domain_init(struct domain *d);
void policy_domain_destroy(struct domain *d);

/* Looks a feature bit up in the domain's policy: FEATURE_* of asm/cpuid-bits.h. */
bool policy_has(const struct cpu_policy_data *p, unsigned int feature);
/* XCR0 bits that the domain may set. */
uint64_t policy_xcr0(const struct cpu_policy_data *p);

/* Called by sysctl/domctl. */
long policy_sysctl_get(struct xen_sysctl *op);
long policy_sysctl_featureset(struct xen_sysctl *op);
long policy_domctl(struct xen_domctl *op, struct domain *d);
