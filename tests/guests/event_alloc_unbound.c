/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * alloc_unbound takes the lowest free port, may name any remote domain (it is looked up when that
 * domain binds), and for another owner that does not exist answers ESRCH.
 */
#include "guest.h"

void guest_main(void)
{
	struct evtchn_alloc_unbound a = {.dom = 77, .remote_dom = DOMID_SELF};
	struct evtchn_status st;
	evtchn_port_t first, second, third;

	first = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
	EXPECT(first != 0, "port 0 is never given out");
	second = event_alloc_unbound(OWN_DOMID, 77);
	EXPECT_EQ(second, first + 1);
	CHECK_EQ(event_status(second, &st), 0);
	EXPECT_EQ(st.status, EVTCHNSTAT_unbound);
	EXPECT_EQ(st.u.unbound.dom, 77);
	EXPECT_EQ(st.vcpu, 0);
	third = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
	CHECK_EQ(event_status(third, &st), 0);
	EXPECT_EQ(st.u.unbound.dom, OWN_DOMID);
	EXPECT_EQ(event_close(second), 0);
	EXPECT_EQ(event_alloc_unbound(DOMID_SELF, DOMID_SELF), second);
	EXPECT_EQ(event_op(EVTCHNOP_alloc_unbound, &a), -XEN_ESRCH);
	a.dom = DOMID_INVALID;
	EXPECT_EQ(event_op(EVTCHNOP_alloc_unbound, &a), -XEN_ESRCH);
}
