/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Speculation across VMs. By CPUID and ARCH_CAPABILITIES alone: what a CPU says that it is not prone to costs nothing.
 * Intel SDM vol. 4, "IA32_ARCH_CAPABILITIES"; AMD, "Software techniques for managing speculation".
 */
#include <asm/cpuid-bits.h>
#include <asm/msr-index.h>
#include <asm/policy.h>
#include <asm/processor.h>
#include <asm/speculation.h>
#include <hv/cpu.h>
#include <hv/log.h>

#define FEATURE_RTM		FEATURE(5, 11)
#define FEATURE_MD_CLEAR	FEATURE(9, 10)
#define FEATURE_IBRSB		FEATURE(9, 26)		/* Intel's IBRS and IBPB */
#define FEATURE_L1D_FLUSH	FEATURE(9, 28)
#define FEATURE_AUTO_IBRS	FEATURE(11, 8)

#define CAPS_RDCL_NO		BIT(0)
#define CAPS_IBRS_ALL		BIT(1)
#define CAPS_SKIP_L1DFL		BIT(3)
#define CAPS_MDS_NO		BIT(5)
#define CAPS_TAA_NO		BIT(8)
#define CAPS_MMIO_NO		(BIT(13) | BIT(14) | BIT(15))
#define CAPS_FB_CLEAR		BIT(17)

#define SPEC_CTRL_IBRS		BIT(0)
#define PRED_CMD_IBPB		BIT(0)
#define EFER_AUTO_IBRS		BIT(21)

struct speculation speculation;

static bool host_has(unsigned int feature)
{
	return policy_has(&policy_host, feature);
}

/* MDS, TAA, MMIO stale data: what a guest could still find in fill and store buffers. */
static bool needs_verw(uint64_t caps)
{
	bool mds = !(caps & CAPS_MDS_NO), taa = host_has(FEATURE_RTM) && !(caps & CAPS_TAA_NO);
	bool mmio = (caps & CAPS_FB_CLEAR) && (caps & CAPS_MMIO_NO) != CAPS_MMIO_NO;

	return host_has(FEATURE_MD_CLEAR) && (mds || taa || mmio);
}

void speculation_init(void)
{
	uint64_t caps = policy_host.arch_caps;
	bool intel = policy_vendor(&policy_host) == POLICY_INTEL;

	speculation = (struct speculation){
		.ibpb = host_has(FEATURE_IBPB) || host_has(FEATURE_IBRSB),
		.verw = intel && needs_verw(caps),
		.flush_l1d = intel && host_has(FEATURE_L1D_FLUSH) && !(caps & (CAPS_RDCL_NO | CAPS_SKIP_L1DFL)),
	};
	log_info("Speculation: %s%s%s%s\n", speculation.ibpb ? "IBPB between domains" : "no IBPB",
		 speculation.flush_l1d ? ", L1D flushed at entry" :
		 speculation.verw ? ", buffers cleared at entry" : "",
		 caps & CAPS_IBRS_ALL ? ", enhanced IBRS" : "",
		 host_has(FEATURE_AUTO_IBRS) ? ", automatic IBRS" : "");
	speculation_init_cpu();
}

/* Those kinds of IBRS that are set once and keep what guests trained away from the hypervisor's own branches. */
void speculation_init_cpu(void)
{
	if ((policy_host.arch_caps & CAPS_IBRS_ALL) && host_has(FEATURE_IBRSB)) {
		/* Guests have no SPEC_CTRL of their own, so it stays. */
		wrmsr(MSR_SPEC_CTRL, SPEC_CTRL_IBRS);
	}
	if (host_has(FEATURE_AUTO_IBRS)) {
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_AUTO_IBRS);
	}
}

void speculation_switch(uint16_t domain)
{
	struct arch_cpu *c = &this_cpu()->arch;

	if (speculation.ibpb && c->predictor_owner != domain) {
		wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
		c->predictor_owner = domain;
	}
}
