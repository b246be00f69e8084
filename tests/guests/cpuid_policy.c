/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * The processor as a guest sees it: a hypervisor is there, nested virtualisation is not, the APIC
 * number is the vCPU's, and bits that mirror control registers follow them.
 */
#include "guest.h"

#define VENDOR_INTEL	0x756e6547
#define CR4_OSXSAVE (1ul << 18)

static struct cpuid other;

static void ask(void *arg)
{
	(void)arg;
	other = cpuid(1, 0);
}

void guest_main(void)
{
	struct cpuid r = cpuid(1, 0), e = cpuid(0x80000001, 0);
	uint64_t cr4;

	EXPECT(r.c >> 31 & 1, "no hypervisor bit");
	EXPECT(!(r.c >> 5 & 1), "VMX is offered");
	EXPECT(!(e.c >> 2 & 1), "SVM is offered");
	EXPECT(!(r.c >> 3 & 1), "MONITOR is offered");
	EXPECT(r.c >> 21 & 1, "no x2APIC");
	EXPECT(r.d >> 9 & 1, "no APIC");
	EXPECT(r.d >> 16 & 1, "no PAT");
	EXPECT(e.d >> 20 & 1, "no NX");
	EXPECT(e.d >> 29 & 1, "no long mode");
	EXPECT_EQ(r.b >> 24, cpu_apic_id(0));
	EXPECT_EQ(r.b >> 24, apic_read(APIC_ID) >> 24);
	cpu_run(1, ask, NULL);
	cpu_wait(1);
	EXPECT_EQ(other.b >> 24, cpu_apic_id(1));
	EXPECT_EQ(other.c, r.c);
	if (r.c >> 26 & 1) {
		__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
		EXPECT_EQ(r.c >> 27 & 1, 0);
		__asm__ volatile("mov %0, %%cr4" ::"r"(cr4 | CR4_OSXSAVE));
		EXPECT_EQ(cpuid(1, 0).c >> 27 & 1, 1);
		__asm__ volatile("mov %0, %%cr4" ::"r"(cr4));
	}
	/* Topology: the x2APIC number on two levels, and no level after them. */
	for (uint32_t i = 0; i < 2; i++) {
		EXPECT_EQ(cpuid(0xb, i).c & 0xff, i);
		EXPECT_EQ(cpuid(0xb, i).d, cpu_apic_id(0));
	}
	EXPECT_EQ(cpuid(0xb, 2).d, 0);
	if (cpuid(0, 0).b == VENDOR_INTEL) {
		EXPECT_EQ(cpuid(0x80000000, 0).a, 0x80000008);
		EXPECT_EQ(e.a | e.b, 0);
		EXPECT_EQ(cpuid(0x80000006, 0).a | cpuid(0x80000006, 0).b | cpuid(0x80000006, 0).d, 0);
		EXPECT_EQ(cpuid(0x80000008, 0).c, 0);
		EXPECT_EQ(cpuid(2, 0).a & 0xff, 1);
		EXPECT_EQ(cpuid(3, 0).c | cpuid(3, 0).d, 0);
	} else {
		EXPECT_EQ(cpuid(2, 0).a | cpuid(4, 0).a, 0);
		EXPECT_EQ(cpuid(0x80000000, 0).b, cpuid(0, 0).b);
	}
	EXPECT((cpuid(0x80000008, 0).a & 0xff) >= 36, "%u address bits",
	       cpuid(0x80000008, 0).a & 0xff);
}
