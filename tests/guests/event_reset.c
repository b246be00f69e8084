/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* reset closes every port and takes the domain back to the 2-level form. */
#include "guest.h"

void guest_main(void)
{
	struct evtchn_reset r = {.dom = 77};
	struct evtchn_bind_virq v = {.virq = VIRQ_TIMER};
	struct evtchn_status st;
	struct evtchn_set_priority prio = {.priority = 3};
	evtchn_port_t p;

	CHECK_EQ(event_op(EVTCHNOP_bind_virq, &v), 0);
	p = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
	EXPECT_EQ(event_op(EVTCHNOP_reset, &r), -XEN_ESRCH);
	r.dom = DOMID_SELF;
	EXPECT_EQ(event_op(EVTCHNOP_reset, &r), 0);
	CHECK_EQ(event_status(p, &st), 0);
	EXPECT_EQ(st.status, EVTCHNSTAT_closed);
	EXPECT_EQ(event_op(EVTCHNOP_bind_virq, &v), 0);
	fifo_init(0);
	fifo_fit(1);
	prio.port = v.port;
	EXPECT_EQ(event_op(EVTCHNOP_set_priority, &prio), 0);
	EXPECT_EQ(event_op(EVTCHNOP_reset, &r), 0);
	p = event_bind_ipi(0);
	prio.port = p;
	EXPECT_EQ(event_op(EVTCHNOP_set_priority, &prio), -XEN_ENOSYS);
	EXPECT_EQ(event_send(p), 0);
	EXPECT(event_pending(p), "the event did not come by the 2-level form");
	/* And to the FIFO form again. */
	EXPECT_EQ(event_op(EVTCHNOP_reset, &r), 0);
	fifo_init(0);
}
