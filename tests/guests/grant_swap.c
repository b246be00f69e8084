/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* swap_grant_ref exchanges two entries unless one is in use. */
#include "guest.h"

static int swap(grant_ref_t a, grant_ref_t b)
{
	struct gnttab_swap_grant_ref s = {.ref_a = a, .ref_b = b};

	CHECK_EQ(grant_op(GNTTABOP_swap_grant_ref, &s, 1), 0);
	return s.status;
}

void guest_main(void)
{
	uint64_t gpa;
	grant_handle_t h;

	grants_init(1, 1);
	gpa = free_gfn() * PAGE_SIZE;
	grant_give(8, 3, (void *)0x3000, 0);
	grant_give(9, 4, (void *)0x4000, GTF_readonly);
	EXPECT_EQ(swap(8, 9), GNTST_okay);
	EXPECT_EQ(grant_v1[8].domid, 4);
	EXPECT_EQ(grant_v1[8].frame, 4);
	EXPECT_EQ(grant_v1[8].flags, GTF_permit_access | GTF_readonly);
	EXPECT_EQ(grant_v1[9].domid, 3);
	EXPECT_EQ(swap(8, 8), GNTST_okay);
	EXPECT_EQ(swap(8, 99999), GNTST_bad_gntref);
	EXPECT_EQ(swap(99999, 8), GNTST_bad_gntref);
	grant_give(10, OWN_DOMID, alloc_pages(1), 0);
	CHECK_EQ(grant_map(OWN_DOMID, 10, GNTMAP_host_map, gpa, &h), GNTST_okay);
	EXPECT_EQ(swap(8, 10), GNTST_eagain);
	EXPECT_EQ(swap(10, 8), GNTST_eagain);
	EXPECT_EQ(grant_v1[8].domid, 4);
	EXPECT_EQ(grant_unmap(gpa, h), GNTST_okay);
	EXPECT_EQ(swap(8, 10), GNTST_okay);
}
