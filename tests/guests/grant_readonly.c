/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* A write through a read-only mapping does not reach the page. */
#include "guest.h"

void guest_main(void)
{
	domid_t dom = peer_create(16);
	grant_entry_v1_t *table = peer_grants(dom);
	volatile uint32_t *page = peer_map(dom, 3);
	uint64_t gpa = free_gfn() * PAGE_SIZE;
	grant_handle_t h;
	uint32_t v;

	page[0] = 0x1234;
	peer_grant(table, 8, 3, 0);
	CHECK_EQ(grant_map(dom, 8, GNTMAP_host_map | GNTMAP_readonly, gpa, &h), GNTST_okay);
	/* Dropped or faulted, as the hypervisor likes. */
	try_write32(gpa, 0x5678);
	EXPECT_EQ(page[0], 0x1234);
	EXPECT_EQ(try_read32(gpa, &v), 0);
	EXPECT_EQ(v, 0x1234);
	EXPECT_EQ(grant_unmap(gpa, h), GNTST_okay);
}
