/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* EFER: LME and LMA are on, reserved bits and SVME raise #GP, LME cannot go while paging is on. */
#include "guest.h"

void guest_main(void)
{
	uint64_t efer = rdmsr(MSR_EFER);

	EXPECT_EQ(efer & (EFER_LME | EFER_LMA), EFER_LME | EFER_LMA);
	EXPECT_EQ(efer & EFER_SVME, 0);
	EXPECT_EQ(try_wrmsr(MSR_EFER, efer | EFER_SVME), FAULT_GP);
	EXPECT_EQ(try_wrmsr(MSR_EFER, efer | 1ull << 1), FAULT_GP);
	EXPECT_EQ(try_wrmsr(MSR_EFER, efer | 1ull << 40), FAULT_GP);
	EXPECT_EQ(try_wrmsr(MSR_EFER, efer & ~EFER_LME), FAULT_GP);
	EXPECT_EQ(try_wrmsr(MSR_EFER, efer & ~EFER_SCE), 0);
	EXPECT_EQ(rdmsr(MSR_EFER), efer & ~EFER_SCE);
	EXPECT_EQ(try_wrmsr(MSR_EFER, efer & ~EFER_NXE), 0);
	EXPECT_EQ(try_wrmsr(MSR_EFER, efer), 0);
	EXPECT_EQ(rdmsr(MSR_EFER), efer);
}
