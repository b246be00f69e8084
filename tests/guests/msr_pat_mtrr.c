/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * PAT and MTRRs hold what is written; the MTRRs raise #GP for types that do not exist. (For PAT
 * that is up to the processor, and the emulated one does not look.)
 */
#include "guest.h"

void guest_main(void)
{
	uint64_t pat = rdmsr(MSR_PAT), cap, v;

	EXPECT_EQ(try_wrmsr(MSR_PAT, 0x0007010600070106ull), 0);
	EXPECT_EQ(rdmsr(MSR_PAT), 0x0007010600070106ull);
	wrmsr(MSR_PAT, pat);
	if (!(cpuid(1, 0).d >> 12 & 1)) {
		return;
	}
	CHECK_EQ(try_rdmsr(MSR_MTRRCAP, &cap), 0);
	EXPECT((cap & 0xff) > 0 && (cap & 0xff) <= 16, "%#lx", cap);
	EXPECT_EQ(try_wrmsr(MSR_MTRRCAP, cap), FAULT_GP);
	CHECK_EQ(try_rdmsr(MSR_MTRR_DEFTYPE, &v), 0);
	EXPECT_EQ(try_wrmsr(MSR_MTRR_DEFTYPE, (v & ~0xffull) | 2), FAULT_GP);
	EXPECT_EQ(try_wrmsr(MSR_MTRR_DEFTYPE, v | 1ull << 20), FAULT_GP);
	CHECK_EQ(try_rdmsr(MSR_MTRR_PHYSBASE0, &v), 0);
	EXPECT_EQ(try_wrmsr(MSR_MTRR_PHYSBASE0, 0x80000002), FAULT_GP);
	EXPECT_EQ(try_wrmsr(MSR_MTRR_PHYSBASE0, 0x80000800), FAULT_GP);
	EXPECT_EQ(try_wrmsr(MSR_MTRR_PHYSBASE0 + 2 * (cap & 0xff), 0), FAULT_GP);
	if (cap >> 8 & 1) {
		CHECK_EQ(try_rdmsr(MSR_MTRR_FIX64K, &v), 0);
		EXPECT_EQ(try_wrmsr(MSR_MTRR_FIX64K, 0x0303030303030303ull), FAULT_GP);
		EXPECT_EQ(rdmsr(MSR_MTRR_FIX64K), v);
	}
}
