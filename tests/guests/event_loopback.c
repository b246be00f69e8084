/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* A channel between two ports of one domain: each end's send is pending at the other end. */
#include "guest.h"

void guest_main(void)
{
	evtchn_port_t a, b;
	struct evtchn_status st;

	events_init();
	event_loopback(&a, &b);
	event_clear(a);
	event_clear(b);
	CHECK_EQ(event_status(a, &st), 0);
	EXPECT_EQ(st.status, EVTCHNSTAT_interdomain);
	EXPECT_EQ(st.u.interdomain.port, b);
	EXPECT_EQ(st.u.interdomain.dom, 0);
	EXPECT_EQ(event_send(a), 0);
	EXPECT(event_pending(b));
	EXPECT(!event_pending(a));
	EXPECT_EQ(event_send(b), 0);
	EXPECT(event_pending(a));
	take_interrupts();
	EXPECT(irq_count[0][EVENT_VECTOR] >= 1, "no upcall");
	EXPECT_EQ(event_close(a), 0);
	CHECK_EQ(event_status(b, &st), 0);
	EXPECT_EQ(st.status, EVTCHNSTAT_unbound);
	EXPECT_EQ(event_send(b), 0);
	EXPECT_EQ(event_close(b), 0);
	EXPECT_EQ(event_send(b), -XEN_EINVAL);
}
