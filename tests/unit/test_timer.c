/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers of several CPUs: order, and what moves between queues while others arm, stop and kill it. */
#include "unit.h"
#include <hv/cpu.h>
#include <hv/lib.h>

#define CPU_COUNT	3u
#define TIMER_COUNT	48u

struct cpu *cpus[MAX_CPUS];
_Thread_local bool fake_irqs_off;
static struct cpu machine[CPU_COUNT];
static _Thread_local unsigned int own;		/* the calling thread plays this CPU */
static nstime_t clock;				/* atomic */
static unsigned int raised[CPU_COUNT];		/* atomic */
static nstime_t programmed[CPU_COUNT];

struct cpu *this_cpu(void)
{
	return &machine[own];
}

nstime_t time_now(void)
{
	return __atomic_load_n(&clock, __ATOMIC_RELAXED);
}

void cpu_raise(unsigned int cpu, enum cpu_pending what)
{
	CHECK_EQ(what, CPU_PENDING_TIMER);
	__atomic_fetch_add(&raised[cpu], 1, __ATOMIC_RELAXED);
}

void arch_timer_program(nstime_t when)
{
	CHECK_TRUE(!irqs_enabled());
	programmed[own] = when;
}

static void fresh(void)
{
	own = 0;
	clock = 0;
	for (unsigned int i = 0; i < CPU_COUNT; i++) {
		machine[i] = (struct cpu){ .self = &machine[i], .id = i };
		timer_queue_init(&machine[i].timers);
		cpus[i] = &machine[i];
		raised[i] = 0;
		programmed[i] = NSTIME_NEVER;
	}
}

static void count(void *data)
{
	++*(unsigned int *)data;
}

static void advance(unsigned int cpu, nstime_t to)
{
	clock = to;
	own = cpu;
	timer_run_expired();
	own = 0;
}

TEST(timer_programs_the_first)
{
	unsigned int fired = 0;
	struct timer a, b;

	fresh();
	timer_init(&a, count, &fired, 0);
	timer_init(&b, count, &fired, 0);
	timer_set(&a, 90000);
	CHECK_EQ(programmed[0], 90000);
	timer_set(&b, 50000);
	CHECK_EQ(programmed[0], 50000);
	advance(0, 50000);
	CHECK_EQ(fired, 1);
	CHECK_EQ(programmed[0], 90000);
	timer_stop(&a);
	advance(0, 100000);
	CHECK_EQ(fired, 1);
	CHECK_TRUE(!timer_active(&a) && !timer_active(&b));
}

TEST(timer_moves_with_its_time)
{
	unsigned int fired = 0;
	struct timer t;

	fresh();
	timer_init(&t, count, &fired, 0);
	timer_set(&t, 50000);
	timer_migrate(&t, 2);
	CHECK_EQ(t.cpu, 2);
	CHECK_EQ(raised[2], 1);
	advance(0, 60000);
	CHECK_EQ(fired, 0);
	advance(2, 60000);
	CHECK_EQ(fired, 1);

	/* Not armed: it moves, and stays so. */
	timer_migrate(&t, 1);
	CHECK_EQ(t.cpu, 1);
	CHECK_TRUE(!timer_active(&t));
	CHECK_EQ(raised[1], 0);
	timer_set(&t, 70000);
	timer_kill(&t);
	timer_migrate(&t, 0);
	timer_set(&t, 70000);
	advance(0, 80000);
	advance(1, 80000);
	CHECK_EQ(fired, 1);
}

static void leave(void *data)
{
	struct timer *t = data;

	timer_migrate(t, 1);
	timer_set(t, time_now() + 50000);
}

/* Who kills it waits at the queue where it runs, so it cannot have left that. */
TEST(timer_stays_while_it_runs)
{
	struct timer t;

	fresh();
	timer_init(&t, leave, &t, 0);
	timer_set(&t, 10000);
	advance(0, 10000);
	CHECK_EQ(t.cpu, 0);
	CHECK_TRUE(timer_active(&t));
	timer_migrate(&t, 1);
	CHECK_EQ(t.cpu, 1);
	timer_kill(&t);
}

struct fire {
	nstime_t due;
	unsigned int fired;
};

static nstime_t last_due;

static void note(void *data)
{
	struct fire *f = data;

	CHECK_TRUE(f->due >= last_due);
	last_due = f->due;
	f->fired++;
}

/* Against a plain list: each fires once, at its time, in order, on the CPU where it stands. */
TEST(timer_random)
{
	struct unit_random rnd = { 42 };
	struct timer t[TIMER_COUNT];
	struct fire f[TIMER_COUNT];
	bool armed[TIMER_COUNT] = { false };

	fresh();
	for (unsigned int i = 0; i < TIMER_COUNT; i++) {
		f[i] = (struct fire){ 0, 0 };
		timer_init(&t[i], note, &f[i], i % CPU_COUNT);
	}
	for (unsigned int step = 0; step < 20000; step++) {
		uint64_t x = unit_random(&rnd);
		unsigned int i = (x >> 8) % TIMER_COUNT, cpu = (x >> 32) % CPU_COUNT;

		switch (x & 3) {
		case 0:
			f[i].due = clock + 2000 + (nstime_t)((x >> 40) % 500000);
			armed[i] = true;
			timer_set(&t[i], f[i].due);
			break;
		case 1:
			timer_migrate(&t[i], cpu);
			CHECK_EQ(t[i].cpu, cpu);
			break;
		case 2:
			armed[i] = false;
			timer_stop(&t[i]);
			break;
		default:
			last_due = 0;
			for (unsigned int k = 0; k < TIMER_COUNT; k++) {
				f[k].fired = 0;
			}
			advance(cpu, clock + (nstime_t)((x >> 40) % 20000));
			for (unsigned int k = 0; k < TIMER_COUNT; k++) {
				/* It may come early by the slack, so that much is left open. */
				bool due = armed[k] && t[k].cpu == cpu;

				CHECK_TRUE(f[k].fired <= (due && f[k].due <= clock + 1000));
				CHECK_TRUE(f[k].fired >= (due && f[k].due <= clock));
				if (f[k].fired) {
					armed[k] = false;
				}
			}
		}
		CHECK_EQ(timer_active(&t[i]), armed[i]);
	}
}

static bool over;				/* atomic */
static struct timer shared[4];
static unsigned int shared_fired;		/* atomic */

static void shared_fn(void *data)
{
	struct timer *t = data;

	__atomic_fetch_add(&shared_fired, 1, __ATOMIC_RELAXED);
	timer_set(t, time_now() + 1);
}

static void run_cpu(void *arg)
{
	own = (uintptr_t)arg;
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		__atomic_fetch_add(&clock, 100, __ATOMIC_RELAXED);
		timer_run_expired();
		cpu_relax();
	}
}

static void shuffle(void *arg)
{
	struct unit_random rnd = { (uintptr_t)arg };

	own = 0;
	for (unsigned int i = 0; i < 1500; i++) {
		uint64_t x = unit_random(&rnd);
		struct timer *t = &shared[x % ARRAY_SIZE(shared)];

		switch ((x >> 8) & 3) {
		case 0:
			timer_set(t, time_now() + (nstime_t)((x >> 16) % 200));
			break;
		case 1:
			timer_stop(t);
			break;
		default:
			timer_migrate(t, (x >> 16) % CPU_COUNT);
		}
	}
}

/* Two CPUs run what two others arm, stop and move; at the end everything is killed and silent. */
TEST(timer_threads)
{
	unsigned int fired;

	fresh();
	over = false;
	shared_fired = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(shared); i++) {
		timer_init(&shared[i], shared_fn, &shared[i], i % CPU_COUNT);
		timer_set(&shared[i], 1);
	}
	unit_thread_start(0, run_cpu, (void *)1);
	unit_thread_start(1, run_cpu, (void *)2);
	unit_thread_start(2, shuffle, (void *)7);
	unit_thread_start(3, shuffle, (void *)8);
	unit_thread_join(2);
	unit_thread_join(3);
	for (unsigned int i = 0; i < ARRAY_SIZE(shared); i++) {
		timer_kill(&shared[i]);
	}
	fired = __atomic_load_n(&shared_fired, __ATOMIC_RELAXED);
	CHECK_TRUE(fired > 0);
	__atomic_fetch_add(&clock, 1000000, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < 1000; i++) {
		cpu_relax();
	}
	CHECK_EQ(__atomic_load_n(&shared_fired, __ATOMIC_RELAXED), fired);
	for (unsigned int i = 0; i < ARRAY_SIZE(shared); i++) {
		CHECK_TRUE(!timer_active(&shared[i]));
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	unit_thread_join(0);
	unit_thread_join(1);
}
