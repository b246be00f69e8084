/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=4 cpus=2 */
/*
 * vCPUs start by INIT and start-up IPIs only: they are down before, all run at once afterwards, and
 * a second start-up IPI to a running one changes nothing.
 */
#include "guest.h"

static volatile uint32_t met;

static void meet(void *arg)
{
	(void)arg;
	atomic_add(&met, 1);
	WAIT_FOR(met >= 3, 10000);
}

void guest_main(void)
{
	unsigned cpu;

	CHECK_EQ(cpu_count(), 4);
	for (cpu = 1; cpu < 4; cpu++) {
		EXPECT_EQ(HC(vcpu_op, VCPUOP_is_up, cpu, 0), 0);
		cpu_run(cpu, meet, NULL);
		EXPECT_EQ(HC(vcpu_op, VCPUOP_is_up, cpu, 0), 1);
	}
	for (cpu = 1; cpu < 4; cpu++) {
		cpu_wait(cpu);
	}
	EXPECT_EQ(met, 3);
	apic_send(cpu_apic_id(1), APIC_DM_STARTUP | APIC_INT_ASSERT | 0x99);
	delay_us(5000);
	met = 2;
	cpu_run(1, meet, NULL);
	cpu_wait(1);
	EXPECT_EQ(met, 3);
}
