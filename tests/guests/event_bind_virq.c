/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * A virtual interrupt is bound once: per vCPU where it is a vCPU's own, on vCPU 0 alone where it is
 * global. Closing the port frees it.
 */
#include "guest.h"

static long bind(uint32_t virq, uint32_t vcpu, evtchn_port_t *port)
{
	struct evtchn_bind_virq b = {.virq = virq, .vcpu = vcpu};
	long rc = event_op(EVTCHNOP_bind_virq, &b);

	*port = b.port;
	return rc;
}

void guest_main(void)
{
	evtchn_port_t timer, debug, exc, p;
	struct evtchn_status st;

	EXPECT_EQ(bind(VIRQ_TIMER, 0, &timer), 0);
	EXPECT_EQ(bind(VIRQ_TIMER, 0, &p), -XEN_EEXIST);
	EXPECT_EQ(bind(VIRQ_TIMER, 1, &p), 0);
	CHECK_EQ(event_status(p, &st), 0);
	EXPECT_EQ(st.status, EVTCHNSTAT_virq);
	EXPECT_EQ(st.vcpu, 1);
	EXPECT_EQ(st.u.virq, VIRQ_TIMER);
	EXPECT_EQ(bind(VIRQ_DEBUG, 1, &debug), 0);
	EXPECT_EQ(bind(VIRQ_DOM_EXC, 1, &exc), -XEN_EINVAL);
	EXPECT_EQ(bind(VIRQ_DOM_EXC, 0, &exc), 0);
	EXPECT_EQ(bind(VIRQ_DOM_EXC, 0, &p), -XEN_EEXIST);
	EXPECT_EQ(bind(NR_VIRQS, 0, &p), -XEN_EINVAL);
	EXPECT_EQ(bind(~0u, 0, &p), -XEN_EINVAL);
	EXPECT_EQ(bind(VIRQ_DEBUG, 77, &p), -XEN_ENOENT);
	EXPECT_EQ(bind(VIRQ_DEBUG, ~0u, &p), -XEN_ENOENT);
	EXPECT_EQ(event_send(timer), -XEN_EINVAL);
	EXPECT_EQ(event_close(exc), 0);
	EXPECT_EQ(bind(VIRQ_DOM_EXC, 0, &p), 0);
}
