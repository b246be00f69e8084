/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* claim_pages: one extent of order 0 without a list; a claim is a promise that free memory backs.
 */
#include "guest.h"

static long claim(domid_t dom, uint64_t pages, unsigned order, void *list, unsigned flags)
{
	struct xen_memory_reservation r = {
	    .nr_extents = pages, .extent_order = order, .domid = dom, .mem_flags = flags};

	set_xen_guest_handle(r.extent_start, (xen_pfn_t *)list);
	return HC(memory_op, XENMEM_claim_pages, &r);
}

void guest_main(void)
{
	domid_t dom = peer_create(8);

	EXPECT_EQ(claim(dom, 32, 0, NULL, 0), 0);
	EXPECT_EQ(claim(dom, 0, 0, NULL, 0), 0);
	EXPECT_EQ(claim(dom, 32, 1, NULL, 0), -XEN_EINVAL);
	EXPECT_EQ(claim(dom, 32, 0, &dom, 0), -XEN_EINVAL);
	EXPECT_EQ(claim(dom, 32, 0, NULL, 1), -XEN_EINVAL);
	/* More than the domain may have, or no domain. */
	EXPECT_EQ(claim(dom, 1ul << 30, 0, NULL, 0), -XEN_EINVAL);
	EXPECT_EQ(claim(77, 32, 0, NULL, 0), -XEN_EINVAL);
	EXPECT_EQ(HC(memory_op, XENMEM_claim_pages, 0x200000000ul), -XEN_EFAULT);
}
