/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* Paths that one vCPU takes alone: hypercalls, exits, the local APIC, events to itself, grants. */
#include "bench.h"

static evtchn_port_t port;
static uint64_t window;
static domid_t peer_dom;

static void null_hypercall(void)
{
	HC(xen_version, XENVER_version, 0);
}

static void unknown_hypercall(void)
{
	hypercall(60, 0, 0, 0, 0, 0);
}

static void cpuid_exit(void)
{
	cpuid(1, 0);
}

static void rdmsr_exit(void)
{
	rdmsr(MSR_APIC_BASE);
}

static void port_exit(void)
{
	inl(0xcf8);
}

static void yield(void)
{
	HC(sched_op, SCHEDOP_yield, 0);
}

/* The event stays masked, so that the path is the send alone. */
static void send_to_self(void)
{
	event_send(port);
	event_clear(port);
}

static void grant_map_unmap(void)
{
	grant_handle_t handle;

	grant_map(peer_dom, 8, GNTMAP_host_map, window, &handle);
	grant_unmap(window, handle);
}

static void xapic_tpr(void)
{
	mmio_write32(0xfee00000 + APIC_TPR, 0);
}

static void cr8_tpr(void)
{
	write_cr8(0);
}

static void x2apic_tpr(void)
{
	wrmsr(MSR_X2APIC + APIC_TPR / 16, 0);
}

static void x2apic_timer(void)
{
	wrmsr(MSR_X2APIC + APIC_TMICT / 16, 0x10000000);
}

static void deadline_timer(void)
{
	wrmsr(MSR_TSC_DEADLINE, rdtsc() + 0x10000000);
}

void guest_main(void)
{
	evtchn_port_t peer;
	grant_handle_t handle;

	bench_report("null_hypercall", null_hypercall);
	bench_report("unknown_hypercall", unknown_hypercall);
	bench_report("cpuid", cpuid_exit);
	bench_report("rdmsr_apic_base", rdmsr_exit);
	bench_report("port_cf8_read", port_exit);
	bench_report("yield", yield);
	shared_info();
	event_loopback(&port, &peer);
	event_mask2l(peer, true);
	bench_report("event_send_self", send_to_self);
	peer_dom = peer_create(16);
	peer_grant(peer_grants(peer_dom), 8, 3, 0);
	window = free_gfn() * PAGE_SIZE;
	CHECK_EQ(grant_map(peer_dom, 8, GNTMAP_host_map, window, &handle), GNTST_okay);
	CHECK_EQ(grant_unmap(window, handle), GNTST_okay);
	bench_report("grant_map_unmap", grant_map_unmap);
	apic_init();
	bench_report("xapic_tpr", xapic_tpr);
	bench_report("cr8_tpr", cr8_tpr);
	apic_enable_x2apic();
	bench_report("x2apic_tpr", x2apic_tpr);
	apic_write(APIC_LVTT, APIC_LVT_MASKED | 0x50);
	bench_report("x2apic_timer", x2apic_timer);
	if (cpuid(1, 0).c & 1u << 24) {
		apic_write(APIC_LVTT, APIC_LVT_MASKED | APIC_LVT_DEADLINE | 0x50);
		bench_report("tsc_deadline", deadline_timer);
	}
}
