/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=3 cpus=2 */
/*
 * IPIs by every kind of destination: one, self, all, all but self, logical; in xAPIC mode and with
 * a 32-bit destination in x2APIC mode.
 */
#include "guest.h"

static volatile bool stop, ready[3], go_x2apic;

static void listen(void *arg)
{
	unsigned cpu = (unsigned)(uint64_t)arg;

	apic_init();
	apic_write(APIC_LDR, 1u << (24 + cpu));
	apic_write(APIC_DFR, 0xffffffff);
	ready[cpu] = true;
	sti();
	while (!stop) {
		pause();
		if (go_x2apic && !apic_is_x2apic()) {
			apic_enable_x2apic();
			ready[cpu] = true;
		}
	}
	cli();
}

static bool counts(unsigned vector, uint32_t a, uint32_t b, uint32_t c)
{
	return irq_count[0][vector] == a && irq_count[1][vector] == b && irq_count[2][vector] == c;
}

static void expect_counts(const char *what, unsigned vector, uint32_t a, uint32_t b, uint32_t c)
{
	bool met = WAIT_IRQ(counts(vector, a, b, c), 3000);

	delay_us(2000);
	EXPECT(met && counts(vector, a, b, c), "%s: %u %u %u", what, irq_count[0][vector],
	       irq_count[1][vector], irq_count[2][vector]);
}

void guest_main(void)
{
	unsigned cpu;

	apic_init();
	apic_write(APIC_LDR, 1u << 24);
	apic_write(APIC_DFR, 0xffffffff);
	for (cpu = 1; cpu < 3; cpu++) {
		cpu_run(cpu, listen, (void *)(uint64_t)cpu);
	}
	CHECK(WAIT_FOR(ready[1] && ready[2], 5000));
	apic_send(cpu_apic_id(1), APIC_INT_ASSERT | 0x60);
	expect_counts("physical", 0x60, 0, 1, 0);
	apic_send(0, APIC_INT_ASSERT | APIC_DEST_SELF | 0x61);
	expect_counts("self", 0x61, 1, 0, 0);
	apic_send(0, APIC_INT_ASSERT | APIC_DEST_ALL | 0x62);
	expect_counts("all", 0x62, 1, 1, 1);
	apic_send(0, APIC_INT_ASSERT | APIC_DEST_OTHERS | 0x63);
	expect_counts("others", 0x63, 0, 1, 1);
	apic_send(0xff, APIC_INT_ASSERT | 0x64);
	expect_counts("physical broadcast", 0x64, 1, 1, 1);
	apic_send(5, APIC_INT_ASSERT | 0x800 | 0x65);
	expect_counts("logical", 0x65, 1, 0, 1);
	apic_send(200, APIC_INT_ASSERT | 0x66);
	expect_counts("nobody", 0x66, 0, 0, 0);
	ready[1] = ready[2] = false;
	go_x2apic = true;
	apic_enable_x2apic();
	CHECK(WAIT_FOR(ready[1] && ready[2], 5000));
	apic_send(cpu_apic_id(2), APIC_INT_ASSERT | 0x70);
	expect_counts("x2APIC physical", 0x70, 0, 0, 1);
	apic_send(0xffffffff, APIC_INT_ASSERT | 0x71);
	expect_counts("x2APIC broadcast", 0x71, 1, 1, 1);
	apic_send(1u << cpu_apic_id(1) | 1u << cpu_apic_id(2), APIC_INT_ASSERT | 0x800 | 0x72);
	expect_counts("x2APIC logical", 0x72, 0, 1, 1);
	stop = true;
}
