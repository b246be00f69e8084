/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: timeout=90 */
/* The memory of a destroyed domain comes back to the last page. */
#include "guest.h"

#include <xen/sysctl.h>

#define ROUNDS 20

static struct xen_sysctl sys;

static uint64_t free_pages(void)
{
	sys.cmd = XEN_SYSCTL_physinfo;
	sys.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	CHECK_EQ(HC(sysctl, &sys), 0);
	return sys.u.physinfo.free_pages;
}

static bool settled(uint64_t want)
{
	HC(sched_op, SCHEDOP_yield, 0);
	return free_pages() == want && !sys.u.physinfo.outstanding_pages;
}

void guest_main(void)
{
	uint64_t before;
	unsigned i;
	bool back;

	/* The first one may make caches grow. */
	peer_destroy(peer_create(256));
	WAIT_FOR(settled(~0ull), 200);
	before = free_pages();
	for (i = 0; i < ROUNDS; i++) {
		domid_t dom = peer_create(256);

		EXPECT(free_pages() <= before - 256, "where does its memory come from?");
		peer_destroy(dom);
		back = WAIT_FOR(settled(before), 5000);
		CHECK(back, "round %u: %lu pages of %lu", i, free_pages(), before);
	}
}
