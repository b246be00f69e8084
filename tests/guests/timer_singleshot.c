/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * The one-shot timer of a vCPU: an absolute time; the past fires at once, also when the caller
 * says `future` (older releases refused that); another vCPU's timer may not be set.
 */
#include "guest.h"

static evtchn_port_t port;

static long set(unsigned vcpu, uint64_t when, uint32_t flags)
{
	struct vcpu_set_singleshot_timer t = {.timeout_abs_ns = when, .flags = flags};

	event_clear(port);
	return HC(vcpu_op, VCPUOP_set_singleshot_timer, vcpu, &t);
}

void guest_main(void)
{
	struct evtchn_bind_virq v = {.virq = VIRQ_TIMER};
	uint64_t when, now;

	CHECK_EQ(event_op(EVTCHNOP_bind_virq, &v), 0);
	port = v.port;
	when = system_time(0) + 20000000;
	EXPECT_EQ(set(0, when, VCPU_SSHOTTMR_future), 0);
	EXPECT(!event_pending(port) || system_time(0) >= when, "early");
	EXPECT(WAIT_FOR(event_pending(port), 2000), "no timer event");
	now = system_time(0);
	EXPECT(now >= when, "%lu ns early", when - now);
	EXPECT(now < when + 500000000, "%lu ns late", now - when);
	EXPECT_EQ(set(0, 1, 0), 0);
	EXPECT(WAIT_FOR(event_pending(port), 1000), "a time in the past does not fire");
	EXPECT_EQ(set(0, 1, VCPU_SSHOTTMR_future), 0);
	EXPECT(WAIT_FOR(event_pending(port), 1000), "nor does one that had to be in the future");
	EXPECT_EQ(set(0, system_time(0) + 30000000, 0), 0);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_stop_singleshot_timer, 0, 0), 0);
	delay_us(60000);
	EXPECT(!event_pending(port), "a stopped timer fired");
	EXPECT_EQ(set(1, when, 0), -XEN_EINVAL);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_set_singleshot_timer, 0, 0x200000000ul), -XEN_EFAULT);
	/* The older form. */
	event_clear(port);
	EXPECT_EQ(HC(set_timer_op, system_time(0) + 10000000), 0);
	EXPECT(WAIT_FOR(event_pending(port), 2000), "set_timer_op");
	event_clear(port);
	EXPECT_EQ(HC(set_timer_op, system_time(0) + 30000000), 0);
	EXPECT_EQ(HC(set_timer_op, 0), 0);
	delay_us(60000);
	EXPECT(!event_pending(port), "set_timer_op(0) does not stop the timer");
}
