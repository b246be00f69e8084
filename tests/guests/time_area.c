/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * pvclock: the version is even, the system time grows, agrees between vCPUs whatever page it is
 * read from, and a registered secondary area carries the same values.
 */
#include "guest.h"

static volatile uint64_t last;
static volatile uint32_t lock, backwards;
static volatile bool stop;

static void tick(unsigned cpu)
{
	uint64_t t;

	while (__atomic_exchange_n(&lock, 1, __ATOMIC_SEQ_CST)) {
		pause();
	}
	t = system_time(cpu);
	if (t + 1000 < last) {
		backwards++;
	}
	last = t;
	__atomic_store_n(&lock, 0, __ATOMIC_SEQ_CST);
}

static void peer(void *arg)
{
	(void)arg;
	while (!stop) {
		tick(1);
	}
}

void guest_main(void)
{
	static struct vcpu_time_info area;
	struct vcpu_register_time_memory_area reg;
	uint64_t t0, ticks;
	unsigned i;

	EXPECT(!(vcpu_info(0)->time.version & 1));
	t0 = system_time(0);
	ticks = rdtsc();
	delay_us(50000);
	ticks = tsc_to_ns(rdtsc() - ticks);
	t0 = system_time(0) - t0;
	EXPECT(t0 > ticks - 1000000 && t0 < ticks + 5000000, "%lu ns by the clock, %lu by the TSC",
	       t0, ticks);
	reg.addr.v = &area;
	EXPECT_EQ(HC(vcpu_op, VCPUOP_register_vcpu_time_memory_area, 0, &reg), 0);
	EXPECT(area.tsc_to_system_mul == vcpu_info(0)->time.tsc_to_system_mul, "multiplier %u",
	       area.tsc_to_system_mul);
	EXPECT_EQ(area.tsc_shift, vcpu_info(0)->time.tsc_shift);
	cpu_run(1, peer, NULL);
	for (i = 0; i < 20000; i++) {
		tick(0);
	}
	stop = true;
	cpu_wait(1);
	EXPECT(!backwards, "time went back %u times", backwards);
}
