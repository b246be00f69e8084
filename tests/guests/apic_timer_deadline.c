/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * TSC-deadline mode: an absolute time stamp fires once and clears the register, the past fires at
 * once, 0 disarms; outside of that mode the register reads 0 and ignores writes.
 */
#include "guest.h"

#define VECTOR 0x51

static uint32_t irqs(void)
{
	return irq_count[0][VECTOR];
}

void guest_main(void)
{
	uint64_t until;

	if (!(cpuid(1, 0).c >> 24 & 1)) {
		guest_skip("no TSC-deadline timer");
	}
	apic_init();
	wrmsr(MSR_TSC_DEADLINE, rdtsc() + 1000);
	EXPECT_EQ(rdmsr(MSR_TSC_DEADLINE), 0);
	apic_write(APIC_LVTT, APIC_LVT_DEADLINE | VECTOR);
	until = rdtsc() + 300 * tsc_khz();
	wrmsr(MSR_TSC_DEADLINE, until);
	EXPECT_EQ(rdmsr(MSR_TSC_DEADLINE), until);
	EXPECT(WAIT_IRQ(irqs() == 1, 3000), "no interrupt");
	EXPECT(rdtsc() >= until, "early");
	EXPECT_EQ(rdmsr(MSR_TSC_DEADLINE), 0);
	wrmsr(MSR_TSC_DEADLINE, 1);
	EXPECT(WAIT_IRQ(irqs() == 2, 1000), "the past does not fire");
	wrmsr(MSR_TSC_DEADLINE, rdtsc() + 20 * tsc_khz());
	wrmsr(MSR_TSC_DEADLINE, 0);
	EXPECT(!WAIT_IRQ(irqs() > 2, 60), "a disarmed timer fired");
	/* The count register is out of use. */
	apic_write(APIC_TMICT, 1000);
	EXPECT(!WAIT_IRQ(irqs() > 2, 60), "the initial count fired");
	EXPECT_EQ(apic_read(APIC_TMCCT), 0);
}
