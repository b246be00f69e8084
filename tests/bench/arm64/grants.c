/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What grants cost on arm64: a page of another domain mapped and unmapped, and copied. The guest
 * is one of the ABI tests' kind (tests/guests/lib), which make that domain; instructions are
 * counted as in bench.c.
 */
#include "guest.h"

#define ROUNDS	128
#define BATCHES 4
#define PAGES	16
#define REF	8
#define GFN	3

static domid_t peer_dom;
static uint64_t window;
static uint8_t *page;

static void map_unmap(void)
{
	grant_handle_t handle;

	CHECK_EQ(grant_map(peer_dom, REF, GNTMAP_host_map, window, &handle), GNTST_okay);
	CHECK_EQ(grant_unmap(window, handle), GNTST_okay);
}

static void copy(uint16_t len)
{
	struct gnttab_copy c = {
	    .source = {.u.ref = REF, .domid = peer_dom},
	    .dest = {.u.gmfn = PFN(page), .domid = DOMID_SELF},
	    .len = len,
	    .flags = GNTCOPY_source_gref,
	};

	CHECK_EQ(grant_op(GNTTABOP_copy, &c, 1), 0);
	CHECK_EQ(c.status, GNTST_okay);
}

/* The path alone, and with a page's bytes. */
static void copy_little(void)
{
	copy(64);
}

static void copy_page(void)
{
	copy(PAGE_SIZE);
}

static void measure(const char *name, void (*op)(void))
{
	uint64_t best = ~0ul;

	op();
	for (unsigned batch = 0; batch < BATCHES; batch++) {
		uint64_t start = rdtsc(), spent;

		for (unsigned i = 0; i < ROUNDS; i++) {
			op();
		}
		spent = rdtsc() - start;
		best = spent < best ? spent : best;
	}
	printf("BENCH %s %lu\n", name, best * (1000000000 / counter_hz()) / ROUNDS);
}

void guest_main(void)
{
	page = alloc_pages(1);
	peer_dom = peer_create(PAGES);
	peer_grant(peer_grants(peer_dom), REF, GFN, 0);
	window = free_gfn() * PAGE_SIZE;
	measure("grant_map_unmap", map_unmap);
	measure("grant_copy_64", copy_little);
	measure("grant_copy_page", copy_page);
}
