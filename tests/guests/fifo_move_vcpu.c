/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * An event that moves to another vCPU while linked stays on the old vCPU's list; its next send goes
 * to the new vCPU.
 */
#include "guest.h"

void guest_main(void)
{
	struct evtchn_bind_vcpu move = {.vcpu = 1};
	evtchn_port_t a, b;

	vcpu_info(1);
	fifo_init(0);
	fifo_init(1);
	fifo_expand(alloc_pages(1));
	event_loopback(&a, &b);
	fifo_pop(0, 7);
	EXPECT_EQ(event_send(a), 0);
	EXPECT_EQ(fifo_control(0)->ready, 1u << 7);
	move.port = b;
	EXPECT_EQ(event_op(EVTCHNOP_bind_vcpu, &move), 0);
	EXPECT_EQ(event_send(a), 0);
	EXPECT_EQ(fifo_control(1)->ready, 0);
	EXPECT_EQ(fifo_pop(0, 7), b);
	EXPECT_EQ(event_send(a), 0);
	EXPECT_EQ(fifo_control(0)->ready, 0);
	EXPECT_EQ(fifo_control(1)->ready, 1u << 7);
	EXPECT_EQ(fifo_control(1)->head[7], b);
	EXPECT_EQ(vcpu_info(1)->evtchn_upcall_pending, 1);
	EXPECT_EQ(fifo_pop(1, 7), b);
}
