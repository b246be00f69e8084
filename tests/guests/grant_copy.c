/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * Grant copy: between a grant and a frame of the caller in either direction; a range that leaves
 * its page is a bad argument; a frame of another domain needs a grant; read-only grants are no
 * target.
 */
#include "guest.h"

static domid_t dom;

static int copy(uint32_t flags, uint64_t src, unsigned src_off, uint64_t dst, unsigned dst_off,
		unsigned len)
{
	struct gnttab_copy c = {.flags = flags, .len = len};

	c.source.offset = src_off;
	c.dest.offset = dst_off;
	c.source.domid = flags & GNTCOPY_source_gref ? dom : DOMID_SELF;
	c.dest.domid = flags & GNTCOPY_dest_gref ? dom : DOMID_SELF;
	if (flags & GNTCOPY_source_gref) {
		c.source.u.ref = src;
	} else {
		c.source.u.gmfn = src;
	}
	if (flags & GNTCOPY_dest_gref) {
		c.dest.u.ref = dst;
	} else {
		c.dest.u.gmfn = dst;
	}
	CHECK_EQ(grant_op(GNTTABOP_copy, &c, 1), 0);
	return c.status;
}

static void bad_arguments(uint64_t own)
{
	struct gnttab_copy c = {.len = 4};

	EXPECT_EQ(copy(GNTCOPY_source_gref, 8, 4000, own, 0, 97), GNTST_bad_copy_arg);
	EXPECT_EQ(copy(GNTCOPY_source_gref, 8, 0, own, 4000, 97), GNTST_bad_copy_arg);
	EXPECT_EQ(copy(GNTCOPY_source_gref, 8, 4096, own, 0, 1), GNTST_bad_copy_arg);
	EXPECT_EQ(copy(GNTCOPY_source_gref, 8, 0, own, 0xffff, 1), GNTST_bad_copy_arg);
	EXPECT_EQ(copy(GNTCOPY_source_gref, 10, 0, own, 0, 4), GNTST_general_error);
	EXPECT_EQ(copy(GNTCOPY_source_gref, 99999, 0, own, 0, 4), GNTST_bad_gntref);
	EXPECT_EQ(copy(GNTCOPY_dest_gref, own, 0, 9, 0, 4), GNTST_general_error);
	EXPECT_EQ(copy(GNTCOPY_source_gref, 8, 0, 0x7ffffffff, 0, 4), GNTST_bad_page);
	c.source.domid = dom;
	c.source.u.gmfn = 3;
	c.dest.domid = DOMID_SELF;
	c.dest.u.gmfn = own;
	CHECK_EQ(grant_op(GNTTABOP_copy, &c, 1), 0);
	EXPECT_EQ(c.status, GNTST_permission_denied);
	c.source.domid = 77;
	CHECK_EQ(grant_op(GNTTABOP_copy, &c, 1), 0);
	EXPECT_EQ(c.status, GNTST_bad_domain);
	c.flags = GNTCOPY_source_gref;
	CHECK_EQ(grant_op(GNTTABOP_copy, &c, 1), 0);
	EXPECT_EQ(c.status, GNTST_bad_domain);
	EXPECT_EQ(grant_op(GNTTABOP_copy, (void *)0x200000000ul, 1), -XEN_EFAULT);
}

void guest_main(void)
{
	grant_entry_v1_t *table;
	volatile uint32_t *page, *ours;

	dom = peer_create(16);
	table = peer_grants(dom);
	page = peer_map(dom, 3);
	ours = alloc_pages(2);
	peer_grant(table, 8, 3, 0);
	peer_grant(table, 9, 4, GTF_readonly);
	page[2] = 0x11223344;
	EXPECT_EQ(copy(GNTCOPY_source_gref, 8, 8, PFN(ours), 100, 4), GNTST_okay);
	EXPECT_EQ(ours[25], 0x11223344);
	ours[1023] = 0x55667788;
	EXPECT_EQ(copy(GNTCOPY_dest_gref, PFN(ours), 4092, 8, 4092, 4), GNTST_okay);
	EXPECT_EQ(page[1023], 0x55667788);
	EXPECT_EQ(copy(0, PFN(ours), 0, PFN(ours + 1024), 0, 4096), GNTST_okay);
	EXPECT_EQ(ours[1024 + 1023], 0x55667788);
	EXPECT_EQ(copy(GNTCOPY_source_gref, 9, 0, PFN(ours), 0, 4096), GNTST_okay);
	EXPECT_EQ(copy(GNTCOPY_source_gref | GNTCOPY_dest_gref, 9, 0, 8, 8, 4), GNTST_okay);
	EXPECT_EQ(page[2], 0);
	EXPECT_EQ(copy(GNTCOPY_source_gref, 8, 0, PFN(ours), 0, 0), GNTST_okay);
	EXPECT_EQ(copy(GNTCOPY_source_gref, 8, 4096, PFN(ours), 4096, 0), GNTST_okay);
	EXPECT_EQ(table[8].flags, GTF_permit_access);
	EXPECT_EQ(table[9].flags, GTF_permit_access | GTF_readonly);
	bad_arguments(PFN(ours));
}
