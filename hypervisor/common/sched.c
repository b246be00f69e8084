/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Weighted fair scheduling by virtual time: a vCPU's virtual clock runs at DEFAULT_WEIGHT / weight of real time while
 * it runs; each CPU runs the one that is furthest behind. Who wakes up is put at most LATENCY_CREDIT_NS behind the
 * others, so sleeping saves up no more than that. Parameters and their meaning are credit2's.
 *
 * Locks: a vCPU belongs to the queue lock of v->cpu (interrupts off); v->cpu changes with both queues' locks held,
 * taken in order of CPU id, or the second by trylock. "Running" may outlive the lock: it ends when the state has
 * left the CPU, and until then nobody else may run the vCPU.
 */
#include <hv/bitops.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/lib.h>
#include <hv/sched.h>
#include <hv/vcpu.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>

#define DEFAULT_WEIGHT		256
#define SLICE_MAX_NS		(10 * NS_PER_MS)
#define SLICE_MIN_NS		(500 * NS_PER_US)
#define LATENCY_CREDIT_NS	(5 * NS_PER_MS)
#define GRANULARITY_NS		NS_PER_MS
#define CAP_PERIOD_NS		(10 * NS_PER_MS)
#define RATELIMIT_MAX_US	500000		/* XEN_SYSCTL_SCHED_RATELIMIT_MAX */

static uint32_t ratelimit_us = 1000;
static unsigned long idle_map;			/* atomic; CPUs that run their idle vCPU */

static bool runnable(const struct vcpu *v)
{
	return READ_ONCE(v->state) == 0;
}

static struct sched_cpu *sched_of(unsigned int cpu)
{
	return &cpus[cpu]->sched;
}

/* Real to virtual time and back. */
static int64_t to_virtual(const struct vcpu *v, int64_t ns)
{
	return ns * DEFAULT_WEIGHT / v->domain->sched.weight;
}

static int64_t to_real(const struct vcpu *v, int64_t vns)
{
	return vns * v->domain->sched.weight / DEFAULT_WEIGHT;
}

static void slice_expired(void *cpu)
{
	set_bit(CPU_PENDING_SCHED, &((struct cpu *)cpu)->pending);
}

void sched_cpu_init(unsigned int cpu)
{
	struct sched_cpu *s = sched_of(cpu);

	spin_lock_init(&s->lock);
	list_init(&s->queue);
	timer_init(&s->slice, slice_expired, cpus[cpu], cpu);
	s->slice_start = time_now();
	set_bit(cpu, &idle_map);
}

void sched_domain_init(struct domain *d)
{
	d->sched = (struct domain_sched){ .weight = DEFAULT_WEIGHT };
}

int sched_vcpu_init(struct vcpu *v)
{
	static unsigned int next_cpu;
	unsigned int cpu = __atomic_fetch_add(&next_cpu, 1, __ATOMIC_RELAXED) % MAX(cpu_count, 1U);

	list_init(&v->sched.entry);
	v->sched.hard_affinity = v->sched.soft_affinity = ~0UL;
	v->cpu = test_bit(cpu, &cpu_online_map) ? cpu : 0;
	v->sched.vtime = sched_of(v->cpu)->min_vtime;
	v->state = BIT(VCPU_DOWN);
	v->runstate.state = RUNSTATE_offline;
	v->runstate.state_entry_time = (uint64_t)time_now();
	return 0;
}

void sched_vcpu_destroy(struct vcpu *v)
{
	ASSERT(!v->sched.queued && !v->sched.running);
}

static struct sched_cpu *lock_of(const struct vcpu *v, unsigned long *flags)
{
	for (;;) {
		unsigned int cpu = READ_ONCE(v->cpu);
		struct sched_cpu *s = sched_of(cpu);

		*flags = spin_lock_irq(&s->lock);
		if (likely(READ_ONCE(v->cpu) == cpu)) {
			return s;
		}
		spin_unlock_irq(&s->lock, *flags);
	}
}

static void enqueue(struct sched_cpu *s, struct vcpu *v)
{
	struct list_head *at;

	/* From the back: most arrivals have a late virtual time. */
	for (at = s->queue.prev; at != &s->queue; at = at->prev) {
		if (list_entry(at, struct vcpu, sched.entry)->sched.vtime <= v->sched.vtime) {
			break;
		}
	}
	list_add(&v->sched.entry, at);
	v->sched.queued = true;
	s->queued++;
}

static void dequeue(struct sched_cpu *s, struct vcpu *v)
{
	list_del(&v->sched.entry);
	v->sched.queued = false;
	s->queued--;
}

static void change_cpu(struct vcpu *v, struct sched_cpu *from, unsigned int cpu)
{
	v->sched.vtime += sched_of(cpu)->min_vtime - from->min_vtime;
	WRITE_ONCE(v->cpu, cpu);
}

/* Where v should wait: an idle CPU that it likes, an idle one that it may use, else the shortest queue. */
static unsigned int choose_cpu(const struct vcpu *v)
{
	unsigned long allowed = v->sched.hard_affinity & READ_ONCE(cpu_online_map);
	unsigned long liked = allowed & v->sched.soft_affinity;
	unsigned long idle = READ_ONCE(idle_map);
	unsigned int best = v->cpu, i;

	liked = liked ? liked : allowed;
	if ((liked & idle) & BIT(v->cpu)) {
		return v->cpu;
	}
	if (liked & idle) {
		return lowest_bit(liked & idle);
	}
	if (allowed & idle) {
		return lowest_bit(allowed & idle);
	}
	if (!(liked & BIT(best))) {
		best = lowest_bit(liked);
	}
	for_each_set_bit(i, &liked, MAX_CPUS) {
		if (READ_ONCE(sched_of(i)->queued) < READ_ONCE(sched_of(best)->queued)) {
			best = i;
		}
	}
	return best;
}

/* Should v, just queued on s, push out what runs there? Arms the slice timer when not yet. */
static void preempt_check(struct sched_cpu *s, struct vcpu *v)
{
	struct vcpu *running = READ_ONCE(cpus[v->cpu]->running);
	int64_t now, ran, lead;

	if (vcpu_is_idle(running)) {
		clear_bit(v->cpu, &idle_map);
		cpu_raise(v->cpu, CPU_PENDING_SCHED);
		return;
	}
	now = time_now();
	ran = now - s->slice_start;
	lead = running->sched.vtime + to_virtual(running, ran) - v->sched.vtime;
	if (lead > 0 && ran >= ratelimit_us * NS_PER_US) {
		cpu_raise(v->cpu, CPU_PENDING_SCHED);
		return;
	}
	/* It runs until it is GRANULARITY ahead, but the rate limit at least and a slice at most. */
	lead = lead > 0 ? 0 : to_real(running, MIN(GRANULARITY_NS - lead, SLICE_MAX_NS));
	lead = MIN(MAX(lead, ratelimit_us * NS_PER_US - ran), SLICE_MAX_NS);
	if (!timer_active(&s->slice) || s->slice.expires > now + lead) {
		timer_set(&s->slice, now + lead);
	}
}

/* v may have become runnable: queue it unless it is queued, or current on its CPU (sched_run will see). */
static void try_queue(struct vcpu *v)
{
	unsigned long flags;
	struct sched_cpu *s = lock_of(v, &flags);
	unsigned int target;

	if (!runnable(v) || v->sched.queued || READ_ONCE(cpus[v->cpu]->running) == v) {
		spin_unlock_irq(&s->lock, flags);
		return;
	}
	target = choose_cpu(v);
	if (target != v->cpu && !v->sched.running && spin_trylock(&sched_of(target)->lock)) {
		struct sched_cpu *from = s;

		change_cpu(v, from, target);
		spin_unlock(&from->lock);
		s = sched_of(target);
	}
	v->sched.vtime = MAX(v->sched.vtime, s->min_vtime - LATENCY_CREDIT_NS);
	vcpu_runstate_change(v, RUNSTATE_runnable, time_now());
	enqueue(s, v);
	preempt_check(s, v);
	spin_unlock_irq(&s->lock, flags);
}

/* v has a reason not to run: off the queue, or off its CPU soon. */
static void try_stop(struct vcpu *v)
{
	unsigned long flags;
	struct sched_cpu *s = lock_of(v, &flags);

	if (!runnable(v)) {
		if (v->sched.queued) {
			dequeue(s, v);
			vcpu_runstate_change(v, RUNSTATE_offline, time_now());
		} else if (READ_ONCE(cpus[v->cpu]->running) == v) {
			cpu_raise(v->cpu, CPU_PENDING_SCHED);
		}
	}
	spin_unlock_irq(&s->lock, flags);
}

void vcpu_state_set(struct vcpu *v, unsigned int reason)
{
	set_bit(reason, &v->state);
	try_stop(v);
}

void vcpu_state_clear(struct vcpu *v, unsigned int reason)
{
	if (test_and_clear_bit(reason, &v->state) && runnable(v)) {
		try_queue(v);
	}
}

void vcpu_block(void)
{
	struct vcpu *v = current;

	set_bit(VCPU_BLOCKED, &v->state);
	/* Whoever makes something pending after this sees BLOCKED and wakes; what was before, we see. */
	if (arch_vcpu_has_pending(v) || event_upcall_pending(v)) {
		clear_bit(VCPU_BLOCKED, &v->state);
		return;
	}
	set_bit(CPU_PENDING_SCHED, &this_cpu()->pending);
}

void vcpu_yield(void)
{
	current->sched.yielding = true;
	set_bit(CPU_PENDING_SCHED, &this_cpu()->pending);
}

void vcpu_wake(struct vcpu *v)
{
	unsigned long mask = BIT(VCPU_BLOCKED) | BIT(VCPU_POLLING);

	if ((READ_ONCE(v->state) & mask) &&
	    (__atomic_fetch_and(&v->state, ~mask, __ATOMIC_SEQ_CST) & mask) && runnable(v)) {
		try_queue(v);
	}
}

int vcpu_wake_or_cpu(struct vcpu *v)
{
	unsigned int cpu;

	smp_mb();
	if (READ_ONCE(v->state) & (BIT(VCPU_BLOCKED) | BIT(VCPU_POLLING))) {
		vcpu_wake(v);
		return -1;
	}
	cpu = READ_ONCE(v->cpu);
	return READ_ONCE(v->sched.running) && cpu != this_cpu()->id ? (int)cpu : -1;
}

void vcpu_kick(struct vcpu *v)
{
	int cpu = vcpu_wake_or_cpu(v);

	if (cpu >= 0) {
		arch_cpu_kick((unsigned int)cpu);
	}
}

void vcpu_pause_nosync(struct vcpu *v)
{
	__atomic_add_fetch(&v->pause_count, 1, __ATOMIC_SEQ_CST);
	vcpu_state_set(v, VCPU_PAUSED);
}

void vcpu_sync(struct vcpu *v)
{
	ASSERT(v != current);
	while (__atomic_load_n(&v->sched.running, __ATOMIC_ACQUIRE)) {
		cpu_relax();
	}
}

void vcpu_pause(struct vcpu *v)
{
	vcpu_pause_nosync(v);
	vcpu_sync(v);
}

void vcpu_unpause(struct vcpu *v)
{
	/* A pause that slips in between sets its bit again after our clear, or keeps the count above 0. */
	if (__atomic_sub_fetch(&v->pause_count, 1, __ATOMIC_SEQ_CST) == 0) {
		clear_bit(VCPU_PAUSED, &v->state);
		if (READ_ONCE(v->pause_count) > 0) {
			set_bit(VCPU_PAUSED, &v->state);
		}
		if (runnable(v)) {
			try_queue(v);
		}
	}
}

void domain_pause_nosync(struct domain *d)
{
	struct vcpu *v;

	__atomic_add_fetch(&d->pause_count, 1, __ATOMIC_SEQ_CST);
	for_each_vcpu(d, v) {
		vcpu_pause_nosync(v);
	}
}

void domain_pause(struct domain *d)
{
	struct vcpu *v;

	domain_pause_nosync(d);
	for_each_vcpu(d, v) {
		if (v != current) {
			vcpu_sync(v);
		}
	}
}

void domain_unpause(struct domain *d)
{
	struct vcpu *v;

	__atomic_sub_fetch(&d->pause_count, 1, __ATOMIC_SEQ_CST);
	for_each_vcpu(d, v) {
		vcpu_unpause(v);
	}
}

static void charge(struct sched_cpu *s, struct vcpu *v, int64_t now)
{
	int64_t ran = now - s->slice_start;

	s->slice_start = now;
	if (vcpu_is_idle(v)) {
		s->idle_ns += (uint64_t)ran;
		return;
	}
	v->sched.ran_ns += ran;
	v->sched.vtime += to_virtual(v, ran);
	if (v->domain->sched.cap) {
		__atomic_sub_fetch(&v->domain->sched.budget, ran, __ATOMIC_RELAXED);
	}
}

/* With a cap: is there budget left, after a refill when the period is over? */
static bool has_budget(struct vcpu *v, int64_t now)
{
	struct domain_sched *ds = &v->domain->sched;
	int64_t end = READ_ONCE(ds->budget_end);

	if (likely(!ds->cap)) {
		return true;
	}
	if (now >= end && __atomic_compare_exchange_n(&ds->budget_end, &end, now + CAP_PERIOD_NS, false,
						      __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
		int64_t full = CAP_PERIOD_NS * ds->cap / 100;

		/* A debt is carried over, saved budget is not. */
		WRITE_ONCE(ds->budget, MIN(READ_ONCE(ds->budget) + full, full));
	}
	return READ_ONCE(ds->budget) > 0;
}

static struct vcpu *first_eligible(struct sched_cpu *s, unsigned int cpu, int64_t now,
				   const struct vcpu *own, int64_t *retry)
{
	struct vcpu *v;

	list_for_each(v, &s->queue, sched.entry) {
		if (v->sched.running && v != own) {
			continue;
		}
		if (!(v->sched.hard_affinity & BIT(cpu))) {
			continue;
		}
		if (has_budget(v, now)) {
			return v;
		}
		*retry = MIN(*retry, v->domain->sched.budget_end);
	}
	return NULL;
}

/* An idle CPU takes the first that may run here from the others' queues. */
static struct vcpu *steal(struct sched_cpu *mine, unsigned int cpu, int64_t now)
{
	int64_t ignored = INT64_MAX;
	unsigned int i;

	for_each_online_cpu(i) {
		struct sched_cpu *s = sched_of(i);
		struct vcpu *v;

		if (i == cpu || !READ_ONCE(s->queued) || !spin_trylock(&s->lock)) {
			continue;
		}
		v = first_eligible(s, cpu, now, NULL, &ignored);
		if (v) {
			dequeue(s, v);
			change_cpu(v, s, cpu);
			spin_unlock(&s->lock);
			return v;
		}
		spin_unlock(&s->lock);
	}
	return NULL;
}

static struct vcpu *pick(struct sched_cpu *s, struct cpu *c, struct vcpu *prev, int64_t now)
{
	int64_t retry = INT64_MAX;
	struct vcpu *v = first_eligible(s, c->id, now, prev, &retry);

	if (v && prev->sched.yielding && v == prev) {
		/* The one that yields goes last among those that are ready. */
		struct vcpu *other;

		dequeue(s, prev);
		other = first_eligible(s, c->id, now, prev, &retry);
		if (other) {
			prev->sched.vtime = MAX(prev->sched.vtime, other->sched.vtime + 1);
		}
		enqueue(s, prev);
		v = other ? other : prev;
	}
	prev->sched.yielding = false;
	if (v) {
		dequeue(s, v);
		s->min_vtime = MAX(s->min_vtime, v->sched.vtime);
	} else {
		v = steal(s, c->id, now);
	}
	if (!v && retry != INT64_MAX) {
		timer_set(&s->slice, retry);
	}
	return v ? v : c->idle;
}

static void arm_slice(struct sched_cpu *s, const struct vcpu *v, int64_t now)
{
	const struct vcpu *waiting;
	int64_t run;

	if (list_empty(&s->queue) || vcpu_is_idle(v)) {
		if (!vcpu_is_idle(v) && v->domain->sched.cap) {
			timer_set(&s->slice, now + MAX(READ_ONCE(v->domain->sched.budget), SLICE_MIN_NS));
		} else if (!vcpu_is_idle(v) && timer_active(&s->slice)) {
			timer_stop(&s->slice);
		}
		return;
	}
	waiting = list_first(&s->queue, struct vcpu, sched.entry);
	run = to_real(v, MIN(waiting->sched.vtime - v->sched.vtime + GRANULARITY_NS, SLICE_MAX_NS));
	run = MIN(MAX(run, MAX(SLICE_MIN_NS, ratelimit_us * NS_PER_US)), SLICE_MAX_NS);
	timer_set(&s->slice, now + run);
}

static int stopped_runstate(const struct vcpu *v)
{
	unsigned long state = READ_ONCE(v->state);

	return state & ~(BIT(VCPU_BLOCKED) | BIT(VCPU_POLLING)) ? RUNSTATE_offline : RUNSTATE_blocked;
}

/* Somebody waits in our queue while a CPU that may run it sleeps. */
static void tickle_idle(struct sched_cpu *s)
{
	unsigned long idle = READ_ONCE(idle_map);
	struct vcpu *v;

	if (!idle || !READ_ONCE(s->queued)) {
		return;
	}
	list_for_each(v, &s->queue, sched.entry) {
		unsigned long can = idle & v->sched.hard_affinity & READ_ONCE(cpu_online_map);

		if (can) {
			unsigned int cpu = lowest_bit(can);

			clear_bit(cpu, &idle_map);
			cpu_raise(cpu, CPU_PENDING_SCHED);
			return;
		}
	}
}

static void switch_to(struct cpu *c, struct vcpu *prev, struct vcpu *next)
{
	irq_disable();
	arch_context_switch(prev, next);
	__atomic_store_n(&prev->sched.running, false, __ATOMIC_RELEASE);
	irq_enable();
	if (!vcpu_is_idle(next)) {
		vcpu_publish_areas(next);
	}
}

/*
 * Tells prev's guest that it stops running, while prev is still current so that its area can be reached; the
 * lock is given up for that. Who wakes prev meanwhile leaves the queueing to us.
 */
static unsigned long leave(struct sched_cpu *s, struct vcpu *prev, int64_t now, unsigned long flags)
{
	vcpu_runstate_change(prev, prev->sched.queued ? RUNSTATE_runnable : stopped_runstate(prev), now);
	if (!prev->runstate_gva.v) {
		return flags;
	}
	spin_unlock_irq(&s->lock, flags);
	vcpu_publish_runstate(prev);
	flags = spin_lock_irq(&s->lock);
	if (!prev->sched.queued && runnable(prev)) {
		vcpu_runstate_change(prev, RUNSTATE_runnable, now);
		enqueue(s, prev);
	}
	return flags;
}

void sched_run(void)
{
	struct cpu *c = this_cpu();
	struct sched_cpu *s = &c->sched;
	struct vcpu *prev = c->running, *next;
	unsigned long flags = spin_lock_irq(&s->lock);
	int64_t now = time_now();

	charge(s, prev, now);
	if (!vcpu_is_idle(prev) && runnable(prev)) {
		enqueue(s, prev);
	}
	next = pick(s, c, prev, now);
	if (next == prev) {
		arm_slice(s, next, now);
		spin_unlock_irq(&s->lock, flags);
		return;
	}
	next->sched.running = true;
	if (!vcpu_is_idle(prev)) {
		flags = leave(s, prev, now, flags);
	}
	c->running = next;
	if (vcpu_is_idle(next)) {
		set_bit(c->id, &idle_map);
	} else {
		clear_bit(c->id, &idle_map);
		vcpu_runstate_change(next, RUNSTATE_running, now);
	}
	if (!vcpu_is_idle(next) && !runnable(next)) {
		/* Stopped while the lock was free: one more round takes it off again. */
		set_bit(CPU_PENDING_SCHED, &c->pending);
	}
	arm_slice(s, next, now);
	spin_unlock_irq(&s->lock, flags);

	switch_to(c, prev, next);
	if (READ_ONCE(s->queued) && READ_ONCE(idle_map)) {
		flags = spin_lock_irq(&s->lock);
		tickle_idle(s);
		spin_unlock_irq(&s->lock, flags);
	}
}

uint64_t vcpu_runtime(const struct vcpu *v)
{
	int64_t ran = READ_ONCE(v->sched.ran_ns);

	if (READ_ONCE(v->sched.running)) {
		int64_t now = time_now(), start = READ_ONCE(sched_of(v->cpu)->slice_start);

		ran += now > start ? now - start : 0;
	}
	return (uint64_t)ran;
}

int sched_set_affinity(struct vcpu *v, unsigned long hard, unsigned long soft)
{
	unsigned long flags;
	struct sched_cpu *s;
	bool requeue = false;

	if (!(hard & READ_ONCE(cpu_online_map)) || !soft) {
		return -EINVAL;
	}
	s = lock_of(v, &flags);
	v->sched.hard_affinity = hard;
	v->sched.soft_affinity = soft;
	if (!(hard & BIT(v->cpu))) {
		if (v->sched.queued) {
			dequeue(s, v);
			requeue = true;
		} else if (READ_ONCE(cpus[v->cpu]->running) == v) {
			cpu_raise(v->cpu, CPU_PENDING_SCHED);
		}
	}
	spin_unlock_irq(&s->lock, flags);
	if (requeue) {
		try_queue(v);
	}
	return 0;
}

int sched_domctl(struct domain *d, struct xen_domctl_scheduler_op *op)
{
	struct xen_domctl_sched_credit2 *p = &op->u.credit2;

	if (op->sched_id != XEN_SCHEDULER_CREDIT2) {
		return -EINVAL;
	}
	switch (op->cmd) {
	case XEN_DOMCTL_SCHEDOP_getinfo:
		p->weight = (uint16_t)d->sched.weight;
		p->cap = (uint16_t)d->sched.cap;
		return 0;
	case XEN_DOMCTL_SCHEDOP_putinfo:
		/* 0 and ~0 leave a value as it is. */
		if (p->weight) {
			d->sched.weight = p->weight;
		}
		if (p->cap != (uint16_t)~0U) {
			d->sched.budget = 0;
			d->sched.cap = p->cap;
		}
		return 0;
	case XEN_DOMCTL_SCHEDOP_getvcpuinfo:
	case XEN_DOMCTL_SCHEDOP_putvcpuinfo:
	default:
		return -EINVAL;		/* credit2 has no parameters of one vCPU */
	}
}

int sched_sysctl(struct xen_sysctl_scheduler_op *op)
{
	struct xen_sysctl_credit2_schedule *p = &op->u.sched_credit2;

	if (op->sched_id != XEN_SCHEDULER_CREDIT2 || op->cpupool_id != 0) {
		return op->cpupool_id != 0 ? -ESRCH : -EINVAL;
	}
	switch (op->cmd) {
	case XEN_SYSCTL_SCHEDOP_putinfo:
		if (p->ratelimit_us &&
		    (p->ratelimit_us > RATELIMIT_MAX_US ||
		     p->ratelimit_us < XEN_SYSCTL_SCHED_RATELIMIT_MIN)) {
			return -EINVAL;
		}
		ratelimit_us = p->ratelimit_us;
		return 0;
	case XEN_SYSCTL_SCHEDOP_getinfo:
		p->ratelimit_us = ratelimit_us;
		return 0;
	default:
		return -EINVAL;
	}
}
