/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * Unbound and interdomain ports and global virtual interrupts may move between vCPUs and are then
 * delivered there; a vCPU's own interrupts may not move.
 */
#include "guest.h"

static long move(evtchn_port_t port, uint32_t vcpu)
{
	struct evtchn_bind_vcpu b = {.port = port, .vcpu = vcpu};

	return event_op(EVTCHNOP_bind_vcpu, &b);
}

void guest_main(void)
{
	struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER}, global = {.virq = VIRQ_DOM_EXC};
	struct evtchn_status st;
	evtchn_port_t a, b;

	vcpu_info(1);
	event_loopback(&a, &b);
	CHECK_EQ(event_op(EVTCHNOP_bind_virq, &virq), 0);
	CHECK_EQ(event_op(EVTCHNOP_bind_virq, &global), 0);
	event_clear(b);
	event_ack_upcall();
	EXPECT_EQ(move(b, 1), 0);
	CHECK_EQ(event_status(b, &st), 0);
	EXPECT_EQ(st.vcpu, 1);
	EXPECT_EQ(event_send(a), 0);
	EXPECT_EQ(vcpu_info(0)->evtchn_upcall_pending, 0);
	EXPECT_EQ(vcpu_info(1)->evtchn_upcall_pending, 1);
	EXPECT_EQ(vcpu_info(1)->evtchn_pending_sel, 1ul << b / 64);
	EXPECT_EQ(move(event_alloc_unbound(DOMID_SELF, 77), 1), 0);
	EXPECT_EQ(move(global.port, 1), 0);
	EXPECT_EQ(move(virq.port, 1), -XEN_EINVAL);
	EXPECT_EQ(move(b, 77), -XEN_ENOENT);
	EXPECT_EQ(move(b, ~0u), -XEN_ENOENT);
	EXPECT_EQ(move(0, 0), -XEN_EINVAL);
	EXPECT_EQ(move(4000, 0), -XEN_EINVAL);
	EXPECT_EQ(move(~0u, 0), -XEN_EINVAL);
}
