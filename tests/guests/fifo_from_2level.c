/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* Events pending in the 2-level form are pending after the switch to FIFO; 2-level words rest. */
#include "guest.h"

void guest_main(void)
{
	evtchn_port_t a = event_bind_ipi(0), b = event_bind_ipi(0);

	EXPECT_EQ(event_send(b), 0);
	EXPECT(event_pending(b));
	fifo_init(0);
	EXPECT_EQ(fifo_expand(alloc_pages(1)), 0);
	EXPECT_EQ(fifo_control(0)->ready, 1u << 7);
	EXPECT_EQ(fifo_pop(0, 7), b);
	EXPECT_EQ(fifo_pop(0, 7), 0);
	EXPECT_EQ(event_send(a), 0);
	EXPECT(!event_pending(a), "the event came by the 2-level form");
	EXPECT_EQ(fifo_pop(0, 7), a);
}
