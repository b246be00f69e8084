/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* A batch of copies: each has its own status, a bad one does not stop those after it. */
#include "guest.h"

#define COUNT 100

void guest_main(void)
{
	static struct gnttab_copy c[COUNT];
	domid_t dom = peer_create(16);
	grant_entry_v1_t *table = peer_grants(dom);
	volatile uint32_t *page = peer_map(dom, 3);
	volatile uint32_t *ours = alloc_pages(1);
	unsigned i;

	peer_grant(table, 8, 3, 0);
	for (i = 0; i < COUNT; i++) {
		page[i] = 1000 + i;
		c[i].source.domid = dom;
		c[i].source.u.ref = i == 50 ? 99999 : 8;
		c[i].source.offset = 4 * i;
		c[i].dest.domid = DOMID_SELF;
		c[i].dest.u.gmfn = PFN(ours);
		c[i].dest.offset = 4 * i;
		c[i].len = i == 60 ? 5000 : 4;
		c[i].flags = GNTCOPY_source_gref;
		c[i].status = 55;
	}
	EXPECT_EQ(grant_op(GNTTABOP_copy, c, COUNT), 0);
	for (i = 0; i < COUNT; i++) {
		int want = i == 50 ? GNTST_bad_gntref : i == 60 ? GNTST_bad_copy_arg : GNTST_okay;

		EXPECT(c[i].status == want, "entry %u: %d", i, c[i].status);
		EXPECT(ours[i] == (want ? 0 : 1000 + i), "entry %u: %u", i, ours[i]);
	}
	EXPECT_EQ(table[8].flags, GTF_permit_access);
}
