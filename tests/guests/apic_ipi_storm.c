/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=3 cpus=2 timeout=180 */
/*
 * Two vCPUs send to a third without end, each waiting only for its own to arrive: no IPI is lost,
 * whether the third spins, halts, has interrupts off for a moment, or is in the hypervisor just
 * then.
 */
#include "guest.h"

#define ROUNDS 3000u
#define TO     2u

static volatile bool stop, ready;
static volatile uint32_t sent[2];

static void receive(void *arg)
{
	(void)arg;
	apic_enable_x2apic();
	apic_init();
	ready = true;
	for (unsigned round = 0; !stop; round++) {
		switch (round / 64 % 3) {
		case 0:
			sti();
			pause();
			break;
		case 1:
			halt_once();
			break;
		default:
			cli();
			(void)cpuid(0, 0);
			sti();
			break;
		}
	}
	cli();
}

static void send(unsigned self)
{
	unsigned vector = 0x60 + 0x21 * self;

	for (uint32_t round = 1; round <= ROUNDS; round++) {
		apic_send(cpu_apic_id(TO), APIC_INT_ASSERT | vector);
		if (!WAIT_FOR(irq_count[TO][vector] == round, 5000)) {
			return;
		}
		sent[self] = round;
	}
}

static void other(void *arg)
{
	(void)arg;
	apic_enable_x2apic();
	apic_init();
	send(1);
}

void guest_main(void)
{
	apic_enable_x2apic();
	apic_init();
	cpu_run(TO, receive, NULL);
	CHECK(WAIT_FOR(ready, 5000));
	cpu_run(1, other, NULL);
	send(0);
	EXPECT_EQ(sent[0], ROUNDS);
	EXPECT(WAIT_FOR(sent[1] == ROUNDS, 30000), "the second sender stands at %u", sent[1]);
	delay_us(2000);
	EXPECT_EQ(irq_count[TO][0x60], ROUNDS);
	EXPECT_EQ(irq_count[TO][0x81], ROUNDS);
	stop = true;
	/* One more, should it halt. */
	apic_send(cpu_apic_id(TO), APIC_INT_ASSERT | 0x62);
}
