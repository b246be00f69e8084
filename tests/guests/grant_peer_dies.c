/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * A granter that is destroyed while its page is mapped: the page stays readable until the unmap,
 * which still succeeds; with its last reference the domain is gone.
 */
#include "guest.h"

static void unmap_frame(const volatile void *page)
{
	struct xen_remove_from_physmap r = {.domid = DOMID_SELF, .gpfn = PFN(page)};

	CHECK_EQ(HC(memory_op, XENMEM_remove_from_physmap, &r), 0);
}

void guest_main(void)
{
	domid_t dom = peer_create(16);
	grant_entry_v1_t *table = peer_grants(dom);
	volatile uint32_t *page = peer_map(dom, 3);
	uint64_t gpa = free_gfn() * PAGE_SIZE, until;
	grant_handle_t h;
	int status;

	page[0] = 0x4242;
	peer_grant(table, 8, 3, 0);
	CHECK_EQ(grant_map(dom, 8, GNTMAP_host_map, gpa, &h), GNTST_okay);
	unmap_frame(page);
	unmap_frame(table);
	peer_destroy(dom);
	EXPECT_EQ(*(volatile uint32_t *)gpa, 0x4242);
	EXPECT_EQ(grant_unmap(gpa, h), GNTST_okay);
	/* It goes when every CPU has passed a quiet point. */
	until = rdtsc() + 5000 * tsc_khz();
	do {
		HC(sched_op, SCHEDOP_yield, 0);
		status = grant_map(dom, 8, GNTMAP_host_map, gpa, &h);
	} while (status != GNTST_bad_domain && rdtsc() < until);
	EXPECT_EQ(status, GNTST_bad_domain);
}
