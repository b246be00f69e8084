/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings beyond the 1:1 map, the information areas of vCPUs, and time. */
#include "guest.h"

#define BLOCK_SHIFT 30
#define TABLE	    3ull
#define PTE_NORMAL  0x707ull /* MAIR 1, inner shareable, access flag */
#define PTE_ADDR    0xfffffffff000ull
#define NS_PER_SEC  1000000000ull

extern uint64_t tables[512];

/* The GiB around va is no longer mapped 1:1. */
void map_page(uint64_t va, uint64_t pa)
{
	uint64_t *table = tables;

	for (unsigned shift = BLOCK_SHIFT; shift > 12; shift -= 9) {
		uint64_t *e = &table[va >> shift & 511];

		if ((*e & TABLE) != TABLE) {
			*e = (uintptr_t)alloc_pages(1) | TABLE;
		}
		table = (uint64_t *)(uintptr_t)(*e & PTE_ADDR);
	}
	table[va >> 12 & 511] = pa ? pa | PTE_NORMAL : 0;
	tlb_flush();
}

/* The shared page has room for vCPU 0 alone. A registration marks all as pending, which a test does
 * not ask for. */
struct vcpu_info *vcpu_info(unsigned cpu)
{
	static struct vcpu_info *areas[CPUS_MAX];
	struct vcpu_register_vcpu_info r = {0};

	if (!cpu) {
		return &shared_info()->vcpu_info[0];
	}
	if (!areas[cpu]) {
		void *page = alloc_pages(1);

		r.mfn = PFN(page);
		CHECK_EQ(HC(vcpu_op, VCPUOP_register_vcpu_info, cpu, &r), 0);
		areas[cpu] = page;
		areas[cpu]->evtchn_pending_sel = 0;
		areas[cpu]->evtchn_upcall_pending = 0;
	}
	return areas[cpu];
}

uint64_t tsc_khz(void)
{
	return counter_hz() / 1000;
}

uint64_t tsc_to_ns(uint64_t ticks)
{
	uint64_t hz = counter_hz();

	return ticks / hz * NS_PER_SEC + ticks % hz * NS_PER_SEC / hz;
}

/*
 * Nothing tells a guest the hypervisor's clock but the entry times of its run states: waits until
 * times that are ever later, until one of them is not over already.
 */
uint64_t system_time(unsigned cpu)
{
	static struct vcpu_runstate_info area;
	static uint64_t base, base_ticks;
	struct vcpu_register_runstate_memory_area reg = {.addr.v = &area};
	struct sched_poll poll = {.timeout = 1};
	evtchn_port_t none = 0;

	(void)cpu;
	if (!base) {
		CHECK_EQ(HC(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &reg), 0);
		set_xen_guest_handle(poll.ports, &none);
		base = area.state_entry_time;
		for (uint64_t step = 1000000; area.state_entry_time == base; step *= 2) {
			poll.timeout = base + step;
			base_ticks = rdtsc();
			CHECK_EQ(HC(sched_op, SCHEDOP_poll, &poll), 0);
		}
		base = area.state_entry_time;
	}
	return base + tsc_to_ns(rdtsc() - base_ticks);
}

void delay_us(uint64_t us)
{
	uint64_t until = rdtsc() + us * counter_hz() / 1000000;

	while (rdtsc() < until) {
		pause();
	}
}
