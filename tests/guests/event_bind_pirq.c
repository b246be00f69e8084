/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* A physical interrupt number beyond the domain's range is EINVAL. */
#include "guest.h"

void guest_main(void)
{
	struct evtchn_bind_pirq b = {.pirq = 0x10000};

	EXPECT_EQ(event_op(EVTCHNOP_bind_pirq, &b), -XEN_EINVAL);
	b.pirq = ~0u;
	EXPECT_EQ(event_op(EVTCHNOP_bind_pirq, &b), -XEN_EINVAL);
	b.pirq = 0x80000000u;
	EXPECT_EQ(event_op(EVTCHNOP_bind_pirq, &b), -XEN_EINVAL);
}
