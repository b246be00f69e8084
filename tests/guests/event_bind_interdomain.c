/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * bind_interdomain wants an unbound remote port that names the caller: anything else is EINVAL, an
 * unknown domain ESRCH. A fresh local port starts pending, since earlier sends may have been lost.
 */
#include "guest.h"

static long bind(domid_t dom, evtchn_port_t remote, evtchn_port_t *local)
{
	struct evtchn_bind_interdomain b = {.remote_dom = dom, .remote_port = remote};
	long rc = event_op(EVTCHNOP_bind_interdomain, &b);

	*local = b.local_port;
	return rc;
}

void guest_main(void)
{
	evtchn_port_t a, b, other, ipi, foreign;

	a = event_alloc_unbound(DOMID_SELF, DOMID_SELF);
	foreign = event_alloc_unbound(DOMID_SELF, 77);
	ipi = event_bind_ipi(0);
	EXPECT_EQ(bind(DOMID_SELF, a, &b), 0);
	EXPECT(event_pending(b), "a fresh binding starts pending");
	EXPECT(!event_pending(a));
	EXPECT_EQ(bind(DOMID_SELF, a, &other), -XEN_EINVAL);
	EXPECT_EQ(bind(DOMID_SELF, b, &other), -XEN_EINVAL);
	EXPECT_EQ(bind(DOMID_SELF, foreign, &other), -XEN_EINVAL);
	EXPECT_EQ(bind(DOMID_SELF, ipi, &other), -XEN_EINVAL);
	EXPECT_EQ(bind(DOMID_SELF, 0, &other), -XEN_EINVAL);
	EXPECT_EQ(bind(DOMID_SELF, ipi + 5, &other), -XEN_EINVAL);
	EXPECT_EQ(bind(DOMID_SELF, 0x7fffffff, &other), -XEN_EINVAL);
	EXPECT_EQ(bind(DOMID_SELF, ~0u, &other), -XEN_EINVAL);
	EXPECT_EQ(bind(77, a, &other), -XEN_ESRCH);
	/* A refused call leaves no port behind. */
	EXPECT_EQ(event_alloc_unbound(DOMID_SELF, DOMID_SELF), b + 1);
}
