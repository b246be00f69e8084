/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * APIC_BASE: from xAPIC to x2APIC and to disabled, from disabled back to xAPIC; the other changes
 * and the reserved bits raise #GP.
 */
#include "guest.h"

void guest_main(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE), v;

	EXPECT_EQ(try_wrmsr(MSR_APIC_BASE, (base & ~APIC_BASE_ENABLE) | APIC_BASE_EXTD), FAULT_GP);
	EXPECT_EQ(try_wrmsr(MSR_APIC_BASE, base | 1), FAULT_GP);
	EXPECT_EQ(try_wrmsr(MSR_APIC_BASE, base | 1ull << 60), FAULT_GP);
	EXPECT_EQ(rdmsr(MSR_APIC_BASE), base);
	EXPECT_EQ(try_rdmsr(MSR_X2APIC + APIC_ID / 16, &v), FAULT_GP);
	EXPECT_EQ(try_wrmsr(MSR_APIC_BASE, base | APIC_BASE_EXTD), 0);
	EXPECT_EQ(try_rdmsr(MSR_X2APIC + APIC_ID / 16, &v), 0);
	EXPECT_EQ(v, cpu_apic_id(0));
	EXPECT_EQ(try_wrmsr(MSR_APIC_BASE, base), FAULT_GP);
	EXPECT_EQ(try_wrmsr(MSR_APIC_BASE, base & ~APIC_BASE_ENABLE), 0);
	EXPECT_EQ(cpuid(1, 0).d >> 9 & 1, 0);
	EXPECT_EQ(try_rdmsr(MSR_X2APIC + APIC_ID / 16, &v), FAULT_GP);
	EXPECT_EQ(try_wrmsr(MSR_APIC_BASE, base), 0);
	EXPECT_EQ(cpuid(1, 0).d >> 9 & 1, 1);
	EXPECT_EQ(apic_read(APIC_ID) >> 24, cpu_apic_id(0));
	EXPECT_EQ(apic_read(APIC_SVR) & 0x1ff, 0xff);
}
