/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * A registered runstate area follows by itself: filled when it is registered, and after a vCPU was
 * blocked its times have grown by what the clock has. Other calls of VCPUOP are not ARM's.
 */
#include "guest.h"

#define VIRTUAL	    27
#define BLOCK_US    20000
#define TOLERANCE   100000ul /* what the two clocks lose in conversion */
#define US_TO_NS(x) ((x)*1000ul)

static void on_irq(uint32_t intid)
{
	timer_control_set(intid == VIRTUAL, 0);
}

static uint64_t sum(const volatile struct vcpu_runstate_info *r)
{
	return r->time[0] + r->time[1] + r->time[2] + r->time[3];
}

static void block(void)
{
	irq_count[0][VIRTUAL] = 0;
	timer_start(true, BLOCK_US * tsc_khz() / 1000);
	sti();
	EXPECT_EQ(HC(sched_op, SCHEDOP_block, 0), 0);
	cli();
	EXPECT_EQ(irq_count[0][VIRTUAL], 1);
}

void guest_main(void)
{
	static struct vcpu_runstate_info area, first, unused;
	struct vcpu_register_runstate_memory_area reg = {0};
	uint64_t t0, t1, passed;

	private_irq = on_irq;
	irqs_init(1u << VIRTUAL);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_get_runstate_info, 0, &unused), -XEN_EINVAL);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_is_up, 0, 0), -XEN_EINVAL);
	reg.addr.v = &area;
	EXPECT_EQ(HC(vcpu_op, VCPUOP_register_runstate_memory_area, 7, &reg), -XEN_ENOENT);
	EXPECT_EQ(area.state_entry_time, 0);
	CHECK_EQ(HC(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &reg), 0);
	barrier();
	EXPECT_EQ(area.state, RUNSTATE_running);
	EXPECT(area.state_entry_time, "no time of entry");
	t0 = rdtsc();
	block();
	first = area;
	EXPECT_EQ(first.state, RUNSTATE_running);
	block();
	t1 = rdtsc();
	barrier();
	EXPECT_EQ(area.state, RUNSTATE_running);
	EXPECT(area.time[RUNSTATE_blocked] - first.time[RUNSTATE_blocked] >= US_TO_NS(BLOCK_US) / 2,
	       "blocked for %lu ns", area.time[RUNSTATE_blocked] - first.time[RUNSTATE_blocked]);
	/* From the first block's end to the second's: within this, however slow the machine is in between. */
	passed = (t1 - t0) * 1000000 / tsc_khz();
	EXPECT(sum(&area) - sum(&first) <= passed + TOLERANCE &&
		   sum(&area) - sum(&first) + TOLERANCE >= US_TO_NS(BLOCK_US),
	       "the times grow by %lu of %lu ns", sum(&area) - sum(&first), passed);
	EXPECT_EQ(sum(&area) - sum(&first), area.state_entry_time - first.state_entry_time);
}
