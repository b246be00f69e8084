// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timer of the virtual LAPIC: one-shot, periodic, TSC deadline. Intel SDM vol. 3, 10.5.4. The count
 * is never decremented: it follows from the time since timer_start.
 *
 * timer_lock covers the fields against the timer's function, which may still run on the CPU that v
 * has just left. Both run in main loops with interrupts on. Order: timer_lock -> timer queue lock;
 * interrupts are raised after the lock is dropped.
 */
#include <hv/domain.h>
#include <asm/guest_tsc.h>
#include <asm/processor.h>
#include <asm/time.h>
#include "vlapic_regs.h"

/* A guest's period of nanoseconds must not become our interrupt load. */
#define PERIOD_MIN_NS (50 * NS_PER_US)

enum timer_mode { TIMER_ONE_SHOT, TIMER_PERIODIC, TIMER_DEADLINE, TIMER_RESERVED };

static enum timer_mode mode_of(uint32_t lvt)
{
	return (enum timer_mode)((lvt >> VLAPIC_LVT_MODE_SHIFT) & 3);
}

static enum timer_mode timer_mode(const struct vlapic *l)
{
	return mode_of(l->timer_lvt);
}

/* log2 of the divisor: the field's 0 to 6 stand for 2 to 128, 7 for 1 (10.5.4, figure 10-10). */
static unsigned int divide_shift(const struct vlapic *l)
{
	return (((l->timer_divide & 3) | ((l->timer_divide >> 1) & 4)) + 1) & 7;
}

static nstime_t ticks_to_ns(const struct vlapic *l, uint32_t ticks)
{
	return (nstime_t)(((uint64_t)ticks * VLAPIC_BUS_CYCLE_NS) << divide_shift(l));
}

static uint64_t ns_to_ticks(const struct vlapic *l, nstime_t ns)
{
	return ns <= 0 ? 0 : ((uint64_t)ns >> divide_shift(l)) / VLAPIC_BUS_CYCLE_NS;
}

/* Ticks left at the moment now. */
static uint32_t count_at(const struct vlapic *l, nstime_t now)
{
	uint64_t elapsed;

	if (!l->timer_count || timer_mode(l) == TIMER_DEADLINE) {
		return 0;
	}
	elapsed = ns_to_ticks(l, now - l->timer_start);
	if (elapsed < l->timer_count) {
		return l->timer_count - (uint32_t)elapsed;
	}
	if (timer_mode(l) != TIMER_PERIODIC || !l->timer_initial) {
		return 0;
	}
	return l->timer_initial - (uint32_t)((elapsed - l->timer_count) % l->timer_initial);
}

/* Queues the timer for the present count, or stops it. */
static void arm_count(struct vlapic *l)
{
	if (l->timer_count) {
		timer_set(&l->timer, l->timer_start + ticks_to_ns(l, l->timer_count));
	} else {
		timer_stop(&l->timer);
	}
}

static void load_count(struct vlapic *l, uint32_t count, nstime_t now)
{
	l->timer_count = count;
	l->timer_start = now;
	arm_count(l);
}

/* ns until the guest's TSC reaches tsc; 0 or less when it has. */
static nstime_t ns_until_tsc(const struct vcpu *v, uint64_t tsc, nstime_t *now)
{
	struct time_scale scale = v->domain->arch.tsc_scale;
	unsigned __int128 ns;
	uint64_t host;
	int64_t delta;

	time_stamp(&host, now);
	host = guest_tsc(v, host);
	delta = (int64_t)(tsc - host);
	if (delta <= 0) {
		/* The difference of two far apart unsigned values is a time to come, not the past.
		 */
		if (tsc <= host) {
			return 0;
		}
		delta = INT64_MAX;
	}
	ns = (unsigned __int128)delta;
	ns = scale.shift >= 0 ? ns << scale.shift : ns >> -scale.shift;
	ns = (ns * scale.mul) >> 32;
	return ns > (uint64_t)INT64_MAX / 4 ? INT64_MAX / 4 : (nstime_t)ns + 1;
}

/* timer_lock held; true when the deadline is over. */
static bool arm_deadline(struct vcpu *v)
{
	struct vlapic *l = &v->arch.vlapic;
	nstime_t now, wait;

	if (!l->tsc_deadline) {
		timer_stop(&l->timer);
		return false;
	}
	wait = ns_until_tsc(v, l->tsc_deadline, &now);
	if (wait <= 0) {
		l->tsc_deadline = 0;
		timer_stop(&l->timer);
		return true;
	}
	timer_set(&l->timer, now + wait);
	return false;
}

static void raise(struct vcpu *v)
{
	uint32_t lvt = READ_ONCE(v->arch.vlapic.timer_lvt);

	if (!(lvt & VLAPIC_LVT_MASKED) && v->arch.vlapic.enabled) {
		vlapic_set_irq(v, (uint8_t)lvt, false);
	}
}

/* The count may have been changed since the timer was queued: then it is not over and is queued
 * anew. */
static bool count_expired(struct vlapic *l, nstime_t now)
{
	nstime_t end = l->timer_start + ticks_to_ns(l, l->timer_count), period;

	if (!l->timer_count) {
		return false;
	}
	if (end > now) {
		timer_set(&l->timer, end);
		return false;
	}
	if (timer_mode(l) != TIMER_PERIODIC || !l->timer_initial) {
		l->timer_count = 0;
		return true;
	}
	/* Periods that nobody had time for are dropped; the phase stays. */
	period = ticks_to_ns(l, l->timer_initial);
	l->timer_start = now - (now - end) % period;
	l->timer_count = l->timer_initial;
	timer_set(&l->timer, MAX(l->timer_start + period, now + PERIOD_MIN_NS));
	return true;
}

static void timer_expired(void *data)
{
	struct vcpu *v = data;
	struct vlapic *l = &v->arch.vlapic;
	bool fire;

	spin_lock(&l->timer_lock);
	fire = timer_mode(l) == TIMER_DEADLINE ? arm_deadline(v) : count_expired(l, time_now());
	spin_unlock(&l->timer_lock);
	if (fire) {
		raise(v);
	}
}

/* The registers in the page, which the guest may have overwritten. */
static void show(struct vlapic *l)
{
	*vlapic_lvt(l, VLAPIC_LVT_TIMER) = l->timer_lvt;
	*vlapic_reg(l, VLAPIC_REG_TIMER_INITIAL) = l->timer_initial;
	*vlapic_reg(l, VLAPIC_REG_TIMER_DIVIDE) = l->timer_divide;
}

void vlapic_timer_init(struct vcpu *v)
{
	timer_init(&v->arch.vlapic.timer, timer_expired, v, v->cpu);
}

void vlapic_timer_reset(struct vcpu *v)
{
	struct vlapic *l = &v->arch.vlapic;

	spin_lock(&l->timer_lock);
	timer_stop(&l->timer);
	l->timer_initial = 0;
	l->timer_count = 0;
	l->timer_divide = 0;
	l->tsc_deadline = 0;
	l->timer_lvt = VLAPIC_LVT_MASKED;
	show(l);
	spin_unlock(&l->timer_lock);
}

void vlapic_timer_set_initial(struct vcpu *v, uint32_t count)
{
	struct vlapic *l = &v->arch.vlapic;

	spin_lock(&l->timer_lock);
	if (timer_mode(l) != TIMER_DEADLINE) { /* there the register is dead (10.5.4.1) */
		l->timer_initial = count;
		load_count(l, count, time_now());
	}
	show(l);
	spin_unlock(&l->timer_lock);
}

void vlapic_timer_set_divide(struct vcpu *v, uint32_t divide)
{
	struct vlapic *l = &v->arch.vlapic;
	uint32_t left;
	nstime_t now;

	spin_lock(&l->timer_lock);
	now = time_now();
	left = count_at(l, now);
	l->timer_divide = divide;
	if (left) {
		load_count(l, left, now); /* goes on from here at the new speed */
	}
	show(l);
	spin_unlock(&l->timer_lock);
}

void vlapic_timer_set_lvt(struct vcpu *v, uint32_t lvt)
{
	struct vlapic *l = &v->arch.vlapic;
	enum timer_mode old, new;

	spin_lock(&l->timer_lock);
	old = timer_mode(l);
	new = mode_of(lvt);
	if ((old == TIMER_DEADLINE) != (new == TIMER_DEADLINE)) {
		/* 10.5.4.1: going to or from deadline mode disarms. */
		timer_stop(&l->timer);
		l->timer_initial = 0;
		l->timer_count = 0;
		l->tsc_deadline = 0;
	}
	l->timer_lvt = lvt;
	show(l);
	spin_unlock(&l->timer_lock);
}

uint32_t vlapic_timer_current(struct vcpu *v)
{
	struct vlapic *l = &v->arch.vlapic;
	uint32_t count;

	spin_lock(&l->timer_lock);
	count = l->timer_count ? count_at(l, time_now()) : 0;
	spin_unlock(&l->timer_lock);
	return count;
}

uint64_t vlapic_timer_deadline(struct vcpu *v)
{
	return timer_mode(&v->arch.vlapic) == TIMER_DEADLINE
		   ? READ_ONCE(v->arch.vlapic.tsc_deadline)
		   : 0;
}

void vlapic_timer_set_deadline(struct vcpu *v, uint64_t tsc)
{
	struct vlapic *l = &v->arch.vlapic;
	bool fire = false;

	spin_lock(&l->timer_lock);
	if (timer_mode(l) == TIMER_DEADLINE) { /* in other modes writes are ignored */
		l->tsc_deadline = tsc;
		fire = arm_deadline(v);
	}
	spin_unlock(&l->timer_lock);
	if (fire) {
		raise(v);
	}
}

void vlapic_timer_restart(struct vcpu *v, uint32_t count, uint64_t deadline)
{
	struct vlapic *l = &v->arch.vlapic;
	bool fire = false;

	spin_lock(&l->timer_lock);
	if (timer_mode(l) == TIMER_DEADLINE) {
		l->tsc_deadline = deadline;
		fire = arm_deadline(v);
	} else {
		load_count(l, count, time_now());
	}
	show(l);
	spin_unlock(&l->timer_lock);
	if (fire) {
		raise(v);
	}
}
