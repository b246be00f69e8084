/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The measuring guest: start.S, bench.c (one vCPU), smp.c (two vCPUs on one CPU). */
#ifndef BENCH_ARM64_H
#define BENCH_ARM64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The ABI's call, three of its arguments. */
long hypercall(unsigned long nr, unsigned long a, unsigned long b, unsigned long c);
void power_off(void) __attribute__((noreturn));
/* PSCI CPU_ON of vCPU 1, which calls bench_secondary on a stack of its own. */
long start_secondary(void);

void bench_report(const char *name, uint64_t value);
/* Reports the instructions that one call of op takes, at best. */
void bench_measure(const char *name, void (*op)(void));
void bench_smp(void);

static inline uint64_t bench_counter(void)
{
	uint64_t v;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(v)::"memory");
	return v;
}

#endif
