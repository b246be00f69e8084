/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * One grant can be mapped many times, up to where its use count would overflow; then it is refused
 * and the earlier mappings stay good.
 */
#include "guest.h"

#define TRIES 300

void guest_main(void)
{
	domid_t dom = peer_create(16);
	grant_entry_v1_t *table = peer_grants(dom);
	static grant_handle_t handle[TRIES];
	static uint64_t gpa[TRIES];
	unsigned n, i;
	int status = 0;

	peer_grant(table, 8, 3, 0);
	for (n = 0; n < TRIES; n++) {
		gpa[n] = free_gfn() * PAGE_SIZE;
		status = grant_map(dom, 8, GNTMAP_host_map, gpa[n], &handle[n]);
		if (status) {
			break;
		}
	}
	EXPECT(n >= 127, "only %u mappings", n);
	EXPECT(n == TRIES || status == GNTST_general_error || status == GNTST_no_space,
	       "status %d after %u", status, n);
	for (i = 0; i < n; i++) {
		EXPECT_EQ(grant_unmap(gpa[i], handle[i]), GNTST_okay);
	}
	EXPECT_EQ(table[8].flags, GTF_permit_access);
	EXPECT_EQ(grant_map(dom, 8, GNTMAP_host_map, gpa[0], &handle[0]), GNTST_okay);
	EXPECT_EQ(grant_unmap(gpa[0], handle[0]), GNTST_okay);
}
