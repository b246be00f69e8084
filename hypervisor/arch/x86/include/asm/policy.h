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

struct policy_leaf {
	uint32_t leaf, subleaf;		/* subleaf XEN_CPUID_NO_SUBLEAF: the leaf has none */
	struct cpuid_regs r;
};
#define POLICY_LEAVES_MAX 160

struct cpu_policy_data {
	unsigned int leaf_count;
	struct policy_leaf leaves[POLICY_LEAVES_MAX];
	uint32_t basic_max, ext_max;
	uint64_t platform_info;
	uint64_t arch_caps;
};

void policy_init(void);				/* boot: host, max, default */
extern struct cpu_policy_data policy_host, policy_hvm_max, policy_hvm_default;
int policy_domain_init(struct domain *d);
/* Called by sysctl/domctl. */
long policy_sysctl_get(struct xen_sysctl *op);
long policy_sysctl_featureset(struct xen_sysctl *op);
long policy_domctl(struct xen_domctl *op, struct domain *d);
