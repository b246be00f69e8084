/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/list.h>
#include <hv/spinlock.h>

/*
 * Time: nanoseconds since boot, one clock for all CPUs. Timers run on a chosen CPU, in its main loop
 * (interrupts on, no lock held), so their functions may take any lock that a hypercall may.
 */
typedef int64_t nstime_t;
#define NS_PER_SEC	1000000000LL
#define NS_PER_MS	1000000LL
#define NS_PER_US	1000LL
#define NSTIME_NEVER	INT64_MAX

nstime_t time_now(void);

struct timer {
	nstime_t expires;
	void (*fn)(void *data);
	void *data;
	unsigned int cpu;		/* whose queue; changes under the old and the new queue's lock */
	bool queued, dead;
	/* Pairing heap: first child, next sibling, and the previous sibling or parent. */
	struct timer *child, *next, *prev;
};

struct timer_queue {
	struct spinlock lock;		/* interrupts off */
	struct timer *root;		/* expires first */
	struct timer *running;
	nstime_t programmed;		/* what the hardware timer is set to */
};

void timer_queue_init(struct timer_queue *q);
/* Once before any use; does not allocate and cannot fail. */
void timer_init(struct timer *t, void (*fn)(void *data), void *data, unsigned int cpu);
/* (Re)arms for the absolute time; a time in the past fires as soon as possible. Any context. */
void timer_set(struct timer *t, nstime_t expires);
/* After it the timer is not queued; fn may still be running on another CPU. Any context. */
void timer_stop(struct timer *t);
/* Stops for good and waits until fn is not running. Not from fn. Needed before the memory is freed. */
void timer_kill(struct timer *t);
/* Armed or not, it belongs to that CPU from now on; but it stays where it is while its fn runs. Any context. */
void timer_migrate(struct timer *t, unsigned int cpu);
static inline bool timer_active(const struct timer *t) { return t->queued; }

/* Main loop: runs what has expired on this CPU. */
void timer_run_expired(void);
/* Arch interrupt: marks CPU_PENDING_TIMER. */
void timer_interrupt(void);
/* Arch: one-shot hardware timer of this CPU at the absolute time (NSTIME_NEVER: off). Interrupts off. */
void arch_timer_program(nstime_t when);
/*
 * Arch: this CPU stays in the hypervisor for longer, or sleeps: a deadline that so far is only noted for the next entry
 * into a guest goes into the hardware.
 */
void arch_timer_settle(void);
