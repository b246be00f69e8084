/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 timeout=180 */
/*
 * One vCPU gives and ends access to a page while another maps and unmaps it: every status is one of
 * the honest ones, in-use bits never stay behind, and an ended grant that nobody uses is at zero.
 */
#include "guest.h"

#define ROUNDS 3000

static volatile bool stop;
static grant_entry_v1_t *table;
static volatile uint32_t ended, refused;

/* End access as a front end does: only if nobody has the page mapped. */
static void toggle(void *arg)
{
	uint32_t random = 1;
	uint16_t flags;

	(void)arg;
	while (!stop) {
		peer_grant(table, 8, 3, 0);
		/* for times that differ: an emulator that counts instructions would keep both in step */
		random = random * 1664525 + 1013904223;
		for (uint32_t wait = random >> 26; wait; wait--) {
			pause();
		}
		flags = GTF_permit_access;
		if (__atomic_compare_exchange_n(&table[8].flags, &flags, 0, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST)) {
			ended++;
		} else {
			refused++;
			while (!stop && __atomic_load_n(&table[8].flags, __ATOMIC_SEQ_CST) &
					    (GTF_reading | GTF_writing)) {
				pause();
			}
		}
	}
}

void guest_main(void)
{
	domid_t dom = peer_create(16);
	uint64_t gpa = free_gfn() * PAGE_SIZE;
	grant_handle_t h;
	unsigned i, mapped = 0;
	int status;

	table = peer_grants(dom);
	cpu_run(1, toggle, NULL);
	for (i = 0; i < ROUNDS; i++) {
		status = grant_map(dom, 8, GNTMAP_host_map, gpa, &h);
		if (status == GNTST_okay) {
			mapped++;
			*(volatile uint32_t *)gpa = i;
			CHECK_EQ(grant_unmap(gpa, h), GNTST_okay);
		} else {
			CHECK(status == GNTST_general_error || status == GNTST_eagain, "status %d",
			      status);
		}
	}
	stop = true;
	cpu_wait(1);
	printf("mapped %u of %u, ended %u, refused %u\n", mapped, ROUNDS, ended, refused);
	EXPECT_EQ(table[8].flags & (GTF_reading | GTF_writing), 0);
	EXPECT(mapped > 0 && ended > 0, "no race: %u maps, %u ends", mapped, ended);
}
