/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* status of a free or reserved port is closed; of a number beyond the table EINVAL. */
#include "guest.h"

void guest_main(void)
{
	struct evtchn_status st;
	evtchn_port_t p = event_alloc_unbound(DOMID_SELF, DOMID_SELF);

	CHECK_EQ(event_status(0, &st), 0);
	EXPECT_EQ(st.status, EVTCHNSTAT_closed);
	CHECK_EQ(event_status(p + 1, &st), 0);
	EXPECT_EQ(st.status, EVTCHNSTAT_closed);
	EXPECT_EQ(event_status(4096, &st), -XEN_EINVAL);
	EXPECT_EQ(event_status(0x20000, &st), -XEN_EINVAL);
	EXPECT_EQ(event_status(~0u, &st), -XEN_EINVAL);
	st = (struct evtchn_status){.dom = 77, .port = p};
	EXPECT_EQ(event_op(EVTCHNOP_status, &st), -XEN_ESRCH);
	st = (struct evtchn_status){.dom = OWN_DOMID, .port = p};
	EXPECT_EQ(event_op(EVTCHNOP_status, &st), 0);
	EXPECT_EQ(st.status, EVTCHNSTAT_unbound);
}
