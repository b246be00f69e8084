/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * XSAVES and XRSTORS: where they are offered they work in the compacted form, CPUID tells its size, and IA32_XSS takes
 * what CPUID allows; where not, instruction and MSR are not there.
 */
#include "guest.h"

#define CR4_FOR_XSAVE	(1ul << 9 | 1ul << 18)	/* OSFXSR, OSXSAVE */
#define MSR_XSS		0xda0
#define COMPACTED	(1ull << 63)

static uint8_t area[PAGE_SIZE] __attribute__((aligned(64)));

static void with_xsaves(uint32_t xcr0)
{
	uint64_t value = 0x1122334455667788ull, back = 0, bv, xcomp, xss = 0;
	struct cpuid r = cpuid(0xd, 1);

	EXPECT_EQ(try_rdmsr(MSR_XSS, &xss), 0);
	EXPECT_EQ(xss, 0);
	EXPECT_EQ(try_wrmsr(MSR_XSS, 0), 0);
	EXPECT_EQ(try_wrmsr(MSR_XSS, ~(r.c | (uint64_t)r.d << 32)), FAULT_GP);
	EXPECT(r.b >= 576 && r.b <= PAGE_SIZE, "size %u", r.b);
	memset(area, 0xff, sizeof(area));
	memset(area + 528, 0, 48);	/* of the header only two words are written */
	__asm__ volatile("movq %2, %%xmm5\n"
			 "xsaves64 %0\n"
			 "pxor %%xmm5, %%xmm5\n"
			 "xrstors64 %0\n"
			 "movq %%xmm5, %1\n"
			 : "+m"(area), "=r"(back)
			 : "r"(value), "a"(xcr0), "d"(0));
	EXPECT_EQ(back, value);
	memcpy(&bv, area + 512, 8);
	memcpy(&xcomp, area + 520, 8);
	EXPECT_EQ(xcomp, COMPACTED | xcr0);
	EXPECT((bv & 2) && !(bv & ~(uint64_t)xcr0), "states %#lx", bv);
	EXPECT_EQ(area[r.b], 0xff);
}

void guest_main(void)
{
	struct cpuid f = cpuid(1, 0), states;
	uint64_t cr4, xss;

	if (!(f.c >> 26 & 1)) {
		EXPECT_EQ(try_rdmsr(MSR_XSS, &xss), FAULT_GP);
		return;
	}
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("mov %0, %%cr4" ::"r"(cr4 | CR4_FOR_XSAVE));
	states = cpuid(0xd, 0);
	EXPECT(states.a & 3, "states %#x", states.a);
	__asm__ volatile("xsetbv" ::"a"(states.a), "d"(0), "c"(0));
	EXPECT_EQ(cpuid(0xd, 0).b, states.c);
	if (cpuid(0xd, 1).a >> 3 & 1) {
		with_xsaves(states.a);
	} else {
		EXPECT_EQ(try_rdmsr(MSR_XSS, &xss), FAULT_GP);
		EXPECT_EQ(try_wrmsr(MSR_XSS, 0), FAULT_GP);
	}
}
