/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* An unmap with an unknown handle or another address changes nothing. */
#include "guest.h"

void guest_main(void)
{
	domid_t dom = peer_create(16);
	grant_entry_v1_t *table = peer_grants(dom);
	uint64_t gpa = free_gfn() * PAGE_SIZE, other = free_gfn() * PAGE_SIZE;
	void *ram = alloc_pages(1);
	grant_handle_t h;

	peer_grant(table, 8, 3, 0);
	CHECK_EQ(grant_map(dom, 8, GNTMAP_host_map, gpa, &h), GNTST_okay);
	EXPECT_EQ(grant_unmap(gpa, h + 1), GNTST_bad_handle);
	EXPECT_EQ(grant_unmap(gpa, 0x7fffffff), GNTST_bad_handle);
	EXPECT_EQ(grant_unmap(gpa, ~0u), GNTST_bad_handle);
	EXPECT_EQ(grant_unmap(other, h), GNTST_general_error);
	EXPECT_EQ(grant_unmap((uint64_t)ram, h), GNTST_general_error);
	EXPECT_EQ(table[8].flags, GTF_permit_access | GTF_reading | GTF_writing);
	*(volatile uint32_t *)gpa = 1;
	EXPECT_EQ(grant_unmap(gpa, h), GNTST_okay);
	EXPECT_EQ(table[8].flags, GTF_permit_access);
	EXPECT_EQ(grant_op(GNTTABOP_unmap_grant_ref, (void *)0x200000000ul, 1), -XEN_EFAULT);
}
