/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages, mappings above the 1:1 map, the shared page and the time that it tells. */
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

static uint64_t pool_end(void)
{
	uint64_t from, to;
	unsigned i;

	for (i = 0; ram_range(i, &from, &to); i++) {
		if (from <= POOL_START && to > POOL_START) {
			return to < POOL_END ? to : POOL_END;
		}
	}
	guest_fail(__FILE__, __LINE__, "RAM at 16 MiB", " ");
	guest_end();
}

void *alloc_pages(unsigned n)
{
	static uint64_t next, end;
	uint64_t p;

	if (!next) {
		next = POOL_START;
		end = pool_end();
	}
	p = next;
	next += n * PAGE_SIZE;
	CHECK(next <= end, "the page pool is empty");
	return memset((void *)p, 0, n * PAGE_SIZE);
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

uint64_t free_gfn(void)
{
	xen_pfn_t gfn = PFN(alloc_pages(1));
	struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

	set_xen_guest_handle(r.extent_start, &gfn);
	CHECK_EQ(HC(memory_op, XENMEM_decrease_reservation, &r), 1);
	return gfn;
}

struct shared_info *shared_info(void)
{
	static struct shared_info *page;
	struct xen_add_to_physmap a = {.domid = DOMID_SELF, .space = XENMAPSPACE_shared_info};

	if (!page) {
		void *p = alloc_pages(1);

		a.gpfn = PFN(p);
		CHECK_EQ(HC(memory_op, XENMEM_add_to_physmap, &a), 0);
		page = p;
	}
	return page;
}

struct vcpu_info *vcpu_info(unsigned cpu)
{
	return &shared_info()->vcpu_info[cpu];
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

long hvm_set_param(uint32_t index, uint64_t value)
{
	struct xen_hvm_param p = {.domid = DOMID_SELF, .index = index, .value = value};

	return HC(hvm_op, HVMOP_set_param, &p);
}

long hvm_get_param(uint32_t index, uint64_t *value)
{
	struct xen_hvm_param p = {.domid = DOMID_SELF, .index = index};
	long rc = HC(hvm_op, HVMOP_get_param, &p);

	*value = p.value;
	return rc;
}
