/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * 2-level delivery: the selector bit is that of the port's word, several words accumulate, and an
 * event that is pending already sets neither selector nor upcall again.
 */
#include "guest.h"

#define PORTS 200

void guest_main(void)
{
	struct vcpu_info *v = vcpu_info(0);
	evtchn_port_t p[PORTS];
	unsigned i;

	for (i = 0; i < PORTS; i++) {
		p[i] = event_bind_ipi(0);
	}
	event_ack_upcall();
	EXPECT_EQ(event_send(p[0]), 0);
	EXPECT_EQ(v->evtchn_pending_sel, 1ul << p[0] / 64);
	EXPECT_EQ(event_send(p[PORTS - 1]), 0);
	EXPECT_EQ(v->evtchn_pending_sel, 1ul << p[0] / 64 | 1ul << p[PORTS - 1] / 64);
	EXPECT_EQ(v->evtchn_upcall_pending, 1);
	event_ack_upcall();
	EXPECT_EQ(event_send(p[0]), 0);
	EXPECT_EQ(v->evtchn_pending_sel, 0);
	EXPECT_EQ(v->evtchn_upcall_pending, 0);
	event_clear(p[0]);
	EXPECT_EQ(event_send(p[0]), 0);
	EXPECT_EQ(v->evtchn_upcall_pending, 1);
	/* With the selector bit still set a second port of the word makes no second upcall. */
	v->evtchn_upcall_pending = 0;
	EXPECT_EQ(event_send(p[1]), 0);
	EXPECT(event_pending(p[1]));
	EXPECT_EQ(v->evtchn_upcall_pending, 0);
}
