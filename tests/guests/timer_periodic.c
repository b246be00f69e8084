/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* The periodic timer: at least a millisecond apart, until it is stopped. */
#include "guest.h"

static long set(uint64_t period)
{
	struct vcpu_set_periodic_timer t = {.period_ns = period};

	return HC(vcpu_op, VCPUOP_set_periodic_timer, 0, &t);
}

void guest_main(void)
{
	struct evtchn_bind_virq v = {.virq = VIRQ_TIMER};
	unsigned i;

	CHECK_EQ(event_op(EVTCHNOP_bind_virq, &v), 0);
	EXPECT_EQ(set(999999), -XEN_EINVAL);
	EXPECT_EQ(set(~0ull), -XEN_EINVAL);
	EXPECT_EQ(set(0), -XEN_EINVAL);
	EXPECT_EQ(set(5000000), 0);
	for (i = 0; i < 5; i++) {
		event_clear(v.port);
		EXPECT(WAIT_FOR(event_pending(v.port), 2000), "period %u", i);
	}
	EXPECT_EQ(HC(vcpu_op, VCPUOP_stop_periodic_timer, 0, 0), 0);
	event_clear(v.port);
	delay_us(30000);
	EXPECT(!event_pending(v.port), "a stopped timer fired");
}
