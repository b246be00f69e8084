/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * Closing clears the pending bit, makes the peer of a channel unbound again, and is refused for
 * ports that are not open: port 0, free ones, and numbers beyond the table.
 */
#include "guest.h"

void guest_main(void)
{
	evtchn_port_t a, b, ipi;
	struct evtchn_status st;

	event_loopback(&a, &b);
	ipi = event_bind_ipi(0);
	EXPECT_EQ(event_send(ipi), 0);
	EXPECT(event_pending(ipi));
	EXPECT_EQ(event_close(ipi), 0);
	EXPECT(!event_pending(ipi), "pending survived the close");
	EXPECT_EQ(event_close(ipi), -XEN_EINVAL);
	EXPECT_EQ(event_close(0), -XEN_EINVAL);
	EXPECT_EQ(event_close(ipi + 1), -XEN_EINVAL);
	EXPECT_EQ(event_close(4096), -XEN_EINVAL);
	EXPECT_EQ(event_close(~0u), -XEN_EINVAL);
	EXPECT_EQ(event_close(b), 0);
	CHECK_EQ(event_status(a, &st), 0);
	EXPECT_EQ(st.status, EVTCHNSTAT_unbound);
	EXPECT_EQ(st.u.unbound.dom, OWN_DOMID);
	CHECK_EQ(event_status(b, &st), 0);
	EXPECT_EQ(st.status, EVTCHNSTAT_closed);
	EXPECT_EQ(event_close(a), 0);
}
