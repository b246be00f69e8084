/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * The size of the table, how it grows by mapping its frames, and the old setup_table: status codes
 * for bad domains and sizes.
 */
#include "guest.h"

static long map_frame(uint64_t idx)
{
	struct xen_add_to_physmap a = {.domid = DOMID_SELF,
				       .space = XENMAPSPACE_grant_table,
				       .idx = idx,
				       .gpfn = PFN(alloc_pages(1))};

	return HC(memory_op, XENMEM_add_to_physmap, &a);
}

void guest_main(void)
{
	struct gnttab_query_size q = {.dom = DOMID_SELF};
	struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = 2};
	static xen_pfn_t frames[64];

	CHECK_EQ(grant_op(GNTTABOP_query_size, &q, 1), 0);
	EXPECT_EQ(q.status, GNTST_okay);
	EXPECT(q.nr_frames >= 1 && q.nr_frames <= q.max_nr_frames, "%u", q.nr_frames);
	EXPECT_EQ(q.max_nr_frames, 64);
	EXPECT_EQ(map_frame(5), 0);
	CHECK_EQ(grant_op(GNTTABOP_query_size, &q, 1), 0);
	EXPECT_EQ(q.nr_frames, 6);
	EXPECT_EQ(map_frame(63), 0);
	EXPECT_EQ(map_frame(64), -XEN_EINVAL);
	EXPECT_EQ(map_frame(0xffffffff), -XEN_EINVAL);
	EXPECT_EQ(map_frame(XENMAPIDX_grant_table_status), -XEN_EINVAL);
	q.dom = 77;
	CHECK_EQ(grant_op(GNTTABOP_query_size, &q, 1), 0);
	EXPECT_EQ(q.status, GNTST_bad_domain);
	EXPECT_EQ(grant_op(GNTTABOP_query_size, &q, 2), -XEN_EINVAL);
	set_xen_guest_handle(s.frame_list, frames);
	CHECK_EQ(grant_op(GNTTABOP_setup_table, &s, 1), 0);
	EXPECT_EQ(s.status, GNTST_okay);
	s.nr_frames = 65;
	CHECK_EQ(grant_op(GNTTABOP_setup_table, &s, 1), 0);
	EXPECT_EQ(s.status, GNTST_general_error);
	s.nr_frames = 1;
	s.dom = 77;
	CHECK_EQ(grant_op(GNTTABOP_setup_table, &s, 1), 0);
	EXPECT_EQ(s.status, GNTST_bad_domain);
	EXPECT_EQ(grant_op(GNTTABOP_setup_table, &s, 2), -XEN_EINVAL);
	EXPECT_EQ(grant_op(GNTTABOP_setup_table, (void *)0x200000000ul, 1), -XEN_EFAULT);
}
