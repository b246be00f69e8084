/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What paths of the hypervisor cost, told by the initial domain. With -icount shift=0 an
 * instruction takes a nanosecond of the system counter, so that the difference of two looks at it
 * is a count of instructions (of a multiple of 16).
 */
#include "bench.h"

#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/sched.h>
#include <xen/version.h>

#define ROUNDS	512
#define BATCHES 8

void bench_main(void);
void bench_fault(void) __attribute__((noreturn));

static evtchn_port_t port;
static volatile uint32_t *gicd;

static void say(const char *text, size_t len)
{
	hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, len, (unsigned long)text);
}

void bench_report(const char *name, uint64_t value)
{
	char line[80];
	size_t n = 0, digits = 1;

	for (const char *c = "BENCH "; *c; c++) {
		line[n++] = *c;
	}
	for (; *name; name++) {
		line[n++] = *name;
	}
	line[n++] = ' ';
	for (uint64_t v = value; v >= 10; v /= 10) {
		digits++;
	}
	for (size_t i = digits; i-- > 0; value /= 10) {
		line[n + i] = (char)('0' + value % 10);
	}
	n += digits;
	line[n++] = '\n';
	say(line, n);
}

void bench_fault(void)
{
	static const char text[] = "BENCH fault 0\n";

	say(text, sizeof(text) - 1);
	power_off();
}

static uint64_t ticks(void (*op)(void))
{
	uint64_t best = ~0UL;

	for (unsigned int batch = 0; batch < BATCHES; batch++) {
		uint64_t start = bench_counter(), spent;

		for (unsigned int i = 0; i < ROUNDS; i++) {
			op();
		}
		spent = bench_counter() - start;
		best = spent < best ? spent : best;
	}
	return best;
}

static void nothing(void)
{
	__asm__ volatile("" ::: "memory");
}

static void null_hypercall(void)
{
	hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0);
}

static void no_hypercall(void)
{
	hypercall(63, 0, 0, 0);
}

static void yield(void)
{
	hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0);
}

static void event_send_self(void)
{
	struct evtchn_send send = {.port = port};

	hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (unsigned long)&send, 0);
}

static void event_alloc_close(void)
{
	struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
	struct evtchn_close close;

	hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, (unsigned long)&alloc, 0);
	close.port = alloc.port;
	hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_close, (unsigned long)&close, 0);
}

static void grant_query(void)
{
	struct gnttab_query_size query = {.dom = DOMID_SELF};

	hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_query_size, (unsigned long)&query, 1);
}

static void gicd_read(void)
{
	(void)gicd[1];
}

static void timer_read(void)
{
	uint64_t v;

	__asm__ volatile("mrs %0, cntp_ctl_el0" : "=r"(v)::"memory");
}

static void id_read(void)
{
	uint64_t v;

	__asm__ volatile("mrs %0, id_aa64pfr0_el1" : "=r"(v)::"memory");
}

static void psci_version(void)
{
	register uint64_t x0 __asm__("x0") = 0x84000000;

	__asm__ volatile("hvc #0" : "+r"(x0)::"x1", "x2", "x3", "memory");
}

void bench_measure(const char *name, void (*op)(void))
{
	uint64_t empty = ticks(nothing), hz;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	op();
	bench_report(name, (ticks(op) - empty) * (1000000000 / hz) / ROUNDS);
}

void bench_main(void)
{
	struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
	struct evtchn_bind_interdomain bind = {.remote_dom = DOMID_SELF};
	gicd = (volatile uint32_t *)0x08000000; /* of QEMU's virt */
	bench_report("counter_at_first_instruction", bench_counter());
	hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, (unsigned long)&alloc, 0);
	bind.remote_port = alloc.port;
	hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, (unsigned long)&bind,
		  0);
	port = bind.local_port;
	/* No table of these: it would hold addresses of where the image was linked, and it runs
	 * elsewhere. */
	bench_measure("null_hypercall", null_hypercall);
	bench_measure("unknown_hypercall", no_hypercall);
	bench_measure("psci_version", psci_version);
	bench_measure("yield", yield);
	bench_measure("event_send_self", event_send_self);
	bench_measure("event_alloc_close", event_alloc_close);
	bench_measure("grant_query_size", grant_query);
	bench_measure("gicd_read", gicd_read);
	bench_measure("id_register_read", id_read);
	bench_measure("physical_timer_read", timer_read);
	bench_smp();
	power_off();
}
