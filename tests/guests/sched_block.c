/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* A blocked vCPU sleeps until its timer event, and the upcall runs before the caller goes on. */
#include "guest.h"

void guest_main(void)
{
	struct evtchn_bind_virq v = {.virq = VIRQ_TIMER};
	struct vcpu_set_singleshot_timer t = {0};
	struct vcpu_runstate_info before, after;
	uint64_t t0;

	events_init();
	CHECK_EQ(event_op(EVTCHNOP_bind_virq, &v), 0);
	CHECK_EQ(HC(vcpu_op, VCPUOP_get_runstate_info, 0, &before), 0);
	t0 = system_time(0);
	t.timeout_abs_ns = t0 + 50000000;
	CHECK_EQ(HC(vcpu_op, VCPUOP_set_singleshot_timer, 0, &t), 0);
	sti();
	EXPECT_EQ(HC(sched_op, SCHEDOP_block, 0), 0);
	cli();
	EXPECT(system_time(0) >= t0 + 50000000, "block returned early");
	EXPECT_EQ(irq_count[0][EVENT_VECTOR], 1);
	CHECK_EQ(HC(vcpu_op, VCPUOP_get_runstate_info, 0, &after), 0);
	EXPECT(after.time[RUNSTATE_blocked] - before.time[RUNSTATE_blocked] > 20000000,
	       "blocked for %lu ns only",
	       after.time[RUNSTATE_blocked] - before.time[RUNSTATE_blocked]);
}
