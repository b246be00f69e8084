/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grace periods by a global number: rcu_defer closes over the next number; a CPU that passes its main loop
 * notes the current number; once every online CPU has noted one at least as high (or sleeps), what waited for it
 * runs. Locks: none; each CPU touches its own lists only, with interrupts off.
 */
#include <hv/bitops.h>
#include <hv/cpu.h>
#include <hv/rcu.h>

static uint64_t period = 1;

void rcu_defer(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	unsigned long flags = irq_save();
	struct rcu_cpu *r = &this_cpu()->rcu;

	head->fn = fn;
	head->next = r->next_list;
	r->next_list = head;
	irq_restore(flags);
}

static bool all_have_seen(uint64_t number)
{
	unsigned int i;

	for_each_online_cpu(i) {
		const struct rcu_cpu *r = &cpus[i]->rcu;

		if (!READ_ONCE(r->idle) && READ_ONCE(r->seen) < number) {
			return false;
		}
	}
	return true;
}

/* A CPU that stays in a guest would hold a period up for as long as it likes: make it come by. */
static void hurry_others(void)
{
	unsigned int i;

	for_each_online_cpu(i) {
		if (i != this_cpu()->id && !READ_ONCE(cpus[i]->rcu.idle)) {
			arch_cpu_kick(i);
		}
	}
}

void rcu_quiescent(void)
{
	struct rcu_cpu *r = &this_cpu()->rcu;
	struct rcu_head *done = NULL;
	unsigned long flags;

	__atomic_store_n(&r->seen, __atomic_load_n(&period, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
	if (likely(!r->wait_list && !r->next_list)) {
		return;
	}
	flags = irq_save();
	if (r->wait_list && all_have_seen(r->wait_for)) {
		done = r->wait_list;
		r->wait_list = NULL;
	}
	if (!r->wait_list && r->next_list) {
		r->wait_list = r->next_list;
		r->next_list = NULL;
		smp_mb();
		r->wait_for = __atomic_add_fetch(&period, 1, __ATOMIC_SEQ_CST);
		hurry_others();
	}
	irq_restore(flags);
	while (done) {
		struct rcu_head *next = done->next;

		done->fn(done);
		done = next;
	}
}

void rcu_idle_enter(void)
{
	__atomic_store_n(&this_cpu()->rcu.idle, true, __ATOMIC_SEQ_CST);
}

void rcu_idle_exit(void)
{
	__atomic_store_n(&this_cpu()->rcu.idle, false, __ATOMIC_SEQ_CST);
}

bool rcu_pending(void)
{
	const struct rcu_cpu *r = &this_cpu()->rcu;

	return r->wait_list || r->next_list;
}
