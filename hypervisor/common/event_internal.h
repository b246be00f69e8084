/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the files of event channels share; nobody else includes it. */
#include <hv/domain.h>
#include <hv/event.h>
#include <hv/vcpu.h>

enum channel_state {
	CHANNEL_FREE,
	CHANNEL_RESERVED,		/* port 0 */
	CHANNEL_UNBOUND,
	CHANNEL_INTERDOMAIN,
	CHANNEL_PIRQ,
	CHANNEL_VIRQ,
	CHANNEL_IPI,
};

/*
 * Changes of state need events.lock and the channel's own lock. Both ends of an interdomain pair change
 * under both channels' locks, so whoever holds one end's lock may use the other end as a receiver.
 */
struct event_channel {
	struct spinlock lock;
	struct domain *remote;		/* INTERDOMAIN */
	/* UNBOUND: who may bind; INTERDOMAIN: port there; VIRQ, PIRQ: its number. */
	uint32_t peer;
	uint32_t port;
	uint16_t notify_vcpu;
	uint16_t last_queue;		/* (queue lock) FIFO: vcpu << 4 | priority where it was linked last */
	uint8_t state;			/* enum channel_state */
	uint8_t priority;		/* FIFO */
	bool pending;			/* FIFO: raised while the guest's array did not reach so far */
	uint8_t consumer;		/* whom its events go to within the hypervisor; 0: to the guest */
} __aligned(32);

#define CHANNELS_PER_BUCKET	(PAGE_SIZE / sizeof(struct event_channel))
static_assert(sizeof(struct event_channel) == 32, "a bucket is one page of them");

/*
 * The guest's side of a channel. Interrupts are off in all but set_priority. The functions take any
 * content of the guest's memory.
 */
struct event_ops {
	uint32_t port_count;
	/* The channel was just opened. */
	void (*open)(struct domain *d, struct event_channel *c);
	void (*set_pending)(struct domain *d, struct event_channel *c);
	void (*clear_pending)(struct domain *d, struct event_channel *c);
	void (*unmask)(struct domain *d, struct event_channel *c);
	bool (*is_pending)(struct domain *d, const struct event_channel *c);
	bool (*is_masked)(struct domain *d, const struct event_channel *c);
	/* The guest still holds the closed port on a list, so it must not be opened again yet. */
	bool (*is_busy)(struct domain *d, const struct event_channel *c);
	int (*set_priority)(struct domain *d, struct event_channel *c, uint32_t priority);
};

extern const struct event_ops event_2l_ops, event_2l_narrow_ops, event_fifo_ops;

/* 2-level channels in the layout that d has chosen. */
static inline const struct event_ops *event_2l(const struct domain *d)
{
	return unlikely(d->narrow_info) ? &event_2l_narrow_ops : &event_2l_ops;
}

/* NULL: no such port. */
static inline struct event_channel *channel_get(const struct domain *d, uint32_t port)
{
	if (unlikely(port >= __atomic_load_n(&d->events.valid_ports, __ATOMIC_ACQUIRE))) {
		return NULL;
	}
	return &d->events.buckets[port / CHANNELS_PER_BUCKET][port % CHANNELS_PER_BUCKET];
}

/* It is there, and the guest's. */
static inline bool channel_usable(const struct event_channel *c)
{
	return c->state > CHANNEL_RESERVED && !c->consumer;
}

/* Kinds of consumers within the hypervisor. */
#define CONSUMERS_MAX	8
/* The number of fn, which it gets if it has none; 0: there are too many. */
uint8_t event_consumer_id(event_consumer *fn);

/* Raises the upcall of v. Any context. */
void event_mark_vcpu(struct vcpu *v);
/* Lets go who sleeps in SCHEDOP_poll for the port. Any context. */
void event_wake_pollers(struct domain *d, uint32_t port);

/* EVTCHNOP_* of the current domain, or of d; negative errnos as the ABI gives them. */
int event_bind_interdomain(struct domain *d, struct domain *remote, uint32_t remote_port,
			   uint32_t *port);
int event_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu, uint32_t *port);
int event_bind_ipi(struct domain *d, uint32_t vcpu, uint32_t *port);
int event_bind_pirq(struct domain *d, uint32_t pirq, uint32_t flags, uint32_t *port);
/* What the hypervisor consumes is no guest's to close: -EINVAL. */
int event_close(struct domain *d, uint32_t port);
int event_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu);
int event_unmask(struct domain *d, uint32_t port);
int event_set_priority(struct domain *d, uint32_t port, uint32_t priority);
/* Whether may is true decides between the port and -EPERM, which the ABI gives after -ENOSPC. */
int event_alloc_unbound_checked(struct domain *d, uint16_t remote, bool may, uint32_t *port);
bool event_virq_is_global(uint32_t virq);
/* d is dying: the service VM takes over the VIRQs that d handled. */
void event_virq_handlers_clear(struct domain *d);

int event_fifo_init_control(struct domain *d, uint32_t vcpu, uint64_t untrusted_gfn, uint32_t offset);
int event_fifo_expand_array(struct domain *d, uint64_t untrusted_gfn);
/* Frees what the FIFO holds for v. */
void event_fifo_vcpu_destroy(struct vcpu *v);
/* Back to 2-level. events.lock held, no channel is open. */
void event_fifo_destroy(struct domain *d);
