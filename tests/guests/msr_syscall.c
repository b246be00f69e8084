/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* The system-call and segment-base MSRs: values stay. */
#include "guest.h"

void guest_main(void)
{
	static const uint32_t bases[] = {MSR_LSTAR, MSR_CSTAR, MSR_FS_BASE, MSR_GS_BASE,
					 MSR_KERNEL_GS_BASE};
	static const uint32_t plain[] = {MSR_STAR, MSR_SYSENTER_CS};
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		uint64_t old = rdmsr(bases[i]);

		EXPECT(try_wrmsr(bases[i], 0xffff800012345678ull) == 0, "%#x", bases[i]);
		EXPECT(rdmsr(bases[i]) == 0xffff800012345678ull, "%#x", bases[i]);
		wrmsr(bases[i], old);
	}
	for (i = 0; i < ARRAY_SIZE(plain); i++) {
		EXPECT(try_wrmsr(plain[i], 0x10) == 0, "%#x", plain[i]);
		EXPECT(rdmsr(plain[i]) == 0x10, "%#x", plain[i]);
	}
	EXPECT_EQ(try_wrmsr(MSR_SFMASK, 0x200), 0);
	EXPECT_EQ(rdmsr(MSR_SFMASK), 0x200);
}
