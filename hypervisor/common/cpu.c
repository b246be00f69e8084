/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUs: their main loop, the work they owe before entering a guest, and calls between them.
 */
#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/sched.h>
#include <hv/vcpu.h>

struct cpu *cpus[MAX_CPUS];
unsigned long cpu_online_map;
unsigned int cpu_count;

#define SCRUB_BATCH	64

/* One call at a time: the caller's arguments are here until every target has run it. */
static struct spinlock call_lock = SPINLOCK_INIT;
static void (*call_fn)(void *arg);
static void *call_arg;
static unsigned long call_mask;			/* atomic: who has still to run it */

void cpu_raise(unsigned int cpu, enum cpu_pending what)
{
	struct cpu *c = cpus[cpu];

	if (!test_and_set_bit(what, &c->pending) && c != this_cpu()) {
		arch_cpu_kick(cpu);
	}
}

static void run_call(void)
{
	unsigned int id = this_cpu()->id;

	if (test_bit(id, &call_mask)) {
		call_fn(call_arg);
		clear_bit(id, &call_mask);
	}
}

void cpu_call_interrupt(void)
{
	run_call();
}

void cpu_call(unsigned long mask, void (*fn)(void *arg), void *arg)
{
	unsigned int self = this_cpu()->id, i;
	unsigned long flags;

	mask &= READ_ONCE(cpu_online_map);
	ASSERT(irqs_enabled() || !(mask & ~BIT(self)));
	if (mask & ~BIT(self)) {
		/* Whoever holds the lock may be waiting for us: answer while spinning. */
		while (!spin_trylock(&call_lock)) {
			cpu_relax();
		}
		call_fn = fn;
		call_arg = arg;
		__atomic_store_n(&call_mask, mask & ~BIT(self), __ATOMIC_SEQ_CST);
		for_each_set_bit(i, &mask, MAX_CPUS) {
			if (i != self) {
				arch_cpu_send_call(i);
			}
		}
		while (__atomic_load_n(&call_mask, __ATOMIC_ACQUIRE)) {
			cpu_relax();
		}
		spin_unlock(&call_lock);
	}
	if (mask & BIT(self)) {
		flags = irq_save();
		fn(arg);
		irq_restore(flags);
	}
}

static void run_pending(struct cpu *c)
{
	if (test_and_clear_bit(CPU_PENDING_TIMER, &c->pending)) {
		timer_run_expired();
	}
	if (test_and_clear_bit(CPU_PENDING_KEYS, &c->pending)) {
		console_run_keys();
	}
	if (test_and_clear_bit(CPU_PENDING_SCHED, &c->pending)) {
		sched_run();
	}
}

/* Nothing to run: scrub what is dirty, then sleep until an interrupt. */
static void idle(struct cpu *c)
{
	if (page_scrub_pending() && page_scrub_some(SCRUB_BATCH)) {
		return;
	}
	irq_disable();
	if (READ_ONCE(c->pending)) {
		irq_enable();
		return;
	}
	if (rcu_pending()) {
		/* Somebody else must pass its loop first: look again soon. */
		irq_enable();
		cpu_relax();
		return;
	}
	rcu_idle_enter();
	arch_cpu_sleep();		/* returns with interrupts on */
	rcu_idle_exit();
}

void cpu_loop(void)
{
	struct cpu *c = this_cpu();

	irq_enable();
	for (;;) {
		struct vcpu *v;

		rcu_quiescent();
		if (READ_ONCE(c->pending)) {
			run_pending(c);
		}
		v = c->running;
		if (vcpu_is_idle(v)) {
			idle(c);
		} else {
			arch_vcpu_run(v);
		}
	}
}
