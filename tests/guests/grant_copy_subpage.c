/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* Version 2 sub-page grants: a copy within the range is done, one that leaves it is refused. */
#include "guest.h"

static int copy_from(grant_ref_t ref, unsigned offset, unsigned len, void *to)
{
	struct gnttab_copy c = {.len = len, .flags = GNTCOPY_source_gref};

	c.source.domid = OWN_DOMID;
	c.source.u.ref = ref;
	c.source.offset = offset;
	c.dest.domid = DOMID_SELF;
	c.dest.u.gmfn = PFN(to);
	CHECK_EQ(grant_op(GNTTABOP_copy, &c, 1), 0);
	return c.status;
}

void guest_main(void)
{
	uint32_t *page, *to;

	grants_init(2, 1);
	page = alloc_pages(1);
	to = alloc_pages(1);
	page[25] = 0xfeed;
	grant_v2[8].sub_page.page_off = 100;
	grant_v2[8].sub_page.length = 50;
	grant_v2[8].sub_page.frame = PFN(page);
	grant_v2[8].hdr.domid = OWN_DOMID;
	barrier();
	grant_v2[8].hdr.flags = GTF_permit_access | GTF_sub_page;
	EXPECT_EQ(copy_from(8, 100, 4, to), GNTST_okay);
	EXPECT_EQ(to[0], 0xfeed);
	EXPECT_EQ(copy_from(8, 100, 50, to), GNTST_okay);
	EXPECT_EQ(copy_from(8, 149, 1, to), GNTST_okay);
	EXPECT_EQ(copy_from(8, 99, 4, to), GNTST_general_error);
	EXPECT_EQ(copy_from(8, 100, 51, to), GNTST_general_error);
	EXPECT_EQ(copy_from(8, 150, 1, to), GNTST_general_error);
	EXPECT_EQ(grant_status[8], 0);
}
