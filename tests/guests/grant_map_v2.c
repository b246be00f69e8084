/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * Version 2: full-page grants map, their use shows in the status frames and not in the flags;
 * sub-page grants cannot be mapped.
 */
#include "guest.h"

void guest_main(void)
{
	uint64_t gpa;
	uint32_t *page;
	grant_handle_t handle;

	grants_init(2, 1);
	page = alloc_pages(2);
	gpa = free_gfn() * PAGE_SIZE;
	page[0] = 0xabcdef;
	grant_give(8, OWN_DOMID, page, 0);
	CHECK_EQ(grant_map(OWN_DOMID, 8, GNTMAP_host_map, gpa, &handle), GNTST_okay);
	EXPECT_EQ(*(volatile uint32_t *)gpa, 0xabcdef);
	EXPECT_EQ(grant_v2[8].hdr.flags, GTF_permit_access);
	EXPECT_EQ(grant_status[8], GTF_reading | GTF_writing);
	EXPECT_EQ(grant_unmap(gpa, handle), GNTST_okay);
	EXPECT_EQ(grant_status[8], 0);
	grant_v2[9].sub_page.page_off = 0;
	grant_v2[9].sub_page.length = 64;
	grant_give(9, OWN_DOMID, page + 1024, GTF_sub_page);
	grant_v2[9].sub_page.frame = PFN(page + 1024);
	EXPECT_EQ(grant_map(OWN_DOMID, 9, GNTMAP_host_map, gpa, &handle), GNTST_general_error);
	grant_give(10, OWN_DOMID, page + 1024, GTF_readonly);
	EXPECT_EQ(grant_map(OWN_DOMID, 10, GNTMAP_host_map, gpa, &handle), GNTST_general_error);
	EXPECT_EQ(grant_status[10], 0);
	EXPECT_EQ(grant_map(OWN_DOMID, 10, GNTMAP_host_map | GNTMAP_readonly, gpa, &handle),
		  GNTST_okay);
	EXPECT_EQ(grant_status[10], GTF_reading);
	EXPECT_EQ(grant_unmap(gpa, handle), GNTST_okay);
}
