/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* send is for channels and IPIs; to an unbound port it is lost without an error. */
#include "guest.h"

void guest_main(void)
{
	struct evtchn_bind_virq v = {.virq = VIRQ_DEBUG};
	evtchn_port_t unbound = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
	evtchn_port_t foreign = event_alloc_unbound(DOMID_SELF, 77);

	CHECK_EQ(event_op(EVTCHNOP_bind_virq, &v), 0);
	EXPECT_EQ(event_send(unbound), 0);
	EXPECT(!event_pending(unbound));
	EXPECT_EQ(event_send(foreign), 0);
	EXPECT_EQ(event_send(v.port), -XEN_EINVAL);
	EXPECT_EQ(event_send(0), -XEN_EINVAL);
	EXPECT_EQ(event_send(v.port + 1), -XEN_EINVAL);
	EXPECT_EQ(event_send(4096), -XEN_EINVAL);
	EXPECT_EQ(event_send(0x80000000u), -XEN_EINVAL);
}
