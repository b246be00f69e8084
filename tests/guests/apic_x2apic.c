/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * x2APIC: 32-bit identity, derived logical identity, no DFR nor ICR2, read-only and write-only
 * registers, reserved bits raise #GP.
 */
#include "guest.h"

static uint32_t reg(unsigned r)
{
	return MSR_X2APIC + r / 16;
}

void guest_main(void)
{
	uint32_t id = cpu_apic_id(0);
	uint64_t v;

	apic_enable_x2apic();
	apic_init();
	EXPECT_EQ(rdmsr(reg(APIC_ID)), id);
	EXPECT_EQ(rdmsr(reg(APIC_LDR)), (uint64_t)(id >> 4) << 16 | 1u << (id & 15));
	EXPECT_EQ(try_wrmsr(reg(APIC_ID), 5), FAULT_GP);
	EXPECT_EQ(try_wrmsr(reg(APIC_LDR), 5), FAULT_GP);
	EXPECT_EQ(try_wrmsr(reg(APIC_VERSION), 5), FAULT_GP);
	EXPECT_EQ(try_rdmsr(reg(APIC_DFR), &v), FAULT_GP);
	EXPECT_EQ(try_wrmsr(reg(APIC_DFR), 0xffffffff), FAULT_GP);
	EXPECT_EQ(try_rdmsr(reg(APIC_ICR2), &v), FAULT_GP);
	EXPECT_EQ(try_wrmsr(reg(APIC_ICR2), 0), FAULT_GP);
	EXPECT_EQ(try_rdmsr(reg(APIC_EOI), &v), FAULT_GP);
	EXPECT_EQ(try_wrmsr(reg(APIC_EOI), 1), FAULT_GP);
	EXPECT_EQ(try_wrmsr(reg(APIC_EOI), 0), 0);
	EXPECT_EQ(try_wrmsr(reg(APIC_ESR), 1), FAULT_GP);
	EXPECT_EQ(try_wrmsr(reg(APIC_ESR), 0), 0);
	EXPECT_EQ(try_wrmsr(reg(APIC_TPR), 0x100), FAULT_GP);
	EXPECT_EQ(try_wrmsr(reg(APIC_SVR), 1ull << 32), FAULT_GP);
	EXPECT_EQ(try_wrmsr(reg(APIC_LVTT), 1u << 20), FAULT_GP);
	EXPECT_EQ(try_wrmsr(reg(APIC_TMCCT), 1), FAULT_GP);
	EXPECT_EQ(try_wrmsr(reg(APIC_ISR), 1), FAULT_GP);
	EXPECT_EQ(try_rdmsr(reg(APIC_ISR), &v), 0);
	EXPECT_EQ(try_rdmsr(0x83f, &v), FAULT_GP);
	EXPECT_EQ(try_rdmsr(0x840, &v), FAULT_GP);
	EXPECT_EQ(try_rdmsr(0x8ff, &v), FAULT_GP);
	EXPECT_EQ(try_wrmsr(0x83f, 0x1000), FAULT_GP);
	/* The self-IPI register. */
	EXPECT_EQ(try_wrmsr(0x83f, 0x61), 0);
	EXPECT(WAIT_IRQ(irq_count[0][0x61] == 1, 1000), "no self IPI");
	/* The ICR keeps 64 bits. */
	wrmsr(reg(APIC_ICR), (uint64_t)id << 32 | APIC_INT_ASSERT | 0x62);
	EXPECT_EQ(rdmsr(reg(APIC_ICR)) >> 32, id);
	EXPECT(WAIT_IRQ(irq_count[0][0x62] == 1, 1000), "no IPI");
}
