/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 2-level ABI: a bit per port in the shared info page (pending, masked), a bit per word of them
 * in the vcpu_info of the vCPU that is told. The guest may change all of it at any time; it is only
 * ever read for bits, so whatever it holds harms nobody else.
 *
 * Words have 64 bits (as xen_ulong_t has for all other layouts, whatever a long is), or 32 for a
 * guest with the narrow layout: fewer ports, and the bitmaps stand elsewhere. Bit n of a bitmap is
 * in the same place with either. Which one it is, is a constant in each function of the two tables
 * at the end.
 */
#include <hv/bitops.h>
#include <hv/compat.h>
#include <hv/lib.h>

#include "event_internal.h"

#define WORD_BITS		(8 * (unsigned int)sizeof(xen_ulong_t))
#define NARROW_WORD_BITS	32
#define NARROW_PORTS		(NARROW_WORD_BITS * NARROW_WORD_BITS)

static inline unsigned long *pending_bits(const struct domain *d, bool narrow)
{
	return narrow ? (unsigned long *)compat_shared_info(d->shared_info)->evtchn_pending
		      : (unsigned long *)d->shared_info->evtchn_pending;
}

static inline unsigned long *mask_bits(const struct domain *d, bool narrow)
{
	return narrow ? (unsigned long *)compat_shared_info(d->shared_info)->evtchn_mask
		      : (unsigned long *)d->shared_info->evtchn_mask;
}

/* A channel from before the layout was changed may have a port that the narrow one has no bit for. */
static inline bool has_bit(const struct event_channel *c, bool narrow)
{
	return !narrow || c->port < NARROW_PORTS;
}

static inline void select_word(struct domain *d, const struct event_channel *c, bool narrow)
{
	struct vcpu *v = READ_ONCE(d->vcpu[READ_ONCE(c->notify_vcpu)]);
	struct vcpu_info *info;
	bool was_set;

	if (unlikely(!v)) {
		return;			/* a domain half built: nobody is there to be told */
	}
	info = READ_ONCE(v->info);
	if (narrow) {
		/* The 32-bit selector is the upper half of the structure's first 64 bits. */
		was_set = test_and_set_bit(NARROW_WORD_BITS + c->port / NARROW_WORD_BITS,
					   (unsigned long *)info);
	} else {
		was_set = test_and_set_bit(c->port / WORD_BITS,
					   (unsigned long *)&info->evtchn_pending_sel);
	}
	if (!was_set) {
		event_mark_vcpu(v);
	}
}

static inline void set_pending_in(struct domain *d, struct event_channel *c, bool narrow)
{
	uint32_t port = c->port;

	if (!has_bit(c, narrow)) {
		return;
	}
	/* In this order: pending, mask, selector, upcall. The guest looks in the opposite one. */
	if (test_and_set_bit(port, pending_bits(d, narrow))) {
		return;
	}
	if (!test_bit(port, mask_bits(d, narrow))) {
		select_word(d, c, narrow);
	}
	event_wake_pollers(d, port);
}

static inline void clear_pending_in(struct domain *d, struct event_channel *c, bool narrow)
{
	if (has_bit(c, narrow)) {
		clear_bit(c->port, pending_bits(d, narrow));
	}
}

static inline void unmask_in(struct domain *d, struct event_channel *c, bool narrow)
{
	if (has_bit(c, narrow) && test_and_clear_bit(c->port, mask_bits(d, narrow)) &&
	    test_bit(c->port, pending_bits(d, narrow))) {
		select_word(d, c, narrow);
	}
}

static inline bool is_pending_in(struct domain *d, const struct event_channel *c, bool narrow)
{
	return has_bit(c, narrow) && test_bit(c->port, pending_bits(d, narrow));
}

static inline bool is_masked_in(struct domain *d, const struct event_channel *c, bool narrow)
{
	return has_bit(c, narrow) && test_bit(c->port, mask_bits(d, narrow));
}

static bool is_busy(struct domain *d, const struct event_channel *c)
{
	return false;
}

static void channel_opened(struct domain *d, struct event_channel *c)
{
}

static void set_pending(struct domain *d, struct event_channel *c)
{
	set_pending_in(d, c, false);
}

static void clear_pending(struct domain *d, struct event_channel *c)
{
	clear_pending_in(d, c, false);
}

static void unmask(struct domain *d, struct event_channel *c)
{
	unmask_in(d, c, false);
}

static bool is_pending(struct domain *d, const struct event_channel *c)
{
	return is_pending_in(d, c, false);
}

static bool is_masked(struct domain *d, const struct event_channel *c)
{
	return is_masked_in(d, c, false);
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

static void narrow_set_pending(struct domain *d, struct event_channel *c)
{
	set_pending_in(d, c, true);
}

static void narrow_clear_pending(struct domain *d, struct event_channel *c)
{
	clear_pending_in(d, c, true);
}

static void narrow_unmask(struct domain *d, struct event_channel *c)
{
	unmask_in(d, c, true);
}

static bool narrow_is_pending(struct domain *d, const struct event_channel *c)
{
	return is_pending_in(d, c, true);
}

static bool narrow_is_masked(struct domain *d, const struct event_channel *c)
{
	return is_masked_in(d, c, true);
}

const struct event_ops event_2l_narrow_ops = {
	.port_count = NARROW_PORTS,
	.open = channel_opened,
	.set_pending = narrow_set_pending,
	.clear_pending = narrow_clear_pending,
	.unmask = narrow_unmask,
	.is_pending = narrow_is_pending,
	.is_masked = narrow_is_masked,
	.is_busy = is_busy,
	.set_priority = NULL,
};
