/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* Writing the TSC moves it for the guest; TSC_ADJUST tells how far, where it is offered. */
#include "guest.h"

void guest_main(void)
{
	uint64_t tsc = rdtsc(), adjust;
	int64_t jump;

	EXPECT_EQ(try_wrmsr(MSR_TSC, tsc + (1ull << 40)), 0);
	jump = rdtsc() - tsc;
	EXPECT(jump >= 1ll << 40 && jump < (1ll << 40) + (1ll << 34), "moved by %ld", jump);
	if (cpuid(7, 0).b >> 1 & 1) {
		EXPECT_EQ(try_rdmsr(MSR_TSC_ADJUST, &adjust), 0);
		EXPECT((int64_t)adjust > 1ll << 39, "adjust %#lx", adjust);
	}
}
