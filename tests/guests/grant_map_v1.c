/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * Mapping a grant shows the granted page, in both directions, and the grant's flags tell that it is
 * in use until the last mapping is gone.
 */
#include "guest.h"

void guest_main(void)
{
	domid_t dom = peer_create(16);
	grant_entry_v1_t *table = peer_grants(dom);
	volatile uint32_t *page = peer_map(dom, 3);
	uint64_t gpa = free_gfn() * PAGE_SIZE, gpa2 = free_gfn() * PAGE_SIZE;
	volatile uint32_t *window = (void *)gpa, *window2 = (void *)gpa2;
	grant_handle_t handle, handle2;

	page[0] = 0x12345678;
	peer_grant(table, 8, 3, 0);
	CHECK_EQ(grant_map(dom, 8, GNTMAP_host_map | GNTMAP_readonly, gpa2, &handle2), GNTST_okay);
	EXPECT_EQ(table[8].flags, GTF_permit_access | GTF_reading);
	CHECK_EQ(grant_map(dom, 8, GNTMAP_host_map, gpa, &handle), GNTST_okay);
	EXPECT_EQ(table[8].flags, GTF_permit_access | GTF_reading | GTF_writing);
	EXPECT(handle != handle2, "one handle for two mappings");
	EXPECT_EQ(window[0], 0x12345678);
	window[1] = 77;
	EXPECT_EQ(page[1], 77);
	EXPECT_EQ(window2[1], 77);
	page[1023] = 99;
	EXPECT_EQ(window[1023], 99);
	EXPECT_EQ(grant_unmap(gpa, handle), GNTST_okay);
	EXPECT_EQ(table[8].flags, GTF_permit_access | GTF_reading);
	/* Ending the grant does not end the mapping. */
	table[8].flags &= ~GTF_type_mask;
	EXPECT_EQ(window2[1], 77);
	EXPECT_EQ(grant_unmap(gpa2, handle2), GNTST_okay);
	EXPECT_EQ(table[8].flags, 0);
	/* A handle is good for one unmap. */
	EXPECT_EQ(grant_unmap(gpa, handle), GNTST_bad_handle);
	EXPECT_EQ(grant_map(dom, 8, GNTMAP_host_map, gpa, &handle), GNTST_general_error);
	/* The same page again under a new grant. */
	peer_grant(table, 9, 3, 0);
	EXPECT_EQ(grant_map(dom, 9, GNTMAP_host_map, gpa, &handle), GNTST_okay);
	EXPECT_EQ(window[1], 77);
	EXPECT_EQ(grant_unmap(gpa, handle), GNTST_okay);
}
