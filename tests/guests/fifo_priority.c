/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * set_priority: 0 to 15, on FIFO alone. Events of each priority queue up on their own list, in the
 * order of the sends, and the ready word names the lists.
 */
#include "guest.h"

static long set_priority(evtchn_port_t port, uint32_t priority)
{
	struct evtchn_set_priority p = {.port = port, .priority = priority};

	return event_op(EVTCHNOP_set_priority, &p);
}

void guest_main(void)
{
	evtchn_port_t p[6];
	unsigned i;

	p[0] = event_bind_ipi(0);
	EXPECT_EQ(set_priority(p[0], 3), -XEN_ENOSYS);
	fifo_init(0);
	fifo_fit(1);
	for (i = 1; i < 6; i++) {
		p[i] = event_bind_ipi(0);
	}
	EXPECT_EQ(set_priority(p[0], 16), -XEN_EINVAL);
	EXPECT_EQ(set_priority(p[0], ~0u), -XEN_EINVAL);
	EXPECT_EQ(set_priority(~0u, 3), -XEN_EINVAL);
	EXPECT_EQ(set_priority(p[1], EVTCHN_FIFO_PRIORITY_MAX), 0);
	EXPECT_EQ(set_priority(p[2], EVTCHN_FIFO_PRIORITY_MIN), 0);
	EXPECT_EQ(set_priority(p[3], EVTCHN_FIFO_PRIORITY_MAX), 0);
	for (i = 0; i < 6; i++) {
		EXPECT_EQ(event_unmask(p[i]), 0);
		EXPECT_EQ(event_send(p[i]), 0);
	}
	EXPECT_EQ(fifo_control(0)->ready, 1u << 0 | 1u << 7 | 1u << 15);
	EXPECT_EQ(fifo_pop(0, 0), p[1]);
	EXPECT_EQ(fifo_pop(0, 0), p[3]);
	EXPECT_EQ(fifo_pop(0, 7), p[0]);
	EXPECT_EQ(fifo_pop(0, 7), p[4]);
	EXPECT_EQ(fifo_pop(0, 7), p[5]);
	EXPECT_EQ(fifo_pop(0, 15), p[2]);
	EXPECT_EQ(fifo_control(0)->ready, 0);
}
