/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * An event that is linked when its priority changes stays on its list until it is taken; the next
 * send uses the new one.
 */
#include "guest.h"

void guest_main(void)
{
	struct evtchn_set_priority s = {.priority = 2};
	evtchn_port_t a, b;

	fifo_init(0);
	fifo_expand(alloc_pages(1));
	a = event_bind_ipi(0);
	b = event_bind_ipi(0);
	EXPECT_EQ(event_send(a), 0);
	s.port = a;
	EXPECT_EQ(event_op(EVTCHNOP_set_priority, &s), 0);
	EXPECT_EQ(fifo_control(0)->ready, 1u << 7);
	EXPECT_EQ(event_send(a), 0);
	EXPECT_EQ(fifo_control(0)->ready, 1u << 7);
	EXPECT_EQ(event_send(b), 0);
	EXPECT_EQ(fifo_pop(0, 7), a);
	EXPECT_EQ(event_send(a), 0);
	EXPECT_EQ(fifo_control(0)->ready, 1u << 7 | 1u << 2);
	EXPECT_EQ(fifo_pop(0, 2), a);
	EXPECT_EQ(fifo_pop(0, 7), b);
	EXPECT_EQ(fifo_control(0)->ready, 0);
}
