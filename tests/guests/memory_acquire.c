/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* acquire_resource: sizes, bad types, identifiers and ranges; the grant table of another domain. */
#include "guest.h"

static long acquire(struct xen_mem_acquire_resource r, xen_pfn_t *list)
{
	set_xen_guest_handle(r.frame_list, list);
	return HC(memory_op, XENMEM_acquire_resource, &r);
}

void guest_main(void)
{
	domid_t dom = peer_create(8);
	xen_pfn_t list[1] = {free_gfn()};
	struct xen_mem_acquire_resource size = {.domid = dom, .type = XENMEM_resource_grant_table};
	struct xen_mem_acquire_resource r = {
	    .domid = dom, .type = XENMEM_resource_grant_table, .nr_frames = 1};
	grant_entry_v1_t *table = (void *)(list[0] * PAGE_SIZE);

	EXPECT_EQ(HC(memory_op, XENMEM_acquire_resource, &size), 0);
	EXPECT_EQ(size.nr_frames, 4);
	EXPECT_EQ(acquire(r, list), 0);
	table[8].domid = 3;
	EXPECT_EQ(peer_grants(dom)[8].domid, 3);
	r.pad = 1;
	EXPECT_EQ(acquire(r, list), -XEN_EINVAL);
	r.pad = 0;
	r.domid = 77;
	EXPECT_EQ(acquire(r, list), -XEN_ESRCH);
	r.domid = dom;
	r.id = 2;
	EXPECT_EQ(acquire(r, list), -XEN_EINVAL);
	r.id = 0;
	r.frame = 4;
	EXPECT_EQ(acquire(r, list), -XEN_EINVAL);
	r.frame = ~0ull;
	EXPECT(acquire(r, list) < 0, "frame ~0");
	r.frame = 0;
	r.type = 9;
	EXPECT_EQ(acquire(r, list), -XEN_EOPNOTSUPP);
	EXPECT_EQ(HC(memory_op, XENMEM_acquire_resource, 0x200000000ul), -XEN_EFAULT);
	/* Nobody acquires from himself, but DOMID_SELF names no domain here. */
	r.type = XENMEM_resource_grant_table;
	r.domid = OWN_DOMID;
	EXPECT_EQ(acquire(r, list), -XEN_EPERM);
	r.domid = DOMID_SELF;
	EXPECT_EQ(acquire(r, list), -XEN_ESRCH);
}
