/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: xen=skip "real Xen 4.17 itself dies of a null pointer here" */
/*
 * A domain that was made but has no vCPU yet has nobody to notify: whatever the hypervisor answers
 * to an allocation, a binding and a send there, it survives.
 */
#include "guest.h"

#include <xen/domctl.h>

void guest_main(void)
{
	static struct xen_domctl op = {
	    .cmd = XEN_DOMCTL_createdomain,
	    .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
	    .u.createdomain =
		{
		    .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
		    .max_vcpus = 2,
		    .max_evtchn_port = 1023,
		    .max_grant_frames = 4,
		    .max_maptrack_frames = 4,
		    .grant_opts = XEN_DOMCTL_GRANT_version(2),
		},
	};
	struct evtchn_alloc_unbound a = {.remote_dom = OWN_DOMID};
	struct evtchn_bind_interdomain b = {0};
	struct evtchn_status st;
	long rc;

	peer_config(&op.u.createdomain);
	CHECK_EQ(HC(domctl, &op), 0);
	a.dom = op.domain;
	rc = event_op(EVTCHNOP_alloc_unbound, &a);
	printf("alloc_unbound: %ld\n", rc);
	if (!rc) {
		b.remote_dom = op.domain;
		b.remote_port = a.port;
		rc = event_op(EVTCHNOP_bind_interdomain, &b);
		printf("bind_interdomain: %ld\n", rc);
		if (!rc) {
			EXPECT_EQ(event_send(b.local_port), 0);
			EXPECT_EQ(event_send(b.local_port), 0);
			EXPECT_EQ(event_status(b.local_port, &st), 0);
		}
	}
	peer_destroy(op.domain);
	EXPECT_EQ(HC(xen_version, XENVER_version, 0), 4 << 16 | 17);
}
