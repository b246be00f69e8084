/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a path is measured: see bench_report(). */
#ifndef BENCH_H
#define BENCH_H

#include "guest.h"

#define BENCH_BATCHES 16
#define BENCH_ROUNDS  32

/*
 * Print "BENCH name ticks": what one call of op costs beyond an empty call. Under -icount a tick is
 * an instruction. The cheapest of several batches counts, so that a timer interrupt of the
 * hypervisor in one batch does not show.
 */
static inline uint64_t bench_batch(void (*op)(void))
{
	uint64_t best = ~0ull, start, ticks;
	unsigned batch, i;

	for (batch = 0; batch < BENCH_BATCHES; batch++) {
		start = rdtsc();
		for (i = 0; i < BENCH_ROUNDS; i++) {
			op();
		}
		ticks = rdtsc() - start;
		if (ticks < best) {
			best = ticks;
		}
	}
	return best;
}

static inline void bench_nothing(void)
{
	barrier();
}

static inline void bench_report(const char *name, void (*op)(void))
{
	uint64_t empty = bench_batch(bench_nothing);

	op();
	printf("BENCH %s %lu\n", name, (bench_batch(op) - empty) / BENCH_ROUNDS);
}

#endif
