/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Event channels: 2-level and FIFO (common/event.c, event_2l.c, event_fifo.c).
 *
 * Lock order: events.lock of two domains (lower address first) -> a vCPU's virq_lock -> channel lock (two:
 * lower address first) -> FIFO queue lock (two: lower address first). All but the first with interrupts
 * off. Delivery takes the sending channel's lock (or the virq_lock), never the receiver's, so it may be
 * done from interrupt context.
 */
#include <hv/addr.h>
#include <hv/event_types.h>

struct domain;
struct vcpu;
struct hypercall_args;

int event_init(struct domain *d, uint32_t max_port);
/* Closes every channel; preemptible (-ERESTART). d is dying. */
int event_relinquish(struct domain *d);
/* Marks the frames that d has given for its events, which the hypervisor writes at any time, as written. */
void event_mark_pinned(struct domain *d);
void event_destroy(struct domain *d);
void event_vcpu_init(struct vcpu *v);
void event_vcpu_destroy(struct vcpu *v);

/* Delivery from inside the hypervisor. Any context. */
void event_send_virq(struct vcpu *v, unsigned int virq);		/* per-vCPU VIRQ */
void event_send_global_virq(struct domain *d, unsigned int virq);	/* to the vCPU it is bound to */
/* VIRQ_CONSOLE, DOM_EXC, ... to the domain that handles it (the service VM). */
void event_send_service_virq(unsigned int virq);
/* A physical interrupt that d has bound as pirq. */
void event_send_pirq(struct domain *d, unsigned int pirq);
/* As if d had sent on its own port: the other end of the channel hears. Negative errno as EVTCHNOP_send's. */
int event_send(struct domain *d, uint32_t port);
/*
 * Channels whose local end is the hypervisor's, which does for d what d's kernel would: they have a port of d's, and
 * d can neither send on them nor move, close or poll them. They end with event_close_consumer, or with d.
 *
 * The consumer is told of each event from the other end: in any context, interrupts off, with the sending channel's
 * lock held, so it sends no event itself. Once the channel is closed it is not called any more.
 */
typedef void event_consumer(struct domain *d, uint32_t port);
/* remote may bind to it. Returns the port; -EINVAL (dying), -ENOSPC (too many kinds of consumers, too), -ENOMEM. */
int event_alloc_consumer(struct domain *d, uint16_t remote, event_consumer *fn);
void event_close_consumer(struct domain *d, uint32_t port);
/* An event to the other end; nothing when nobody has bound it. Any context, no channel's lock held. */
void event_send_consumer(struct domain *d, uint32_t port);

/* Notify a port of d that the hypervisor itself bound (e.g. xenstore, ioreq); bad ports are ignored. */
void event_notify_port(struct domain *d, uint32_t port);

/* True when v has an unmasked event pending by its vcpu_info. */
bool event_upcall_pending(const struct vcpu *v);
/* SCHEDOP_poll: any of these ports pending now? -EINVAL for a bad port. */
int event_port_is_pending(struct domain *d, uint32_t port);

/* d->narrow_info has changed: 2-level channels are told of in the other layout from now on. */
void event_layout_changed(struct domain *d);

/* XEN_DOMCTL_soft_reset and EVTCHNOP_reset. Preemptible. */
int event_reset(struct domain *d, bool resuming);
/* Called when the vcpu_info of v moved: carries pending bits over so that no event is lost. */
void event_vcpu_info_moved(struct vcpu *v);

/* XEN_DOMCTL_set_virq_handler: d hears the global VIRQ from now on. -EINVAL for a per-vCPU one. */
int event_set_virq_handler(struct domain *d, uint32_t virq);
/* Debug key: every channel that d has. Hypercall or main-loop context. */
void event_dump(struct domain *d);

/* For the builder of a domain: channel of d that remote may bind to. Returns port or -errno. */
int event_alloc_unbound(struct domain *d, uint16_t remote);

/*
 * Arch: EVTCHNOP_bind_pirq of a machine interrupt and its end. Called with events.lock held. bind checks that
 * there is such a pirq (-EINVAL) and that d may have it (-EPERM).
 */
int arch_pirq_bind(struct domain *d, uint32_t pirq, uint32_t flags);
void arch_pirq_unbind(struct domain *d, uint32_t pirq);

long hypercall_event_channel_op(const struct hypercall_args *a);
