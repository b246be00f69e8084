/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* XENMEM_exchange with unreadable or contradictory arguments. */
#include "guest.h"

static xen_pfn_t in[4], out[4];

static long exchange(struct xen_memory_exchange x)
{
	set_xen_guest_handle(x.in.extent_start, in);
	set_xen_guest_handle(x.out.extent_start, out);
	return HC(memory_op, XENMEM_exchange, &x);
}

void guest_main(void)
{
	struct xen_memory_exchange x = {
	    .in = {.nr_extents = 1, .domid = DOMID_SELF},
	    .out = {.nr_extents = 1, .domid = DOMID_SELF},
	};

	in[0] = PFN(alloc_pages(1));
	x.in.nr_extents = 2;
	EXPECT_EQ(exchange(x), -XEN_EINVAL);
	x.in.nr_extents = 1;
	x.out.domid = 5;
	EXPECT_EQ(exchange(x), -XEN_EINVAL);
	x.out.domid = DOMID_SELF;
	x.nr_exchanged = 3;
	EXPECT_EQ(exchange(x), -XEN_EINVAL);
	EXPECT_EQ(HC(memory_op, XENMEM_exchange, 0x200000000ul), -XEN_EFAULT);
}
