/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* The batch form tells of each frame by itself, and maps another domain's frames. */
#include "guest.h"

static xen_ulong_t idx[4];
static xen_pfn_t gpfn[4];
static int err[4];

static long batch(unsigned space, domid_t foreign, unsigned n)
{
	struct xen_add_to_physmap_batch b = {
	    .domid = DOMID_SELF, .space = space, .size = n, .u.foreign_domid = foreign};
	unsigned i;

	for (i = 0; i < 4; i++) {
		err[i] = 55;
	}
	set_xen_guest_handle(b.idxs, idx);
	set_xen_guest_handle(b.gpfns, gpfn);
	set_xen_guest_handle(b.errs, err);
	return HC(memory_op, XENMEM_add_to_physmap_batch, &b);
}

void guest_main(void)
{
	domid_t dom = peer_create(8);
	volatile uint32_t *window;
	unsigned i;

	for (i = 0; i < 4; i++) {
		idx[i] = i;
		gpfn[i] = free_gfn();
	}
	idx[2] = 5000;
	EXPECT_EQ(batch(XENMAPSPACE_gmfn_foreign, dom, 4), 0);
	EXPECT_EQ(err[0], 0);
	EXPECT_EQ(err[1], 0);
	EXPECT(err[2] == -XEN_EINVAL, "%d", err[2]);
	EXPECT_EQ(err[3], 0);
	window = (void *)(gpfn[3] * PAGE_SIZE);
	window[5] = 99;
	EXPECT_EQ(((volatile uint32_t *)peer_map(dom, 3))[5], 99);
	EXPECT_EQ(batch(XENMAPSPACE_gmfn_foreign, 77, 1), 0);
	EXPECT_EQ(err[0], -XEN_ESRCH);
	/* One's own frames are not foreign. */
	EXPECT_EQ(batch(XENMAPSPACE_gmfn_foreign, OWN_DOMID, 1), 0);
	EXPECT_EQ(err[0], on_x86 ? -XEN_EPERM : -XEN_ESRCH);
	EXPECT_EQ(batch(XENMAPSPACE_gmfn_foreign, dom, 0), 0);
	EXPECT_EQ(batch(XENMAPSPACE_gmfn_range, 0, 1), -XEN_EOPNOTSUPP);
	/* Without meaning in other spaces, and not looked at. */
	EXPECT_EQ(batch(XENMAPSPACE_gmfn, 1, 0), 0);
	EXPECT_EQ(batch(0x77, 1, 1), 0);
	EXPECT_EQ(HC(memory_op, XENMEM_add_to_physmap_batch, 0x200000000ul), -XEN_EFAULT);
}
