/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* What may be wrong with a mapping: the domain, the reference, the entry, the frame, the flags. */
#include "guest.h"

void guest_main(void)
{
	domid_t dom = peer_create(16);
	grant_entry_v1_t *table = peer_grants(dom);
	uint64_t gpa = free_gfn() * PAGE_SIZE;
	grant_handle_t h;
	struct gnttab_map_grant_ref m = {0};

	peer_grant(table, 8, 3, 0);
	EXPECT_EQ(grant_map(77, 8, GNTMAP_host_map, gpa, &h), GNTST_bad_domain);
	EXPECT_EQ(grant_map(DOMID_IO, 8, GNTMAP_host_map, gpa, &h), GNTST_bad_domain);
	EXPECT_EQ(grant_map(dom, 100000, GNTMAP_host_map, gpa, &h), GNTST_bad_gntref);
	EXPECT_EQ(grant_map(dom, ~0u, GNTMAP_host_map, gpa, &h), GNTST_bad_gntref);
	EXPECT_EQ(grant_map(dom, 9, GNTMAP_host_map, gpa, &h), GNTST_general_error);
	EXPECT_EQ(grant_map(dom, 8, 0, gpa, &h), GNTST_bad_gntref);
	EXPECT_EQ(grant_map(dom, 8, GNTMAP_readonly, gpa, &h), GNTST_bad_gntref);
	EXPECT_EQ(grant_map(dom, 8, GNTMAP_host_map | GNTMAP_device_map, gpa, &h),
		  GNTST_general_error);
	EXPECT_EQ(grant_map(dom, 8, GNTMAP_host_map | GNTMAP_contains_pte, gpa, &h),
		  GNTST_general_error);
	EXPECT_EQ(grant_map(dom, 8, GNTMAP_host_map | GNTMAP_application_map, gpa, &h),
		  GNTST_general_error);
	table[8].domid = 5;
	EXPECT_EQ(grant_map(dom, 8, GNTMAP_host_map, gpa, &h), GNTST_general_error);
	peer_grant(table, 8, 5000, 0);
	EXPECT_EQ(grant_map(dom, 8, GNTMAP_host_map, gpa, &h), GNTST_bad_page);
	EXPECT_EQ(table[8].flags, GTF_permit_access);
	peer_grant(table, 8, 3, GTF_readonly);
	EXPECT_EQ(grant_map(dom, 8, GNTMAP_host_map, gpa, &h), GNTST_general_error);
	EXPECT_EQ(table[8].flags, GTF_permit_access | GTF_readonly);
	table[8].flags = GTF_accept_transfer;
	EXPECT_EQ(grant_map(dom, 8, GNTMAP_host_map, gpa, &h), GNTST_general_error);
	EXPECT_EQ(grant_op(GNTTABOP_map_grant_ref, &m, 0), 0);
	EXPECT_EQ(grant_op(GNTTABOP_map_grant_ref, (void *)0x200000000ul, 1), -XEN_EFAULT);
	EXPECT_EQ(grant_op(GNTTABOP_map_grant_ref, &m, 0x80000000u), -XEN_EINVAL);
	EXPECT_EQ(grant_op(99, &m, 1), -XEN_ENOSYS);
	EXPECT_EQ(grant_op(-1, &m, 1), -XEN_ENOSYS);
}
