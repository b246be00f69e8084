/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * A vCPU that sleeps is woken by another one's event: block by an unmasked one, whose upcall runs
 * before the caller goes on, poll by a masked one, too. The registered run state tells of the
 * sleep.
 */
#include "guest.h"

#define SLEEP_US 20000

static evtchn_port_t port;

static void nothing(void *arg)
{
	(void)arg;
}

static void send_later(void *arg)
{
	(void)arg;
	delay_us(SLEEP_US);
	event_send(port);
}

void guest_main(void)
{
	static struct vcpu_runstate_info area;
	struct vcpu_register_runstate_memory_area reg = {.addr.v = &area};
	struct sched_poll p = {.nr_ports = 1};
	uint64_t blocked, entry;

	events_init();
	port = event_bind_ipi(0);
	cpu_run(1, nothing, NULL);
	cpu_wait(1);
	CHECK_EQ(HC(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &reg), 0);
	EXPECT_EQ(area.state, RUNSTATE_running);
	blocked = area.time[RUNSTATE_blocked];
	entry = area.state_entry_time;
	cpu_run(1, send_later, NULL);
	sti();
	EXPECT_EQ(HC(sched_op, SCHEDOP_block, 0), 0);
	cli();
	EXPECT(event_pending(port), "block left without the event");
	EXPECT_EQ(irq_count[0][EVENT_VECTOR], 1);
	EXPECT_EQ(area.state, RUNSTATE_running);
	EXPECT(area.time[RUNSTATE_blocked] >= blocked + SLEEP_US / 2 * 1000ul, "blocked for %lu ns",
	       area.time[RUNSTATE_blocked] - blocked);
	EXPECT(area.state_entry_time >= entry + SLEEP_US / 2 * 1000ul, "entered before it slept");
	cpu_wait(1);
	event_clear(port);
	event_ack_upcall();
	event_mask2l(port, true);
	set_xen_guest_handle(p.ports, &port);
	cpu_run(1, send_later, NULL);
	EXPECT_EQ(HC(sched_op, SCHEDOP_poll, &p), 0);
	EXPECT(event_pending(port), "poll left without the event");
	cpu_wait(1);
}
