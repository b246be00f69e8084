/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 2-level ABI: a bit per port in the shared info page (pending, masked), a bit per word of them in the
 * vcpu_info of the vCPU that is told. The guest may change all of it at any time; it is only ever read
 * for bits, so whatever it holds harms nobody else.
 */
#include <hv/bitops.h>
#include <hv/lib.h>

#include "event_internal.h"

static void select_word(struct domain *d, uint32_t port, const struct event_channel *c)
{
	struct vcpu *v = READ_ONCE(d->vcpu[READ_ONCE(c->notify_vcpu)]);
	unsigned long *sel;

	if (unlikely(!v)) {
		return;			/* a domain half built: nobody is there to be told */
	}
	sel = &READ_ONCE(v->info)->evtchn_pending_sel;
	if (!test_and_set_bit(port / BITS_PER_LONG, sel)) {
		event_mark_vcpu(v);
	}
}

static void set_pending(struct domain *d, struct event_channel *c)
{
	struct shared_info *s = d->shared_info;
	uint32_t port = c->port;

	/* In this order: pending, mask, selector, upcall. The guest looks in the opposite one. */
	if (test_and_set_bit(port, s->evtchn_pending)) {
		return;
	}
	if (!test_bit(port, s->evtchn_mask)) {
		select_word(d, port, c);
	}
	event_wake_pollers(d, port);
}

static void clear_pending(struct domain *d, struct event_channel *c)
{
	clear_bit(c->port, d->shared_info->evtchn_pending);
}

static void unmask(struct domain *d, struct event_channel *c)
{
	struct shared_info *s = d->shared_info;

	if (test_and_clear_bit(c->port, s->evtchn_mask) && test_bit(c->port, s->evtchn_pending)) {
		select_word(d, c->port, c);
	}
}

static bool is_pending(struct domain *d, const struct event_channel *c)
{
	return test_bit(c->port, d->shared_info->evtchn_pending);
}

static bool is_masked(struct domain *d, const struct event_channel *c)
{
	return test_bit(c->port, d->shared_info->evtchn_mask);
}

static bool is_busy(struct domain *d, const struct event_channel *c)
{
	return false;
}

static void channel_opened(struct domain *d, struct event_channel *c)
{
}

const struct event_ops event_2l_ops = {
	.port_count = EVTCHN_2L_NR_CHANNELS,
	.open = channel_opened,
	.set_pending = set_pending,
	.clear_pending = clear_pending,
	.unmask = unmask,
	.is_pending = is_pending,
	.is_masked = is_masked,
	.is_busy = is_busy,
	.set_priority = NULL,
};
