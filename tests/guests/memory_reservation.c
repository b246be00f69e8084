/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * populate and decrease answer with the number of extents done, and stop at the first that cannot
 * be: also for an argument that is not readable or a domain that is not there (0, no errno).
 */
#include "guest.h"

static long reservation(int cmd, xen_pfn_t *list, uint64_t n, unsigned order, domid_t dom)
{
	struct xen_memory_reservation r = {.nr_extents = n, .extent_order = order, .domid = dom};

	set_xen_guest_handle(r.extent_start, list);
	return HC(memory_op, cmd, &r);
}

static long current_pages(void)
{
	domid_t self = DOMID_SELF;

	return HC(memory_op, XENMEM_current_reservation, &self);
}

void guest_main(void)
{
	char *pages = alloc_pages(4);
	xen_pfn_t list[4], hole[1];
	long before = current_pages();
	unsigned i;

	for (i = 0; i < 4; i++) {
		list[i] = PFN(pages) + i;
		pages[i * PAGE_SIZE] = 1;
	}
	EXPECT_EQ(reservation(XENMEM_decrease_reservation, list, 4, 0, DOMID_SELF), 4);
	/* A directly mapped domain has to get the same frames back, so they stay its own. */
	EXPECT_EQ(current_pages(), on_x86 ? before - 4 : before);
	EXPECT(is_hole((uint64_t)pages));
	EXPECT_EQ(reservation(XENMEM_decrease_reservation, list, 4, 0, DOMID_SELF), 0);
	EXPECT_EQ(reservation(XENMEM_populate_physmap, list, 4, 0, DOMID_SELF), 4);
	EXPECT_EQ(current_pages(), before);
	for (i = 0; i < 4; i++) {
		pages[i * PAGE_SIZE] = 2;
	}
	hole[0] = 0x7ffffffffful;
	EXPECT_EQ(reservation(XENMEM_decrease_reservation, hole, 1, 0, DOMID_SELF), 0);
	EXPECT_EQ(reservation(XENMEM_populate_physmap, list, 0, 0, DOMID_SELF), 0);
	EXPECT_EQ(reservation(XENMEM_populate_physmap, list, 1, 30, DOMID_SELF), 0);
	EXPECT_EQ(reservation(XENMEM_populate_physmap, list, 1, 63, DOMID_SELF), 0);
	EXPECT_EQ(reservation(XENMEM_populate_physmap, list, 1, 0, 77), 0);
	EXPECT_EQ(reservation(XENMEM_decrease_reservation, list, 1ull << 60, 0, DOMID_SELF), 0);
	EXPECT_EQ(reservation(XENMEM_decrease_reservation, (void *)0x200000000ul, 1, 0, DOMID_SELF),
		  0);
	EXPECT_EQ(HC(memory_op, XENMEM_populate_physmap, 0x200000000ul), 0);
	EXPECT_EQ(current_pages(), before);
	EXPECT_EQ(pages[0], 2);
}
