/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * A masked event becomes pending without touching the selector or the upcall; the unmask operation
 * delivers it, clearing the mask bit by hand does not.
 */
#include "guest.h"

void guest_main(void)
{
	evtchn_port_t p = event_bind_ipi(0);
	struct vcpu_info *v = vcpu_info(0);

	event_ack_upcall();
	event_mask2l(p, true);
	EXPECT_EQ(event_send(p), 0);
	EXPECT(event_pending(p));
	EXPECT_EQ(v->evtchn_upcall_pending, 0);
	EXPECT_EQ(v->evtchn_pending_sel, 0);
	event_mask2l(p, false);
	EXPECT_EQ(event_send(p), 0);
	EXPECT_EQ(v->evtchn_upcall_pending, 0);
	event_mask2l(p, true);
	EXPECT_EQ(event_unmask(p), 0);
	EXPECT(!test_bit(p, shared_info()->evtchn_mask));
	EXPECT_EQ(v->evtchn_upcall_pending, 1);
	EXPECT_EQ(v->evtchn_pending_sel, 1ul << p / 64);
	/* Not masked: nothing to do, no upcall. */
	event_ack_upcall();
	EXPECT_EQ(event_unmask(p), 0);
	EXPECT_EQ(v->evtchn_upcall_pending, 0);
	/* Masked, not pending: only the mask goes. */
	event_clear(p);
	event_mask2l(p, true);
	EXPECT_EQ(event_unmask(p), 0);
	EXPECT_EQ(v->evtchn_upcall_pending, 0);
	EXPECT_EQ(event_unmask(4096), -XEN_EINVAL);
	EXPECT_EQ(event_unmask(~0u), -XEN_EINVAL);
}
