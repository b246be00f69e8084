/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * A domain may map its own grant, but only by its number: DOMID_SELF is no domain here.
 * Real Xen moves the page to the new frame number then, and the first one is a hole afterwards;
 * nothing here depends on that, so the page is only looked at through the window.
 */
#include "guest.h"

void guest_main(void)
{
	uint64_t gpa;
	volatile uint32_t *page, *window;
	grant_handle_t handle;

	grants_init(1, 1);
	page = alloc_pages(1);
	gpa = free_gfn() * PAGE_SIZE;
	window = (void *)gpa;
	page[0] = 0x12345678;
	grant_give(8, OWN_DOMID, (void *)page, 0);
	EXPECT_EQ(grant_map(DOMID_SELF, 8, GNTMAP_host_map, gpa, &handle), GNTST_bad_domain);
	CHECK_EQ(grant_map(OWN_DOMID, 8, GNTMAP_host_map, gpa, &handle), GNTST_okay);
	EXPECT_EQ(window[0], 0x12345678);
	window[1] = 77;
	EXPECT_EQ(window[1], 77);
	EXPECT_EQ(grant_v1[8].flags, GTF_permit_access | GTF_reading | GTF_writing);
	EXPECT_EQ(grant_unmap(gpa, handle), GNTST_okay);
	EXPECT_EQ(grant_v1[8].flags, GTF_permit_access);
}
