/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* The 2-level form has 4096 ports; the next one is ENOSPC, and closing one makes room. */
#include "guest.h"

void guest_main(void)
{
	struct evtchn_alloc_unbound a = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
	struct evtchn_bind_ipi ipi = {.vcpu = 0};
	unsigned n = 0;
	long rc;

	while (!(rc = event_op(EVTCHNOP_alloc_unbound, &a))) {
		CHECK(++n < 5000);
	}
	EXPECT_EQ(rc, -XEN_ENOSPC);
	EXPECT_EQ(n, EVTCHN_2L_NR_CHANNELS - 1);
	EXPECT_EQ(event_op(EVTCHNOP_bind_ipi, &ipi), -XEN_ENOSPC);
	EXPECT_EQ(event_close(1234), 0);
	EXPECT_EQ(event_op(EVTCHNOP_bind_ipi, &ipi), 0);
	EXPECT_EQ(ipi.port, 1234);
	EXPECT_EQ(event_send(4095), 0);
	EXPECT_EQ(event_send(4096), -XEN_EINVAL);
}
