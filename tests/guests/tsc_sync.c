/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 cpus=2 */
/* The TSC of one vCPU never lags behind what another has seen before. */
#include "guest.h"

static volatile uint64_t last;
static volatile uint32_t lock, backwards;
static volatile bool stop;

static void tick(void)
{
	uint64_t t;

	while (__atomic_exchange_n(&lock, 1, __ATOMIC_SEQ_CST)) {
		pause();
	}
	t = rdtsc();
	if (t < last) {
		backwards++;
	}
	last = t;
	__atomic_store_n(&lock, 0, __ATOMIC_SEQ_CST);
}

static void peer(void *arg)
{
	(void)arg;
	while (!stop) {
		tick();
	}
}

void guest_main(void)
{
	unsigned i;

	cpu_run(1, peer, NULL);
	for (i = 0; i < 100000; i++) {
		tick();
	}
	stop = true;
	cpu_wait(1);
	EXPECT(!backwards, "the TSC went back %u times", backwards);
}
