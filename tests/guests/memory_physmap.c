/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* add_to_physmap moves own frames about, takes them out, and refuses what is not there. */
#include "guest.h"

static long add(unsigned space, uint64_t idx, uint64_t gpfn, unsigned size)
{
	struct xen_add_to_physmap a = {
	    .domid = DOMID_SELF, .space = space, .idx = idx, .gpfn = gpfn, .size = size};

	return HC(memory_op, XENMEM_add_to_physmap, &a);
}

static long take_out(domid_t dom, uint64_t gpfn)
{
	struct xen_remove_from_physmap r = {.domid = dom, .gpfn = gpfn};

	return HC(memory_op, XENMEM_remove_from_physmap, &r);
}

static void refused(uint64_t hole, uint64_t hole2)
{
	struct xen_add_to_physmap other = {.domid = 77, .space = XENMAPSPACE_gmfn};
	long rc;

	EXPECT_EQ(take_out(DOMID_SELF, hole2), -XEN_ENOENT);
	EXPECT_EQ(take_out(DOMID_SELF, 0x7ffffffffful), -XEN_ENOENT);
	EXPECT_EQ(take_out(77, hole2), -XEN_ESRCH);
	EXPECT_EQ(HC(memory_op, XENMEM_add_to_physmap, &other), -XEN_ESRCH);
	EXPECT_EQ(HC(memory_op, XENMEM_add_to_physmap, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(memory_op, XENMEM_remove_from_physmap, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(add(XENMAPSPACE_gmfn_foreign, 0, hole, 0), -XEN_ENOSYS);
	EXPECT_EQ(add(XENMAPSPACE_shared_info, 1, hole, 0), -XEN_EINVAL);
	if (on_x86) {
		EXPECT_EQ(add(XENMAPSPACE_dev_mmio, 0, hole, 0), -XEN_EINVAL);
	}
	rc = add(99, 0, hole, 0);
	EXPECT(rc == -XEN_EINVAL || (!on_x86 && rc == -XEN_ENOSYS), "an unknown space: %ld", rc);
}

void guest_main(void)
{
	volatile uint32_t *page = alloc_pages(1);
	uint64_t hole = free_gfn(), hole2 = free_gfn();

	page[0] = 0xbeef;
	if (!on_x86) {
		EXPECT_EQ(add(XENMAPSPACE_gmfn, PFN(page), hole, 0), -XEN_ENOSYS);
		EXPECT_EQ(add(XENMAPSPACE_gmfn_range, PFN(page), hole, 1), -XEN_ENOSYS);
		EXPECT_EQ(take_out(DOMID_SELF, PFN(page)), 0);
		EXPECT(is_hole((uint64_t)page));
		refused(hole, hole2);
		return;
	}
	EXPECT_EQ(add(XENMAPSPACE_gmfn, PFN(page), hole, 0), 0);
	EXPECT_EQ(*(volatile uint32_t *)(hole * PAGE_SIZE), 0xbeef);
	EXPECT(is_hole((uint64_t)page));
	EXPECT_EQ(add(XENMAPSPACE_gmfn, PFN(page), hole2, 0), -XEN_EINVAL);
	EXPECT_EQ(add(XENMAPSPACE_gmfn_range, hole, hole2, 1), 0);
	EXPECT_EQ(*(volatile uint32_t *)(hole2 * PAGE_SIZE), 0xbeef);
	EXPECT_EQ(take_out(DOMID_SELF, hole2), 0);
	EXPECT(is_hole(hole2 * PAGE_SIZE));
	refused(hole, hole2);
}
