/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * set_version goes both ways while nothing is in use, keeps the eight reserved entries, clears the
 * others, and is EBUSY as long as a grant is mapped.
 */
#include "guest.h"

static long set_version(uint32_t version, uint32_t *now)
{
	struct gnttab_set_version v = {.version = version};
	long rc = grant_op(GNTTABOP_set_version, &v, 1);

	*now = v.version;
	return rc;
}

static uint32_t get_version(void)
{
	struct gnttab_get_version v = {.dom = DOMID_SELF};

	CHECK_EQ(grant_op(GNTTABOP_get_version, &v, 1), 0);
	return v.version;
}

void guest_main(void)
{
	struct gnttab_get_version bad = {.dom = 77};
	uint64_t gpa;
	grant_handle_t h;
	uint32_t now;

	EXPECT_EQ(get_version(), 1);
	EXPECT_EQ(grant_op(GNTTABOP_get_version, &bad, 1), -XEN_ESRCH);
	EXPECT_EQ(set_version(3, &now), -XEN_EINVAL);
	EXPECT_EQ(set_version(0, &now), -XEN_EINVAL);
	grants_init(1, 1);
	grant_give(2, 5, (void *)0x5000, 0);
	grant_give(20, 5, (void *)0x5000, 0);
	if (!on_x86) {
		/* ARM has the first version alone. */
		EXPECT_EQ(set_version(2, &now), -XEN_ENOSYS);
		EXPECT_EQ(get_version(), 1);
		EXPECT_EQ(set_version(1, &now), 0);
		EXPECT_EQ(grant_v1[2].frame, 5);
		EXPECT_EQ(grant_v1[20].frame, 5);
		return;
	}
	EXPECT_EQ(set_version(2, &now), 0);
	EXPECT_EQ(now, 2);
	EXPECT_EQ(get_version(), 2);
	EXPECT_EQ(grant_v2[2].hdr.flags, GTF_permit_access);
	EXPECT_EQ(grant_v2[2].hdr.domid, 5);
	EXPECT_EQ(grant_v2[2].full_page.frame, 5);
	EXPECT_EQ(grant_v2[20].hdr.flags, 0);
	EXPECT_EQ(set_version(2, &now), 0);
	EXPECT_EQ(set_version(1, &now), 0);
	EXPECT_EQ(grant_v1[2].frame, 5);
	EXPECT_EQ(grant_v1[20].flags, 0);
	gpa = free_gfn() * PAGE_SIZE;
	grant_give(8, OWN_DOMID, alloc_pages(1), 0);
	CHECK_EQ(grant_map(OWN_DOMID, 8, GNTMAP_host_map, gpa, &h), GNTST_okay);
	EXPECT_EQ(set_version(2, &now), -XEN_EBUSY);
	EXPECT_EQ(now, 1);
	EXPECT_EQ(get_version(), 1);
	CHECK_EQ(grant_unmap(gpa, h), GNTST_okay);
	EXPECT_EQ(set_version(2, &now), 0);
}
