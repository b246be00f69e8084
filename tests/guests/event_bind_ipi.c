/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/* An IPI port belongs to its vCPU for good; sending to it is the vCPU's interrupt. */
#include "guest.h"

void guest_main(void)
{
	struct evtchn_bind_ipi b = {.vcpu = 77};
	struct evtchn_bind_vcpu move = {.vcpu = 1};
	struct evtchn_status st;
	evtchn_port_t own, peer;

	vcpu_info(1);
	own = event_bind_ipi(0);
	peer = event_bind_ipi(1);
	CHECK_EQ(event_status(peer, &st), 0);
	EXPECT_EQ(st.status, EVTCHNSTAT_ipi);
	EXPECT_EQ(st.vcpu, 1);
	EXPECT_EQ(event_op(EVTCHNOP_bind_ipi, &b), -XEN_ENOENT);
	b.vcpu = ~0u;
	EXPECT_EQ(event_op(EVTCHNOP_bind_ipi, &b), -XEN_ENOENT);
	move.port = own;
	EXPECT_EQ(event_op(EVTCHNOP_bind_vcpu, &move), -XEN_EINVAL);
	EXPECT(!event_pending(own));
	EXPECT_EQ(event_send(own), 0);
	EXPECT(event_pending(own));
	EXPECT_EQ(vcpu_info(0)->evtchn_upcall_pending, 1);
	EXPECT_EQ(vcpu_info(1)->evtchn_upcall_pending, 0);
	EXPECT_EQ(event_send(peer), 0);
	EXPECT(event_pending(peer));
	EXPECT_EQ(vcpu_info(1)->evtchn_upcall_pending, 1);
}
