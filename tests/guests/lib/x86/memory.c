/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory map, mappings above the 1:1 map, and the time that the shared page tells. */
#include "guest.h"

#define POOL_START 0x1000000ul
#define POOL_END   0x6000000ul
#define PTE_P	   0x7ull /* present, writable, user */

extern uint64_t pml4[];

/* The start info of an initial domain on Xen 4.17 is of version 0, without a memory map. */
struct e820 {
	uint64_t addr, size;
	uint32_t type;
} __attribute__((packed));

bool ram_range(unsigned i, uint64_t *from, uint64_t *to)
{
	static struct e820 map[128];
	static struct xen_memory_map m;
	unsigned n;

	if (!m.nr_entries) {
		m.nr_entries = ARRAY_SIZE(map);
		set_xen_guest_handle(m.buffer, map);
		CHECK_EQ(HC(memory_op, XENMEM_memory_map, &m), 0);
	}
	for (n = 0; n < m.nr_entries; n++) {
		if (map[n].type == XEN_HVM_MEMMAP_TYPE_RAM && i-- == 0) {
			*from = map[n].addr;
			*to = map[n].addr + map[n].size;
			return true;
		}
	}
	return false;
}

void ram_pool(uint64_t *pool_from, uint64_t *pool_to)
{
	uint64_t from, to;
	unsigned i;

	for (i = 0; ram_range(i, &from, &to); i++) {
		if (from <= POOL_START && to > POOL_START) {
			*pool_from = POOL_START;
			*pool_to = to < POOL_END ? to : POOL_END;
			return;
		}
	}
	guest_fail(__FILE__, __LINE__, "RAM at 16 MiB", " ");
	guest_end();
}

void map_page(uint64_t va, uint64_t pa)
{
	uint64_t *table = pml4;
	int shift;

	for (shift = 39; shift > 12; shift -= 9) {
		uint64_t *e = &table[va >> shift & 511];

		if (!*e) {
			*e = (uint64_t)alloc_pages(1) | PTE_P;
		}
		table = (uint64_t *)(*e & ~0xfffull);
	}
	table[va >> 12 & 511] = pa ? pa | PTE_P : 0;
	__asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

uint64_t tsc_khz(void)
{
	static uint64_t khz;
	const volatile struct vcpu_time_info *t = &vcpu_info(0)->time;

	if (!khz) {
		CHECK(t->tsc_to_system_mul, "no time in the shared page");
		khz = (1000000ull << 32) / t->tsc_to_system_mul;
		khz = t->tsc_shift < 0 ? khz << -t->tsc_shift : khz >> t->tsc_shift;
	}
	return khz;
}

static uint64_t scale(uint64_t ticks, uint32_t mul, int8_t shift)
{
	ticks = shift < 0 ? ticks >> -shift : ticks << shift;
	return (unsigned __int128)ticks * mul >> 32;
}

uint64_t tsc_to_ns(uint64_t ticks)
{
	const volatile struct vcpu_time_info *t = &vcpu_info(0)->time;

	return scale(ticks, t->tsc_to_system_mul, t->tsc_shift);
}

uint64_t system_time(unsigned cpu)
{
	const volatile struct vcpu_time_info *t = &vcpu_info(cpu)->time;
	uint32_t version;
	uint64_t ns;

	do {
		while ((version = t->version) & 1) {
			pause();
		}
		barrier();
		ns = t->system_time +
		     scale(rdtsc() - t->tsc_timestamp, t->tsc_to_system_mul, t->tsc_shift);
		barrier();
	} while (t->version != version);
	return ns;
}

void delay_us(uint64_t us)
{
	uint64_t until = rdtsc() + us * tsc_khz() / 1000;

	while (rdtsc() < until) {
		pause();
	}
}

struct vcpu_info *vcpu_info(unsigned cpu)
{
	return &shared_info()->vcpu_info[cpu];
}
