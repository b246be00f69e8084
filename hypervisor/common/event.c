/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels: ports, their binding and closing. What the guest sees of a pending event is event_2l.c's and
 * event_fifo.c's; delivery is in event_send.c; the hypercall in event_op.c. Locks: hv/event.h.
 */
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/page.h>

#include "event_internal.h"

/* Ports closed between two looks at whether somebody waits for this CPU. */
#define CLOSE_BATCH	64
/* A guest that rebinds the port which it closes on another vCPU has itself to blame after these. */
#define CLOSE_TRIES	8

static uint32_t bucket_array_size(const struct domain_events *e)
{
	uint32_t ports = MIN(e->max_port, event_fifo_ops.port_count - 1) + 1;

	return DIV_ROUND_UP(ports, (uint32_t)CHANNELS_PER_BUCKET);
}

/* events.lock is held (or nobody knows d yet). */
static int bucket_add(struct domain *d)
{
	struct domain_events *e = &d->events;
	uint32_t n = e->valid_ports / CHANNELS_PER_BUCKET;
	struct event_channel *bucket = page_alloc_virt();

	if (!bucket) {
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < CHANNELS_PER_BUCKET; i++) {
		bucket[i].port = e->valid_ports + i;
	}
	e->buckets[n] = bucket;
	__atomic_store_n(&e->valid_ports, e->valid_ports + CHANNELS_PER_BUCKET, __ATOMIC_RELEASE);
	return 0;
}

int event_init(struct domain *d, uint32_t max_port)
{
	struct domain_events *e = &d->events;
	int rc;

	spin_lock_init(&e->lock);
	e->max_port = MIN(max_port, (uint32_t)INT32_MAX);
	e->ops = &event_2l_ops;
	e->buckets = hv_alloc(bucket_array_size(e) * sizeof(e->buckets[0]));
	if (!e->buckets) {
		return -ENOMEM;
	}
	rc = bucket_add(d);
	if (rc) {
		hv_free(e->buckets);
		e->buckets = NULL;
		return rc;
	}
	e->buckets[0][0].state = CHANNEL_RESERVED;
	e->first_free = 1;
	return 0;
}

void event_destroy(struct domain *d)
{
	struct domain_events *e = &d->events;

	if (!e->buckets) {
		return;
	}
	for (uint32_t i = 0; i < e->valid_ports / CHANNELS_PER_BUCKET; i++) {
		page_free_virt(e->buckets[i]);
	}
	hv_free(e->buckets);
	hv_free(e->pirq_ports);
	e->buckets = NULL;
	e->pirq_ports = NULL;
	e->valid_ports = 0;
}

void event_vcpu_init(struct vcpu *v)
{
	spin_lock_init(&v->events.virq_lock);
}

void event_vcpu_destroy(struct vcpu *v)
{
	event_fifo_vcpu_destroy(v);
}

static struct vcpu *vcpu_by_id(const struct domain *d, uint32_t id)
{
	return id < d->max_vcpus ? d->vcpu[id] : NULL;
}

/*
 * The lowest port that may be opened; it stays free until the caller opens it. events.lock is held.
 * -EINVAL (dying), -ENOSPC, -ENOMEM.
 */
static int port_find(struct domain *d, struct event_channel **c)
{
	struct domain_events *e = &d->events;
	uint32_t limit = MIN(e->max_port, e->ops->port_count - 1) + 1;
	bool passed = true;

	if (d->dying) {
		return -EINVAL;
	}
	for (uint32_t port = e->first_free; port < limit; port++) {
		if (port >= e->valid_ports) {
			int rc = bucket_add(d);

			if (rc) {
				return rc;
			}
		}
		*c = channel_get(d, port);
		if ((*c)->state == CHANNEL_FREE && !e->ops->is_busy(d, *c)) {
			return 0;
		}
		/* A port that is only busy must be looked at again next time. */
		passed = passed && (*c)->state != CHANNEL_FREE;
		if (passed) {
			e->first_free = port + 1;
		}
	}
	return -ENOSPC;
}

/* Makes the free channel one of the given state. events.lock held, the channel's not. */
static void channel_open(struct domain *d, struct event_channel *c, enum channel_state state,
			 uint16_t vcpu, uint32_t peer)
{
	unsigned long flags = spin_lock_irq(&c->lock);

	c->state = state;
	c->notify_vcpu = vcpu;
	c->peer = peer;
	c->remote = NULL;
	d->events.ops->open(d, c);
	spin_unlock_irq(&c->lock, flags);
	d->events.active_count++;
}

/* events.lock and the channel's own are held. */
static void channel_free(struct domain *d, struct event_channel *c)
{
	d->events.ops->clear_pending(d, c);
	d->events.consumer_count -= c->consumer != 0;
	c->consumer = 0;
	c->state = CHANNEL_FREE;
	c->notify_vcpu = 0;
	c->remote = NULL;
	c->peer = 0;
	c->pending = false;
	d->events.active_count--;
	d->events.first_free = MIN(d->events.first_free, c->port);
}

int event_alloc_unbound_checked(struct domain *d, uint16_t remote, bool may, uint32_t *port)
{
	struct event_channel *c;
	int rc;

	spin_lock(&d->events.lock);
	rc = port_find(d, &c);
	if (!rc && !may) {
		rc = -EPERM;
	}
	if (!rc) {
		channel_open(d, c, CHANNEL_UNBOUND, 0, remote);
		*port = c->port;
	}
	spin_unlock(&d->events.lock);
	return rc;
}

int event_alloc_unbound(struct domain *d, uint16_t remote)
{
	uint32_t port = 0;
	int rc = event_alloc_unbound_checked(d, remote, true, &port);

	return rc ? rc : (int)port;
}

int event_alloc_consumer(struct domain *d, uint16_t remote, event_consumer *fn)
{
	uint8_t consumer = event_consumer_id(fn);
	struct event_channel *c;
	int rc = -ENOSPC;

	spin_lock(&d->events.lock);
	if (consumer) {
		rc = port_find(d, &c);
	}
	if (!rc) {
		/* Before anybody can bind to it. */
		c->consumer = consumer;
		d->events.consumer_count++;
		channel_open(d, c, CHANNEL_UNBOUND, 0, remote);
		rc = (int)c->port;
	}
	spin_unlock(&d->events.lock);
	return rc;
}

static unsigned long channel_lock_two(struct event_channel *a, struct event_channel *b)
{
	unsigned long flags = irq_save();

	spin_lock_two(&a->lock, &b->lock);
	return flags;
}

static void channel_unlock_two(struct event_channel *a, struct event_channel *b, unsigned long flags)
{
	spin_unlock_two(&a->lock, &b->lock);
	irq_restore(flags);
}

/* Both domains' events.lock are held. */
static int bind_interdomain(struct domain *d, struct domain *remote, uint32_t remote_port,
			    uint32_t *port)
{
	struct event_channel *c, *rc;
	unsigned long flags;
	int ret = port_find(d, &c);

	if (ret) {
		return ret;
	}
	rc = channel_get(remote, remote_port);
	if (!rc || rc->state != CHANNEL_UNBOUND || rc->peer != d->id) {
		return -EINVAL;
	}
	channel_open(d, c, CHANNEL_UNBOUND, 0, remote->id);
	flags = channel_lock_two(c, rc);
	c->remote = remote;
	c->peer = remote_port;
	c->state = CHANNEL_INTERDOMAIN;
	rc->remote = d;
	rc->peer = c->port;
	rc->state = CHANNEL_INTERDOMAIN;
	/* The peer may have sent while the channel was unbound, and those sends went nowhere. */
	d->events.ops->set_pending(d, c);
	channel_unlock_two(c, rc, flags);
	*port = c->port;
	return 0;
}

int event_bind_interdomain(struct domain *d, struct domain *remote, uint32_t remote_port,
			   uint32_t *port)
{
	int rc;

	spin_lock_two(&d->events.lock, &remote->events.lock);
	rc = bind_interdomain(d, remote, remote_port, port);
	spin_unlock_two(&d->events.lock, &remote->events.lock);
	return rc;
}

bool event_virq_is_global(uint32_t virq)
{
	switch (virq) {
	case VIRQ_TIMER:
	case VIRQ_DEBUG:
	case VIRQ_XENOPROF:
	case VIRQ_XENPMU:
		return false;
	default:
		return true;
	}
}

static void virq_publish(struct vcpu *v, uint32_t virq, uint32_t port)
{
	unsigned long flags = spin_lock_irq(&v->events.virq_lock);

	v->events.virq_port[virq] = port;
	spin_unlock_irq(&v->events.virq_lock, flags);
}

int event_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu, uint32_t *port)
{
	struct event_channel *c;
	struct vcpu *v;
	int rc;

	if (virq >= EVENT_VIRQ_COUNT) {
		return -EINVAL;
	}
	if (event_virq_is_global(virq) && vcpu != 0) {
		return -EINVAL;
	}
	v = vcpu_by_id(d, vcpu);
	if (!v) {
		return -ENOENT;
	}
	spin_lock(&d->events.lock);
	rc = v->events.virq_port[virq] ? -EEXIST : port_find(d, &c);
	if (!rc) {
		channel_open(d, c, CHANNEL_VIRQ, (uint16_t)vcpu, virq);
		virq_publish(v, virq, c->port);
		*port = c->port;
	}
	spin_unlock(&d->events.lock);
	return rc;
}

int event_bind_ipi(struct domain *d, uint32_t vcpu, uint32_t *port)
{
	struct event_channel *c;
	int rc;

	if (!vcpu_by_id(d, vcpu)) {
		return -ENOENT;
	}
	spin_lock(&d->events.lock);
	rc = port_find(d, &c);
	if (!rc) {
		channel_open(d, c, CHANNEL_IPI, (uint16_t)vcpu, 0);
		*port = c->port;
	}
	spin_unlock(&d->events.lock);
	return rc;
}

/* events.lock is held. */
static int bind_pirq(struct domain *d, uint32_t pirq, uint32_t flags, uint32_t *port)
{
	struct domain_events *e = &d->events;
	struct event_channel *c;
	uint32_t *ports = e->pirq_ports;
	int rc;

	if (ports && ports[pirq]) {
		return -EEXIST;
	}
	rc = port_find(d, &c);
	if (rc) {
		return rc;
	}
	if (!ports) {
		ports = hv_alloc(EVENT_PIRQ_COUNT * sizeof(ports[0]));
		if (!ports) {
			return -ENOMEM;
		}
		__atomic_store_n(&e->pirq_ports, ports, __ATOMIC_RELEASE);
	}
	rc = arch_pirq_bind(d, pirq, flags);
	if (rc) {
		return rc;
	}
	channel_open(d, c, CHANNEL_PIRQ, 0, pirq);
	WRITE_ONCE(ports[pirq], c->port);
	*port = c->port;
	return 0;
}

int event_bind_pirq(struct domain *d, uint32_t pirq, uint32_t flags, uint32_t *port)
{
	int rc;

	if (pirq >= EVENT_PIRQ_COUNT) {
		return -EINVAL;
	}
	spin_lock(&d->events.lock);
	rc = bind_pirq(d, pirq, flags, port);
	spin_unlock(&d->events.lock);
	return rc;
}

/* Undoes what the channel is for besides its port. events.lock is held. */
static void channel_detach(struct domain *d, struct event_channel *c)
{
	if (c->state == CHANNEL_VIRQ) {
		/* A global one may have moved, but is entered at vCPU 0 always. */
		struct vcpu *v = d->vcpu[event_virq_is_global(c->peer) ? 0 : c->notify_vcpu];

		virq_publish(v, c->peer, 0);
	} else if (c->state == CHANNEL_PIRQ) {
		arch_pirq_unbind(d, c->peer);
		WRITE_ONCE(d->events.pirq_ports[c->peer], 0);
	}
}

/* Both ends' events.lock are held. */
static void close_interdomain(struct domain *d, struct event_channel *c)
{
	struct event_channel *rc = channel_get(c->remote, c->peer);
	unsigned long flags = channel_lock_two(c, rc);

	channel_free(d, c);
	rc->state = CHANNEL_UNBOUND;
	rc->remote = NULL;
	rc->peer = d->id;
	channel_unlock_two(c, rc, flags);
}

/* events.lock of d, and of remote when it is not NULL, are held. -EAGAIN: needs another remote's. */
static int close_locked(struct domain *d, struct event_channel *c, const struct domain *remote,
			bool by_guest)
{
	unsigned long flags;

	if (by_guest && c->consumer) {
		return -EINVAL;
	}
	switch (c->state) {
	case CHANNEL_FREE:
	case CHANNEL_RESERVED:
		return -EINVAL;
	case CHANNEL_INTERDOMAIN:
		if (c->remote != remote) {
			return -EAGAIN;
		}
		close_interdomain(d, c);
		return 0;
	default:
		channel_detach(d, c);
		flags = spin_lock_irq(&c->lock);
		channel_free(d, c);
		spin_unlock_irq(&c->lock, flags);
		return 0;
	}
}

/* One attempt; -EAGAIN when the port got another remote between the locks. */
static int close_once(struct domain *d, struct event_channel *c, bool by_guest)
{
	struct domain *remote;
	int rc;

	spin_lock(&d->events.lock);
	remote = c->remote;
	if (!remote || remote == d) {
		rc = close_locked(d, c, d, by_guest);
		spin_unlock(&d->events.lock);
		return rc;
	}
	/* The other lock may come first. The domain cannot vanish before this CPU's next pass of its loop. */
	spin_unlock(&d->events.lock);
	spin_lock_two(&d->events.lock, &remote->events.lock);
	rc = close_locked(d, c, remote, by_guest);
	spin_unlock_two(&d->events.lock, &remote->events.lock);
	return rc;
}

static int close_port(struct domain *d, uint32_t port, bool by_guest)
{
	struct event_channel *c = channel_get(d, port);
	int rc = -EAGAIN;

	if (!c) {
		return -EINVAL;
	}
	for (unsigned int i = 0; i < CLOSE_TRIES && rc == -EAGAIN; i++) {
		rc = close_once(d, c, by_guest);
	}
	return rc == -EAGAIN ? -EINVAL : rc;
}

int event_close(struct domain *d, uint32_t port)
{
	return close_port(d, port, true);
}

void event_close_consumer(struct domain *d, uint32_t port)
{
	close_port(d, port, false);
}

int event_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu)
{
	struct event_channel *c;
	unsigned long flags;
	int rc = 0;

	if (!vcpu_by_id(d, vcpu)) {
		return -ENOENT;
	}
	c = channel_get(d, port);
	if (!c) {
		return -EINVAL;
	}
	spin_lock(&d->events.lock);
	flags = spin_lock_irq(&c->lock);
	switch (c->consumer ? CHANNEL_RESERVED : c->state) {
	case CHANNEL_VIRQ:
		if (!event_virq_is_global(c->peer)) {
			rc = -EINVAL;
		}
		break;
	case CHANNEL_UNBOUND:
	case CHANNEL_INTERDOMAIN:
	case CHANNEL_PIRQ:
		break;
	default:
		rc = -EINVAL;
		break;
	}
	if (!rc) {
		WRITE_ONCE(c->notify_vcpu, (uint16_t)vcpu);
	}
	spin_unlock_irq(&c->lock, flags);
	spin_unlock(&d->events.lock);
	return rc;
}

int event_set_priority(struct domain *d, uint32_t port, uint32_t priority)
{
	struct event_channel *c = channel_get(d, port);
	int rc;

	if (!c) {
		return -EINVAL;
	}
	spin_lock(&d->events.lock);
	if (!d->events.ops->set_priority) {
		rc = -ENOSYS;
	} else if (!channel_usable(c)) {
		rc = -EACCES;
	} else {
		rc = d->events.ops->set_priority(d, c, priority);
	}
	spin_unlock(&d->events.lock);
	return rc;
}

/* Claims the right to reset d. Returns the port to go on at, 0 when another reset is under way. */
static uint32_t reset_begin(struct domain *d, bool resuming)
{
	struct domain_events *e = &d->events;
	uint32_t port;

	spin_lock(&e->lock);
	if (resuming) {
		port = e->reset_port;
	} else {
		port = e->reset_port ? 0 : 1;
		e->reset_port = e->reset_port ? e->reset_port : 1;
	}
	spin_unlock(&e->lock);
	return port;
}

int event_reset(struct domain *d, bool resuming)
{
	struct domain_events *e = &d->events;
	uint32_t port;
	int rc = 0;

	if (d != current->domain && !d->controller_pause_count) {
		return -EINVAL;
	}
	port = reset_begin(d, resuming);
	if (!port) {
		return -EBUSY;
	}
	for (; channel_get(d, port); port++) {
		event_close(d, port);
		if (port % CLOSE_BATCH == 0 && hypercall_should_preempt()) {
			spin_lock(&e->lock);
			e->reset_port = port;
			spin_unlock(&e->lock);
			return -ERESTART;
		}
	}
	spin_lock(&e->lock);
	e->reset_port = 0;
	if (e->active_count > e->consumer_count) {
		rc = -EAGAIN;		/* other vCPUs opened channels meanwhile */
	} else if (e->fifo) {
		event_fifo_destroy(d);
	}
	spin_unlock(&e->lock);
	return rc;
}

int event_relinquish(struct domain *d)
{
	struct domain_events *e = &d->events;
	uint32_t port;

	/* With the lock passed once, everybody sees that d is dying: no channel is opened any more. */
	spin_lock(&e->lock);
	port = e->relinquish_port ? e->relinquish_port : e->valid_ports;
	spin_unlock(&e->lock);

	for (; port > 1; port--) {
		close_port(d, port - 1, false);
		if (port % CLOSE_BATCH == 0 && hypercall_should_preempt()) {
			e->relinquish_port = port - 1;
			return -ERESTART;
		}
	}
	e->relinquish_port = 1;
	event_virq_handlers_clear(d);
	spin_lock(&e->lock);
	if (e->fifo) {
		event_fifo_destroy(d);
	}
	spin_unlock(&e->lock);
	return 0;
}
