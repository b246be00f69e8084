/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * yield returns; poll returns for a pending port, even a masked one, or at its timeout, and is
 * EINVAL for bad ports.
 */
#include "guest.h"

static long poll(evtchn_port_t *ports, unsigned n, uint64_t timeout)
{
	struct sched_poll p = {.nr_ports = n, .timeout = timeout};

	set_xen_guest_handle(p.ports, ports);
	return HC(sched_op, SCHEDOP_poll, &p);
}

void guest_main(void)
{
	struct evtchn_bind_virq v = {.virq = VIRQ_TIMER};
	struct vcpu_set_singleshot_timer t = {0};
	evtchn_port_t p = event_bind_ipi(0), bad = 4096;
	uint64_t t0;

	events_init();
	if (on_x86) {
		CHECK_EQ(event_op(EVTCHNOP_bind_virq, &v), 0);
	}
	EXPECT_EQ(HC(sched_op, SCHEDOP_yield, 0), 0);
	event_mask2l(p, true);
	EXPECT_EQ(event_send(p), 0);
	t0 = system_time(0);
	EXPECT_EQ(poll(&p, 1, 0), 0);
	EXPECT(system_time(0) - t0 < 1000000000, "poll slept with the port pending");
	event_clear(p);
	event_ack_upcall();
	t0 = system_time(0);
	EXPECT_EQ(poll(&p, 1, t0 + 30000000), 0);
	EXPECT(system_time(0) >= t0 + 30000000, "poll left early");
	/* Woken by a masked port; ARM has no timer of the ABI's. */
	if (on_x86) {
		event_mask2l(v.port, true);
		t.timeout_abs_ns = system_time(0) + 30000000;
		CHECK_EQ(HC(vcpu_op, VCPUOP_set_singleshot_timer, 0, &t), 0);
		EXPECT_EQ(poll(&v.port, 1, 0), 0);
		EXPECT(event_pending(v.port), "poll left without the event");
	}
	EXPECT_EQ(poll(&bad, 1, 0), -XEN_EINVAL);
	EXPECT_EQ(poll(&p, 129, 0), -XEN_EINVAL);
	EXPECT_EQ(poll((void *)0x200000000ul, 1, 0), -XEN_EFAULT);
	EXPECT_EQ(HC(sched_op, SCHEDOP_poll, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(sched_op, 99, 0), -XEN_ENOSYS);
}
