/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other vCPUs, by PSCI. */
#include "guest.h"

#define STACK 16384

struct cpu_slot {
	volatile bool started, busy;
	void (*volatile fn)(void *arg);
	void *volatile arg;
};

static struct cpu_slot slots[CPUS_MAX];
extern char secondary_start[];

void secondary_main(void);

unsigned cpu_count(void)
{
	unsigned n = 0;

	while (n < CPUS_MAX && psci(PSCI_AFFINITY_INFO, n, 0, 0) >= 0) {
		n++;
	}
	return n;
}

void secondary_main(void)
{
	struct cpu_slot *s = &slots[cpu_self()];
	unsigned spins = 0;

	s->started = true;
	for (;;) {
		if (s->busy) {
			s->fn(s->arg);
			barrier();
			s->busy = false;
		}
		pause();
		if (++spins % 64 == 0) {
			HC(sched_op, SCHEDOP_yield, 0);
		}
	}
}

static void start_cpu(unsigned cpu)
{
	char *top;

	CHECK(cpu > 0 && cpu < CPUS_MAX);
	top = (char *)alloc_pages(STACK / PAGE_SIZE) + STACK;
	*(unsigned long *)(top - 16) = cpu;
	barrier();
	CHECK_EQ((int)psci(PSCI_CPU_ON, cpu, (uintptr_t)secondary_start, (uintptr_t)top), 0);
	CHECK(WAIT_FOR(slots[cpu].started, 10000), "vCPU %u did not start", cpu);
}

void cpu_run(unsigned cpu, void (*fn)(void *arg), void *arg)
{
	struct cpu_slot *s = &slots[cpu];

	if (!s->started) {
		start_cpu(cpu);
	}
	cpu_wait(cpu);
	s->fn = fn;
	s->arg = arg;
	barrier();
	s->busy = true;
}

void cpu_forget(unsigned cpu)
{
	slots[cpu] = (struct cpu_slot){0};
}

bool cpu_idle(unsigned cpu)
{
	return !slots[cpu].busy;
}

void cpu_wait(unsigned cpu)
{
	CHECK(WAIT_FOR(cpu_idle(cpu), 30000), "vCPU %u does not return", cpu);
}
