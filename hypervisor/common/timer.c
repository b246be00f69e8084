/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers: one pairing heap a CPU, intrusive, so arming never allocates. Insert O(1), remove O(log n) amortised.
 * Lock: the queue's, interrupts off; timer->cpu changes only with the locks of both queues held, so a lock taken on
 * t->cpu is re-checked.
 */
#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/timer.h>

/* How close to its time a timer may run early: below it, programming the hardware again costs more. */
#define TIMER_SLACK_NS	1000

void timer_queue_init(struct timer_queue *q)
{
	*q = (struct timer_queue){ .programmed = NSTIME_NEVER };
	spin_lock_init(&q->lock);
}

static struct timer *heap_merge(struct timer *a, struct timer *b)
{
	if (!a) {
		return b;
	}
	if (!b) {
		return a;
	}
	if (b->expires < a->expires) {
		struct timer *t = a;

		a = b;
		b = t;
	}
	b->next = a->child;
	if (a->child) {
		a->child->prev = b;
	}
	b->prev = a;
	a->child = b;
	a->next = a->prev = NULL;
	return a;
}

/* Merges a list of siblings into one heap, pairwise and then backwards, without recursion. */
static struct timer *heap_merge_list(struct timer *first)
{
	struct timer *pairs = NULL, *root = NULL;

	while (first) {
		struct timer *a = first, *b = a->next;

		first = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b) {
			b->next = b->prev = NULL;
		}
		a = heap_merge(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct timer *rest = pairs->next;

		pairs->next = NULL;
		root = heap_merge(root, pairs);
		pairs = rest;
	}
	return root;
}

static void heap_remove(struct timer_queue *q, struct timer *t)
{
	struct timer *below = heap_merge_list(t->child);

	if (q->root == t) {
		q->root = below;
	} else {
		if (t->prev->child == t) {
			t->prev->child = t->next;
		} else {
			t->prev->next = t->next;
		}
		if (t->next) {
			t->next->prev = t->prev;
		}
		q->root = heap_merge(q->root, below);
	}
	t->child = t->next = t->prev = NULL;
	t->queued = false;
}

static void heap_insert(struct timer_queue *q, struct timer *t)
{
	t->child = t->next = t->prev = NULL;
	t->queued = true;
	q->root = heap_merge(q->root, t);
}

/* The queue's first timer changed: this CPU sets its hardware, another is told to look. */
static void reprogram(struct timer_queue *q, unsigned int cpu)
{
	nstime_t first = q->root ? q->root->expires : NSTIME_NEVER;

	if (first == q->programmed) {
		return;
	}
	if (cpu == this_cpu()->id) {
		q->programmed = first;
		arch_timer_program(first);
	} else if (first < q->programmed) {
		cpu_raise(cpu, CPU_PENDING_TIMER);
	}
}

static struct timer_queue *lock_queue(struct timer *t, unsigned long *flags)
{
	for (;;) {
		unsigned int cpu = READ_ONCE(t->cpu);
		struct timer_queue *q = &cpus[cpu]->timers;

		*flags = spin_lock_irq(&q->lock);
		if (likely(READ_ONCE(t->cpu) == cpu)) {
			return q;
		}
		spin_unlock_irq(&q->lock, *flags);
	}
}

void timer_init(struct timer *t, void (*fn)(void *data), void *data, unsigned int cpu)
{
	*t = (struct timer){ .fn = fn, .data = data, .cpu = cpu };
}

void timer_set(struct timer *t, nstime_t expires)
{
	unsigned long flags;
	struct timer_queue *q = lock_queue(t, &flags);

	if (!t->dead) {
		if (t->queued) {
			heap_remove(q, t);
		}
		t->expires = expires;
		heap_insert(q, t);
		reprogram(q, t->cpu);
	}
	spin_unlock_irq(&q->lock, flags);
}

void timer_stop(struct timer *t)
{
	unsigned long flags;
	struct timer_queue *q = lock_queue(t, &flags);

	/* The hardware stays as it is: at worst one interrupt finds nothing to do. */
	if (t->queued) {
		heap_remove(q, t);
	}
	spin_unlock_irq(&q->lock, flags);
}

void timer_kill(struct timer *t)
{
	unsigned long flags;
	struct timer_queue *q;

	if (!t->fn) {
		return;			/* never initialised */
	}
	q = lock_queue(t, &flags);
	t->dead = true;
	if (t->queued) {
		heap_remove(q, t);
	}
	while (q->running == t) {
		spin_unlock_irq(&q->lock, flags);
		cpu_relax();
		flags = spin_lock_irq(&q->lock);
	}
	spin_unlock_irq(&q->lock, flags);
}

/* Two queues' locks nest in the order of their CPUs' numbers. */
static bool lock_both(struct timer *t, unsigned int from, unsigned int to, unsigned long flags[2])
{
	unsigned int low = MIN(from, to), high = MAX(from, to);

	flags[0] = spin_lock_irq(&cpus[low]->timers.lock);
	flags[1] = spin_lock_irq(&cpus[high]->timers.lock);
	return READ_ONCE(t->cpu) == from;
}

static void unlock_both(unsigned int from, unsigned int to, const unsigned long flags[2])
{
	spin_unlock_irq(&cpus[MAX(from, to)]->timers.lock, flags[1]);
	spin_unlock_irq(&cpus[MIN(from, to)]->timers.lock, flags[0]);
}

void timer_migrate(struct timer *t, unsigned int cpu)
{
	unsigned int from = READ_ONCE(t->cpu);
	unsigned long flags[2];

	while (from != cpu) {
		struct timer_queue *q = &cpus[from]->timers;
		bool settled = lock_both(t, from, cpu, flags);

		/* Whoever kills it waits at the queue of t->cpu for fn's end, so it does not leave meanwhile. */
		if (settled && q->running != t) {
			bool was_queued = t->queued;

			if (was_queued) {
				heap_remove(q, t);
			}
			WRITE_ONCE(t->cpu, cpu);
			if (was_queued) {
				heap_insert(&cpus[cpu]->timers, t);
				reprogram(&cpus[cpu]->timers, cpu);
			}
		}
		unlock_both(from, cpu, flags);
		if (settled) {
			return;
		}
		from = READ_ONCE(t->cpu);
	}
}

void timer_run_expired(void)
{
	struct timer_queue *q = &this_cpu()->timers;
	unsigned long flags = spin_lock_irq(&q->lock);

	/* Bounded by time: what is armed for later than this moment waits for the next call. */
	nstime_t now = time_now() + TIMER_SLACK_NS;

	while (q->root && q->root->expires <= now) {
		struct timer *t = q->root;

		heap_remove(q, t);
		q->running = t;
		spin_unlock_irq(&q->lock, flags);
		t->fn(t->data);
		flags = spin_lock_irq(&q->lock);
		q->running = NULL;
	}
	q->programmed = NSTIME_NEVER;
	if (q->root) {
		reprogram(q, this_cpu()->id);
	}
	spin_unlock_irq(&q->lock, flags);
}

void timer_interrupt(void)
{
	set_bit(CPU_PENDING_TIMER, &this_cpu()->pending);
}
