/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * memory_op of a 32-bit caller: frame numbers, lists and pointers are 32 bits wide, and a structure
 * may end at the end of mapped memory.
 */
#include "guest.h"

struct reservation32 {
	uint32_t extent_start, nr_extents, extent_order, mem_flags;
	domid_t domid;
};

struct physmap32 {
	uint16_t domid, size;
	uint32_t space, idx, gpfn;
};

struct batch32 {
	uint16_t domid, space, size, foreign;
	uint32_t idxs, gpfns, errs;
};

#define LAST_VA 0x100000000ul

/* Room for an object right before the end of the 1:1 map, where a longer one would fault. */
static void *at_end(const void *obj, size_t size)
{
	static bool mapped;

	/* The last page below 4 GiB is flash memory in the map of 2 MiB pages: another frame there.
	 */
	if (!mapped) {
		extern uint64_t pml4[];
		uint64_t *pdpt = (uint64_t *)(pml4[0] & ~0xffful);
		uint64_t *table = alloc_pages(1);
		uint64_t *pd = (uint64_t *)(pdpt[3] & ~0xffful);

		table[510] = (uint64_t)alloc_pages(1) | 7;
		pd[511] = (uint64_t)table | 7;
		__asm__ volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" ::: "rax", "memory");
		mapped = true;
	}
	return memcpy((void *)(LAST_VA - PAGE_SIZE - size), obj, size);
}

static void reservations(void)
{
	static uint32_t list[70];
	struct reservation32 r = {
	    .extent_start = LOW32(list), .nr_extents = 1, .domid = DOMID_SELF};
	char *pages = alloc_pages(70);
	unsigned i;

	for (i = 0; i < 70; i++) {
		list[i] = PFN(pages) + i;
	}
	r.nr_extents = 70;
	EXPECT_EQ(COMPAT(memory_op, XENMEM_decrease_reservation, at_end(&r, sizeof(r))), 70);
	EXPECT_EQ(COMPAT(memory_op, XENMEM_decrease_reservation, at_end(&r, sizeof(r))), 0);
	EXPECT_EQ(COMPAT(memory_op, XENMEM_populate_physmap, &r), 70);
	memset(pages, 0x5a, 70 * PAGE_SIZE);
	EXPECT_EQ(COMPAT(memory_op, XENMEM_populate_physmap | 70 << 6, &r), 70);
	EXPECT_EQ(COMPAT(memory_op, XENMEM_populate_physmap, LAST_VA - PAGE_SIZE - 8), 0);
	/* The list's last entry is not there. */
	r.extent_start = LAST_VA - PAGE_SIZE - 8;
	r.nr_extents = 3;
	*(uint64_t *)(LAST_VA - PAGE_SIZE - 8) = PFN(pages) | (PFN(pages) + 1) << 32;
	EXPECT_EQ(COMPAT(memory_op, XENMEM_decrease_reservation, &r), 2);
}

static void exchange(void)
{
	static struct {
		struct reservation32 in, out;
		uint32_t nr_exchanged;
	} x = {.in = {.nr_extents = 1, .domid = DOMID_SELF},
	       .out = {.nr_extents = 1, .domid = DOMID_SELF}};
	static uint32_t in = 0x2000, out = 0x2001;

	x.in.extent_start = LOW32(&in);
	x.out.extent_start = LOW32(&out);
	EXPECT_EQ(COMPAT(memory_op, XENMEM_exchange, at_end(&x, sizeof(x))), -XEN_EOPNOTSUPP);
	x.out.nr_extents = 2;
	EXPECT_EQ(COMPAT(memory_op, XENMEM_exchange, &x), -XEN_EINVAL);
	x.in.extent_order = x.out.extent_order = 30;
	x.out.nr_extents = 1;
	EXPECT_EQ(COMPAT(memory_op, XENMEM_exchange, &x), -XEN_EPERM);
	EXPECT_EQ(COMPAT(memory_op, XENMEM_exchange, LAST_VA - PAGE_SIZE - 40), -XEN_EFAULT);
}

static void physmap(void)
{
	volatile uint32_t *page = alloc_pages(1);
	struct physmap32 a = {.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn};
	struct {
		uint16_t domid;
		uint32_t gpfn;
	} gone = {.domid = DOMID_SELF};
	uint32_t to = free_gfn();

	*page = 0xfeedface;
	a.idx = PFN(page);
	a.gpfn = to;
	EXPECT_EQ(COMPAT(memory_op, XENMEM_add_to_physmap, at_end(&a, sizeof(a))), 0);
	EXPECT_EQ(*(volatile uint32_t *)(to * PAGE_SIZE), 0xfeedface);
	EXPECT_EQ(COMPAT(memory_op, XENMEM_add_to_physmap, &a), -XEN_EINVAL);
	gone.gpfn = to;
	EXPECT_EQ(COMPAT(memory_op, XENMEM_remove_from_physmap, at_end(&gone, sizeof(gone))), 0);
	EXPECT_EQ(COMPAT(memory_op, XENMEM_remove_from_physmap, &gone), -XEN_ENOENT);
}

static void batch(void)
{
	static uint32_t idxs[3], gpfns[3];
	static int errs[4] = {1, 1, 1, 1};
	struct batch32 b = {.domid = DOMID_SELF,
			    .space = XENMAPSPACE_gmfn,
			    .size = 3,
			    .idxs = LOW32(idxs),
			    .gpfns = LOW32(gpfns),
			    .errs = LOW32(errs)};
	volatile uint32_t *from[3];
	unsigned i;

	for (i = 0; i < 3; i++) {
		from[i] = alloc_pages(1);
		*from[i] = 100 + i;
		idxs[i] = PFN(from[i]);
		gpfns[i] = free_gfn();
	}
	idxs[1] = 0xfffffff;
	EXPECT_EQ(COMPAT(memory_op, XENMEM_add_to_physmap_batch, at_end(&b, sizeof(b))), 0);
	EXPECT_EQ(errs[0], 0);
	EXPECT_EQ(errs[1], -XEN_EINVAL);
	EXPECT_EQ(errs[2], 0);
	EXPECT_EQ(errs[3], 1);
	EXPECT_EQ(*(volatile uint32_t *)(gpfns[0] * PAGE_SIZE), 100);
	EXPECT_EQ(*(volatile uint32_t *)(gpfns[2] * PAGE_SIZE), 102);
	b.gpfns = LOW32(LAST_VA - PAGE_SIZE);
	EXPECT_EQ(COMPAT(memory_op, XENMEM_add_to_physmap_batch, &b), -XEN_EFAULT);
	b.gpfns = LOW32(gpfns);
	b.foreign = 1;
	EXPECT_EQ(COMPAT(memory_op, XENMEM_add_to_physmap_batch, &b), 0);
	EXPECT_EQ(errs[0], -XEN_EINVAL);
}

static void queries(void)
{
	static struct {
		uint64_t addr, size;
		uint32_t type;
	} __attribute__((packed)) ranges[64];
	static uint32_t entries[7][2];
	struct {
		uint32_t nr_entries, buffer;
	} map = {64, LOW32(ranges)};
	struct {
		uint16_t domid, type;
		uint32_t id, nr_frames, pad;
		uint64_t frame;
		uint32_t frame_list;
	} __attribute__((packed)) acquire = {.domid = DOMID_SELF};
	struct {
		uint32_t flags, nr_entries, buffer, device;
	} rdm = {.nr_entries = 7, .buffer = LOW32(entries)};
	struct {
		uint64_t target_pages, tot_pages, pod_cache_pages, pod_entries;
		uint32_t domid;
	} __attribute__((packed)) pod = {.domid = DOMID_SELF};
	domid_t self = DOMID_SELF;
	uint64_t from, to;

	CHECK(ram_range(0, &from, &to));
	EXPECT_EQ(COMPAT(memory_op, XENMEM_memory_map, &map), 0);
	EXPECT(map.nr_entries > 0 && map.nr_entries < 64);
	EXPECT_EQ(map.buffer, LOW32(ranges));
	EXPECT_EQ(ranges[0].addr, from);
	EXPECT_EQ(ranges[0].size, to - from);
	EXPECT_EQ(COMPAT(memory_op, XENMEM_current_reservation, &self),
		  HC(memory_op, XENMEM_current_reservation, &self));
	EXPECT_EQ(COMPAT(memory_op, XENMEM_maximum_gpfn, &self),
		  HC(memory_op, XENMEM_maximum_gpfn, &self));
	acquire.domid = OWN_DOMID;
	EXPECT_EQ(COMPAT(memory_op, XENMEM_acquire_resource, at_end(&acquire, sizeof(acquire))),
		  -XEN_EPERM);
	acquire.domid = 77;
	EXPECT_EQ(COMPAT(memory_op, XENMEM_acquire_resource, &acquire), -XEN_ESRCH);
	acquire.pad = 1;
	EXPECT_EQ(COMPAT(memory_op, XENMEM_acquire_resource, &acquire), -XEN_EINVAL);
	EXPECT_EQ(COMPAT(memory_op, XENMEM_reserved_device_memory_map, at_end(&rdm, sizeof(rdm))),
		  0);
	EXPECT_EQ(COMPAT(memory_op, XENMEM_get_pod_target, &pod), 0);
	EXPECT_EQ(pod.tot_pages, COMPAT(memory_op, XENMEM_current_reservation, &self));
	EXPECT_EQ(pod.domid, DOMID_SELF);
}

void guest_main(void)
{
	uint64_t nothing = 0;

	at_end(&nothing, sizeof(nothing));
	reservations();
	exchange();
	physmap();
	batch();
	queries();
}
