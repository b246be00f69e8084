/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/* HLT ends with an interrupt, and only with one: a timer, an IPI, an event; not with a masked one.
 */
#include "guest.h"

static volatile uint32_t stage;

static void sleeper(void *arg)
{
	(void)arg;
	apic_init();
	stage = 1;
	halt_once();
	stage = 2;
	halt_once();
	stage = 3;
}

void guest_main(void)
{
	evtchn_port_t p = event_bind_ipi(1);
	uint64_t t0;

	events_init();
	apic_init();
	apic_write(APIC_TDCR, 0xb);
	apic_write(APIC_LVTT, 0x50);
	t0 = rdtsc();
	apic_write(APIC_TMICT, 20000000);
	halt_once();
	EXPECT_EQ(irq_count[0][0x50], 1);
	EXPECT(rdtsc() - t0 > tsc_khz(), "the halt took no time");
	vcpu_info(1)->evtchn_upcall_pending = 0;
	cpu_run(1, sleeper, NULL);
	CHECK(WAIT_FOR(stage == 1, 5000));
	delay_us(20000);
	EXPECT_EQ(stage, 1);
	apic_send(cpu_apic_id(1), APIC_INT_ASSERT | 0x60);
	EXPECT(WAIT_FOR(stage == 2, 5000), "the IPI did not end the halt");
	delay_us(20000);
	EXPECT_EQ(stage, 2);
	EXPECT_EQ(event_send(p), 0);
	EXPECT(WAIT_FOR(stage == 3, 5000), "the event did not end the halt");
	EXPECT_EQ(irq_count[1][EVENT_VECTOR], 1);
}
