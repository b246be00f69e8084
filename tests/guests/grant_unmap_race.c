/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 timeout=180 */
/* Two vCPUs unmap the same handle: exactly one of them succeeds, each time. */
#include "guest.h"

#define ROUNDS 60

static volatile uint64_t gpa;
static volatile grant_handle_t handle;
static volatile uint32_t round, done;
static volatile int result;
static volatile bool stop;

static void other(void *arg)
{
	uint32_t seen = 0;

	(void)arg;
	while (!stop) {
		if (round != seen) {
			seen = round;
			result = grant_unmap(gpa, handle);
			barrier();
			done = seen;
		}
		pause();
	}
}

void guest_main(void)
{
	domid_t dom = peer_create(16);
	grant_entry_v1_t *table = peer_grants(dom);
	grant_handle_t h;
	unsigned i, wins = 0;
	int status;

	gpa = free_gfn() * PAGE_SIZE;
	peer_grant(table, 8, 3, 0);
	cpu_run(1, other, NULL);
	for (i = 1; i <= ROUNDS; i++) {
		CHECK_EQ(grant_map(dom, 8, GNTMAP_host_map, gpa, &h), GNTST_okay);
		handle = h;
		barrier();
		round = i;
		status = grant_unmap(gpa, h);
		CHECK(WAIT_FOR(done == i, 10000));
		CHECK((status == GNTST_okay) != (result == GNTST_okay), "round %u: %d and %d", i,
		      status, result);
		wins += status == GNTST_okay;
	}
	stop = true;
	printf("first vCPU won %u of %u\n", wins, ROUNDS);
	EXPECT_EQ(table[8].flags, GTF_permit_access);
}
