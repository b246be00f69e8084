/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* A domain at its maximum gets no further page; one that gave pages back gets those again. */
#include "guest.h"

static void fill(struct xen_memory_reservation *r, xen_pfn_t *beyond, long pages)
{
	for (; pages > 0; pages--, ++*beyond) {
		CHECK_EQ(HC(memory_op, XENMEM_populate_physmap, r), 1);
	}
}

void guest_main(void)
{
	domid_t self = DOMID_SELF;
	xen_pfn_t gfn = free_gfn(), beyond = 0x200000;
	struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};
	long now = HC(memory_op, XENMEM_current_reservation, &self);
	long max = HC(memory_op, XENMEM_maximum_reservation, &self);

	EXPECT(max >= now, "maximum %ld, now %ld", max, now);
	set_xen_guest_handle(r.extent_start, &beyond);
	if (on_x86) {
		fill(&r, &beyond, max - now);
		EXPECT_EQ(HC(memory_op, XENMEM_current_reservation, &self), max);
		EXPECT_EQ(HC(memory_op, XENMEM_populate_physmap, &r), 0);
		beyond--;
		EXPECT_EQ(HC(memory_op, XENMEM_decrease_reservation, &r), 1);
	} else {
		/* Directly mapped: it has what it was made with, and no other frame for its frames. */
		EXPECT_EQ(HC(memory_op, XENMEM_populate_physmap, &r), 0);
		EXPECT_EQ(HC(memory_op, XENMEM_decrease_reservation, &r), 0);
	}
	set_xen_guest_handle(r.extent_start, &gfn);
	EXPECT_EQ(HC(memory_op, XENMEM_populate_physmap, &r), 1);
	*(volatile uint32_t *)(gfn * PAGE_SIZE) = 5;
	EXPECT_EQ(*(volatile uint32_t *)(gfn * PAGE_SIZE), 5);
}
