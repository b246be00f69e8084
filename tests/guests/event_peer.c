/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * A channel to another domain: the privileged domain may allocate for the other, both ends see each
 * other, and the other's end makes our end unbound when its domain dies.
 */
#include "guest.h"

void guest_main(void)
{
	domid_t dom = peer_create(16);
	struct evtchn_bind_interdomain bind = {.remote_dom = dom};
	struct evtchn_status st;

	bind.remote_port = event_alloc_unbound(dom, OWN_DOMID);
	CHECK_EQ(event_op(EVTCHNOP_bind_interdomain, &bind), 0);
	CHECK_EQ(event_status(bind.local_port, &st), 0);
	EXPECT_EQ(st.status, EVTCHNSTAT_interdomain);
	EXPECT_EQ(st.u.interdomain.dom, dom);
	EXPECT_EQ(st.u.interdomain.port, bind.remote_port);
	st = (struct evtchn_status){.dom = dom, .port = bind.remote_port};
	CHECK_EQ(event_op(EVTCHNOP_status, &st), 0);
	EXPECT_EQ(st.u.interdomain.dom, OWN_DOMID);
	EXPECT_EQ(event_send(bind.local_port), 0);
	/* Its limit of 1023 is its own. */
	peer_destroy(dom);
	CHECK_EQ(event_status(bind.local_port, &st), 0);
	EXPECT_EQ(st.status, EVTCHNSTAT_unbound);
	EXPECT_EQ(st.u.unbound.dom, dom);
	EXPECT_EQ(event_send(bind.local_port), 0);
}
