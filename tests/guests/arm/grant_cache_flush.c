/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * GNTTABOP_cache_flush: for a page of one's own and for a granted one, both by machine address,
 * which the initial domain knows; for a page of another domain only while a grant of it is mapped.
 * Nothing of the contents changes.
 */
#include "guest.h"

static long flush(uint64_t addr, uint16_t offset, uint16_t length, uint32_t what)
{
	struct gnttab_cache_flush op = {
	    .a.dev_bus_addr = addr, .offset = offset, .length = length, .op = what};

	return grant_op(GNTTABOP_cache_flush, &op, 1);
}

static void check_own(void)
{
	uint32_t *page = alloc_pages(1);
	uint64_t addr = (uintptr_t)page;

	page[5] = 0x600df00d;
	EXPECT_EQ(flush(addr, 0, PAGE_SIZE, GNTTAB_CACHE_CLEAN), 0);
	EXPECT_EQ(flush(addr, 8, 100, GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL), 0);
	EXPECT_EQ(page[5], 0x600df00d);
	EXPECT_EQ(flush(addr, 0, 0, GNTTAB_CACHE_CLEAN), 0);
	EXPECT_EQ(flush(addr, 0, 64, 0), 0);
	EXPECT_EQ(flush(addr, PAGE_SIZE, 0, GNTTAB_CACHE_CLEAN), -XEN_EINVAL);
	EXPECT_EQ(flush(addr, 1, PAGE_SIZE, GNTTAB_CACHE_CLEAN), -XEN_EINVAL);
	EXPECT_EQ(flush(addr, 0, 64, 4), -XEN_EINVAL);
	EXPECT_EQ(flush(addr, 0, 64, GNTTAB_CACHE_SOURCE_GREF | GNTTAB_CACHE_CLEAN), -XEN_EINVAL);
	/* No RAM. */
	EXPECT_EQ(flush(0x8000000000000ull, 0, 64, GNTTAB_CACHE_CLEAN), -XEN_EINVAL);
	EXPECT_EQ(grant_op(GNTTABOP_cache_flush, (void *)(uintptr_t)0x200000000ull, 0), 0);
}

void guest_main(void)
{
	domid_t dom = peer_create(16);
	grant_entry_v1_t *table = peer_grants(dom);
	struct gnttab_map_grant_ref map = {.flags = GNTMAP_host_map, .ref = 40, .dom = dom};
	struct gnttab_cache_flush ops[3];

	check_own();
	map.host_addr = free_gfn() * PAGE_SIZE;
	peer_grant(table, 40, 3, 0);
	CHECK_EQ(grant_op(GNTTABOP_map_grant_ref, &map, 1), 0);
	CHECK_EQ(map.status, GNTST_okay);
	*(volatile uint32_t *)(uintptr_t)map.host_addr = 0x12345678;
	EXPECT_EQ(flush(map.dev_bus_addr, 0, 64, GNTTAB_CACHE_CLEAN), 0);
	EXPECT_EQ(flush(map.dev_bus_addr, 0, 64, GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL), 0);
	EXPECT_EQ(*(volatile uint32_t *)(uintptr_t)map.host_addr, 0x12345678);
	/* Several at once, the last a bad one: the others are done. */
	for (unsigned i = 0; i < ARRAY_SIZE(ops); i++) {
		ops[i] = (struct gnttab_cache_flush){
		    .a.dev_bus_addr = map.dev_bus_addr, .length = 8, .op = GNTTAB_CACHE_CLEAN};
	}
	EXPECT_EQ(grant_op(GNTTABOP_cache_flush, ops, 3), 0);
	ops[2].length = 0xffff;
	EXPECT_EQ(grant_op(GNTTABOP_cache_flush, ops, 3), -XEN_EINVAL);
	CHECK_EQ(grant_unmap(map.host_addr, map.handle), GNTST_okay);
	EXPECT_EQ(flush(map.dev_bus_addr, 0, 64, GNTTAB_CACHE_CLEAN), -XEN_EINVAL);
}
