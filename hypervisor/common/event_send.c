/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivery of events, from any context. Locks: hv/event.h. A receiver is safe to use while its sender's
 * lock (channel, or virq_lock) is held: closing the receiver takes that lock too.
 */
#include <hv/compat.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/sched.h>

#include "event_internal.h"

/* Who hears a global VIRQ instead of the service VM; an entry holds a reference. */
static struct domain *virq_handlers[EVENT_VIRQ_COUNT];

void event_mark_vcpu(struct vcpu *v)
{
	struct vcpu_info *info = READ_ONCE(v->info);

	if (!__atomic_exchange_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST)) {
		arch_vcpu_upcall(v);
	}
}

void event_wake_pollers(struct domain *d, uint32_t port)
{
	struct vcpu *v;

	for_each_vcpu (d, v) {
		int wanted;

		if (likely(!(READ_ONCE(v->state) & BIT(VCPU_POLLING)))) {
			continue;
		}
		wanted = READ_ONCE(v->poll_port);
		if (wanted < 0 || (uint32_t)wanted == port) {
			vcpu_wake(v);
		}
	}
}

/* Whom events of channels go to within the hypervisor, by event_channel.consumer less 1. Entries only come. */
static event_consumer *consumers[CONSUMERS_MAX];

uint8_t event_consumer_id(event_consumer *fn)
{
	for (unsigned int i = 0; i < CONSUMERS_MAX; i++) {
		event_consumer *expected = NULL;

		if (__atomic_compare_exchange_n(&consumers[i], &expected, fn, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE) ||
		    expected == fn) {
			return (uint8_t)(i + 1);
		}
	}
	return 0;
}

/* The lock of c's other end is held. */
static void raise_remote(const struct event_channel *c)
{
	struct domain *remote = c->remote;
	struct event_channel *rc = channel_get(remote, c->peer);

	if (unlikely(rc->consumer)) {
		consumers[rc->consumer - 1](remote, rc->port);
	} else {
		remote->events.ops->set_pending(remote, rc);
	}
}

void event_send_consumer(struct domain *d, uint32_t port)
{
	struct event_channel *c = channel_get(d, port);
	unsigned long flags = spin_lock_irq(&c->lock);

	if (c->state == CHANNEL_INTERDOMAIN && c->consumer) {
		raise_remote(c);
	}
	spin_unlock_irq(&c->lock, flags);
}

int event_send(struct domain *d, uint32_t port)
{
	struct event_channel *c = channel_get(d, port);
	unsigned long flags;
	int rc = 0;

	if (unlikely(!c)) {
		return -EINVAL;
	}
	flags = spin_lock_irq(&c->lock);
	if (unlikely(c->consumer)) {
		rc = -EINVAL;
	} else if (likely(c->state == CHANNEL_INTERDOMAIN)) {
		raise_remote(c);
	} else if (c->state == CHANNEL_IPI) {
		d->events.ops->set_pending(d, c);
	} else if (c->state != CHANNEL_UNBOUND) {
		rc = -EINVAL;		/* to an unbound one, events go nowhere */
	}
	spin_unlock_irq(&c->lock, flags);
	return rc;
}

void event_send_virq(struct vcpu *v, unsigned int virq)
{
	struct domain *d = v->domain;
	unsigned long flags = spin_lock_irq(&v->events.virq_lock);
	uint32_t port = v->events.virq_port[virq];

	if (port) {
		d->events.ops->set_pending(d, channel_get(d, port));
	}
	spin_unlock_irq(&v->events.virq_lock, flags);
}

void event_send_global_virq(struct domain *d, unsigned int virq)
{
	struct vcpu *v = d->vcpu ? d->vcpu[0] : NULL;

	/* Entered at vCPU 0, delivered where the channel says. */
	if (v) {
		event_send_virq(v, virq);
	}
}

void event_send_service_virq(unsigned int virq)
{
	struct domain *d = __atomic_load_n(&virq_handlers[virq], __ATOMIC_ACQUIRE);

	if (!d) {
		d = service_domain;
	}
	if (d) {
		event_send_global_virq(d, virq);
	}
}

int event_set_virq_handler(struct domain *d, uint32_t virq)
{
	struct domain *old;

	if (virq >= EVENT_VIRQ_COUNT || !event_virq_is_global(virq)) {
		return -EINVAL;
	}
	if (READ_ONCE(virq_handlers[virq]) == d) {
		return 0;
	}
	/* Not one that has let go of its VIRQs already (domctl_lock keeps it from dying meanwhile). */
	if (d->dying || !domain_get(d)) {
		return -EINVAL;
	}
	old = __atomic_exchange_n(&virq_handlers[virq], d, __ATOMIC_ACQ_REL);
	if (old) {
		domain_put(old);
	}
	return 0;
}

void event_virq_handlers_clear(struct domain *d)
{
	for (unsigned int virq = 0; virq < EVENT_VIRQ_COUNT; virq++) {
		struct domain *expected = d;

		if (__atomic_compare_exchange_n(&virq_handlers[virq], &expected, NULL, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
			domain_put(d);
		}
	}
}

/* Raises the port when it is in the wanted state and of the wanted number (~0: any). */
static void raise_if(struct domain *d, uint32_t port, uint8_t state, uint32_t peer)
{
	struct event_channel *c = channel_get(d, port);
	unsigned long flags;

	if (!c) {
		return;
	}
	flags = spin_lock_irq(&c->lock);
	if (channel_usable(c) && (state == CHANNEL_FREE || (c->state == state && c->peer == peer))) {
		d->events.ops->set_pending(d, c);
	}
	spin_unlock_irq(&c->lock, flags);
}

void event_send_pirq(struct domain *d, unsigned int pirq)
{
	const uint32_t *ports = __atomic_load_n(&d->events.pirq_ports, __ATOMIC_ACQUIRE);
	uint32_t port = ports && pirq < EVENT_PIRQ_COUNT ? READ_ONCE(ports[pirq]) : 0;

	if (port) {
		raise_if(d, port, CHANNEL_PIRQ, pirq);
	}
}

void event_notify_port(struct domain *d, uint32_t port)
{
	raise_if(d, port, CHANNEL_FREE, 0);
}

int event_unmask(struct domain *d, uint32_t port)
{
	struct event_channel *c = channel_get(d, port);
	unsigned long flags;

	if (!c) {
		return -EINVAL;
	}
	flags = spin_lock_irq(&c->lock);
	if (channel_usable(c)) {
		d->events.ops->unmask(d, c);
	}
	spin_unlock_irq(&c->lock, flags);
	return 0;
}

int event_port_is_pending(struct domain *d, uint32_t port)
{
	struct event_channel *c = channel_get(d, port);
	unsigned long flags;
	bool pending;

	if (!c) {
		return -EINVAL;
	}
	flags = spin_lock_irq(&c->lock);
	pending = channel_usable(c) && d->events.ops->is_pending(d, c);
	spin_unlock_irq(&c->lock, flags);
	return pending;
}

/* evtchn_upcall_mask means nothing to an HVM guest, which has its interrupt flag. */
bool event_upcall_pending(const struct vcpu *v)
{
	return READ_ONCE(READ_ONCE(v->info)->evtchn_upcall_pending) != 0;
}

/*
 * An event may have been marked in the old structure only, so everything counts as pending in the new
 * one: a spurious upcall is allowed, a lost one is not.
 */
void event_vcpu_info_moved(struct vcpu *v)
{
	struct vcpu_info *info = READ_ONCE(v->info);

	if (v->domain->narrow_info) {
		__atomic_store_n(compat_pending_sel(info), ~0U, __ATOMIC_SEQ_CST);
	} else {
		__atomic_store_n(&info->evtchn_pending_sel, ~(xen_ulong_t)0, __ATOMIC_SEQ_CST);
	}
	__atomic_store_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
	arch_vcpu_upcall(v);
}

void event_layout_changed(struct domain *d)
{
	spin_lock(&d->events.lock);
	if (d->events.ops != &event_fifo_ops) {
		WRITE_ONCE(d->events.ops, event_2l(d));
	}
	spin_unlock(&d->events.lock);
}

static void dump_channel(struct domain *d, struct event_channel *c)
{
	static const char *const names[] = {
		[CHANNEL_UNBOUND] = "unbound", [CHANNEL_INTERDOMAIN] = "interdomain",
		[CHANNEL_PIRQ] = "pirq",       [CHANNEL_VIRQ] = "virq",
		[CHANNEL_IPI] = "ipi",
	};
	unsigned long flags = spin_lock_irq(&c->lock);

	if (c->state > CHANNEL_RESERVED) {
		log_info("  %5u [%d/%d/%u] %s%s vcpu %u, %u", c->port,
			 d->events.ops->is_pending(d, c), d->events.ops->is_masked(d, c),
			 c->priority, names[c->state], c->consumer ? " (hypervisor)" : "",
			 c->notify_vcpu, c->peer);
		if (c->remote) {
			log_info(" of d%u", c->remote->id);
		}
		log_info("\n");
	}
	spin_unlock_irq(&c->lock, flags);
}

void event_dump(struct domain *d)
{
	struct event_channel *c;

	log_info("d%u: event channels: port [pending/masked/priority]\n", d->id);
	spin_lock(&d->events.lock);
	for (uint32_t port = 1; (c = channel_get(d, port)) != NULL; port++) {
		dump_channel(d, c);
	}
	spin_unlock(&d->events.lock);
}
