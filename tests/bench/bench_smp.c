/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 cpus=1 */
/* Round trips between two halting vCPUs: there and back again, by event channel and by IPI. */
#include "bench.h"

#define IPI_VECTOR 0x60

static evtchn_port_t to_peer, to_us;
static volatile bool stop, ready;
static volatile uint32_t got[2];

static void on_event(struct regs *r)
{
	unsigned cpu = cpu_self();

	(void)r;
	vcpu_info(cpu)->evtchn_upcall_pending = 0;
	vcpu_info(cpu)->evtchn_pending_sel = 0;
	event_clear(cpu ? to_peer : to_us);
	got[cpu]++;
}

static void on_ipi(struct regs *r)
{
	(void)r;
	apic_eoi();
	got[cpu_self()]++;
}

static void wait_for_mail(unsigned cpu, uint32_t seen)
{
	while (got[cpu] == seen && !stop) {
		halt_once();
	}
}

static void echo_events(void *arg)
{
	uint32_t seen = *(uint32_t *)arg;

	while (!stop) {
		wait_for_mail(1, seen);
		seen = got[1];
		event_send(to_us);
	}
}

static void event_round_trip(void)
{
	uint32_t seen = got[0];

	event_send(to_peer);
	wait_for_mail(0, seen);
}

static void echo_ipis(void *arg)
{
	uint32_t seen = *(uint32_t *)arg;

	apic_enable_x2apic();
	apic_init();
	ready = true;
	while (!stop) {
		wait_for_mail(1, seen);
		seen = got[1];
		apic_send(cpu_apic_id(0), IPI_VECTOR | APIC_INT_ASSERT);
	}
}

static void ipi_round_trip(void)
{
	uint32_t seen = got[0];

	apic_send(cpu_apic_id(1), IPI_VECTOR | APIC_INT_ASSERT);
	wait_for_mail(0, seen);
}

void guest_main(void)
{
	static uint32_t seen;

	apic_init();
	events_init();
	set_irq_handler(EVENT_VECTOR, on_event);
	set_irq_handler(IPI_VECTOR, on_ipi);
	to_peer = event_bind_ipi(1);
	to_us = event_bind_ipi(0);
	event_mask2l(to_peer, false);
	event_mask2l(to_us, false);
	cpu_run(1, echo_events, &seen);
	bench_report("event_round_trip", event_round_trip);
	/* The peer's last answer goes to nobody. */
	stop = true;
	event_send(to_peer);
	cpu_wait(1);
	take_interrupts();
	stop = false;
	seen = got[1];
	apic_enable_x2apic();
	cpu_run(1, echo_ipis, &seen);
	while (!ready) {
		HC(sched_op, SCHEDOP_yield, 0);
	}
	bench_report("ipi_round_trip", ipi_round_trip);
}
