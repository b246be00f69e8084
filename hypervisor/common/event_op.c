/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event channel hypercall: copies, who may, and back. The order of the checks is that of the ABI's
 * reference. event_send stands first, for it is what guests do all day.
 */
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <xen/event_channel.h>

#include "event_internal.h"

/* The reference's own number for a reset that was preempted; the public header hides it from guests. */
#define EVTCHNOP_RESET_CONT	14

static bool may_act_on(const struct domain *d)
{
	const struct domain *self = current->domain;

	return d == self || domain_may_control(self, d);
}

static long op_alloc_unbound(gva_t arg)
{
	struct evtchn_alloc_unbound untrusted_op;
	struct domain *d;
	uint16_t remote;
	int rc;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	d = domain_get_by_id(untrusted_op.dom);
	if (!d) {
		return -ESRCH;
	}
	remote = untrusted_op.remote_dom == DOMID_SELF ? current->domain->id
						       : untrusted_op.remote_dom;
	rc = event_alloc_unbound_checked(d, remote, may_act_on(d), &untrusted_op.port);
	domain_put(d);
	if (!rc && guest_write_obj(arg, &untrusted_op)) {
		rc = -EFAULT;
	}
	return rc;
}

static long op_bind_interdomain(gva_t arg)
{
	struct evtchn_bind_interdomain untrusted_op;
	struct domain *remote;
	int rc;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	remote = domain_get_by_id(untrusted_op.remote_dom);
	if (!remote) {
		return -ESRCH;
	}
	rc = event_bind_interdomain(current->domain, remote, untrusted_op.remote_port,
				    &untrusted_op.local_port);
	domain_put(remote);
	if (!rc && guest_write_obj(arg, &untrusted_op)) {
		rc = -EFAULT;
	}
	return rc;
}

static long op_bind_virq(gva_t arg)
{
	struct evtchn_bind_virq untrusted_op;
	int rc;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	rc = event_bind_virq(current->domain, untrusted_op.virq, untrusted_op.vcpu,
			     &untrusted_op.port);
	if (!rc && guest_write_obj(arg, &untrusted_op)) {
		rc = -EFAULT;
	}
	return rc;
}

static long op_bind_ipi(gva_t arg)
{
	struct evtchn_bind_ipi untrusted_op;
	int rc;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	rc = event_bind_ipi(current->domain, untrusted_op.vcpu, &untrusted_op.port);
	if (!rc && guest_write_obj(arg, &untrusted_op)) {
		rc = -EFAULT;
	}
	return rc;
}

static long op_bind_pirq(gva_t arg)
{
	struct evtchn_bind_pirq untrusted_op;
	int rc;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	rc = event_bind_pirq(current->domain, untrusted_op.pirq, untrusted_op.flags,
			     &untrusted_op.port);
	if (!rc && guest_write_obj(arg, &untrusted_op)) {
		rc = -EFAULT;
	}
	return rc;
}

static void describe(const struct event_channel *c, struct evtchn_status *out)
{
	out->vcpu = c->notify_vcpu;
	switch (c->state) {
	case CHANNEL_UNBOUND:
		out->status = EVTCHNSTAT_unbound;
		out->u.unbound.dom = (domid_t)c->peer;
		break;
	case CHANNEL_INTERDOMAIN:
		out->status = EVTCHNSTAT_interdomain;
		out->u.interdomain.dom = c->remote->id;
		out->u.interdomain.port = c->peer;
		break;
	case CHANNEL_PIRQ:
		out->status = EVTCHNSTAT_pirq;
		out->u.pirq = c->peer;
		break;
	case CHANNEL_VIRQ:
		out->status = EVTCHNSTAT_virq;
		out->u.virq = c->peer;
		break;
	case CHANNEL_IPI:
		out->status = EVTCHNSTAT_ipi;
		break;
	default:
		out->status = EVTCHNSTAT_closed;
		break;
	}
}

static int status_of(struct domain *d, struct evtchn_status *op)
{
	struct event_channel *c = channel_get(d, op->port);
	int rc = 0;

	if (!c) {
		return -EINVAL;
	}
	if (!may_act_on(d)) {
		return -EPERM;
	}
	spin_lock(&d->events.lock);
	if (c->consumer) {
		rc = -EACCES;
	} else {
		describe(c, op);
	}
	spin_unlock(&d->events.lock);
	return rc;
}

static long op_status(gva_t arg)
{
	struct evtchn_status untrusted_op;
	struct domain *d;
	int rc;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	d = domain_get_by_id(untrusted_op.dom);
	if (!d) {
		return -ESRCH;
	}
	rc = status_of(d, &untrusted_op);
	domain_put(d);
	if (!rc && guest_write_obj(arg, &untrusted_op)) {
		rc = -EFAULT;
	}
	return rc;
}

static long op_bind_vcpu(gva_t arg)
{
	struct evtchn_bind_vcpu untrusted_op;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	return event_bind_vcpu(current->domain, untrusted_op.port, untrusted_op.vcpu);
}

static long op_set_priority(gva_t arg)
{
	struct evtchn_set_priority untrusted_op;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	return event_set_priority(current->domain, untrusted_op.port, untrusted_op.priority);
}

static long op_init_control(gva_t arg)
{
	struct evtchn_init_control untrusted_op;
	int rc;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	rc = event_fifo_init_control(current->domain, untrusted_op.vcpu, untrusted_op.control_gfn,
				     untrusted_op.offset);
	if (rc) {
		return rc;
	}
	untrusted_op.link_bits = EVTCHN_FIFO_LINK_BITS;
	return guest_write_obj(arg, &untrusted_op) ? -EFAULT : 0;
}

static long op_expand_array(gva_t arg)
{
	struct evtchn_expand_array untrusted_op;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	return event_fifo_expand_array(current->domain, untrusted_op.array_gfn);
}

static long op_reset(gva_t arg, bool resuming)
{
	struct hypercall_args again = { { EVTCHNOP_RESET_CONT, arg.v } };
	struct evtchn_reset untrusted_op;
	struct domain *d;
	int rc;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	d = domain_get_by_id(untrusted_op.dom);
	if (!d) {
		return -ESRCH;
	}
	rc = may_act_on(d) ? event_reset(d, resuming) : -EPERM;
	domain_put(d);
	return rc == -ERESTART ? hypercall_restart(&again) : rc;
}

/* close, send and unmask take nothing but a port. */
static long op_port(gva_t arg, int (*fn)(struct domain *d, uint32_t port))
{
	uint32_t untrusted_port;

	if (guest_read_obj(&untrusted_port, arg)) {
		return -EFAULT;
	}
	return fn(current->domain, untrusted_port);
}

static_assert(sizeof(struct evtchn_close) == 4 && sizeof(struct evtchn_unmask) == 4 &&
	      sizeof(struct evtchn_send) == 4, "each is one port");

long hypercall_event_channel_op(const struct hypercall_args *a)
{
	uint32_t cmd = (uint32_t)a->v[0];
	gva_t arg = gva(a->v[1]);

	if (likely(cmd == EVTCHNOP_send)) {
		uint32_t untrusted_port;

		if (unlikely(guest_read_obj(&untrusted_port, arg))) {
			return -EFAULT;
		}
		return event_send(current->domain, untrusted_port);
	}
	switch (cmd) {
	case EVTCHNOP_alloc_unbound:
		return op_alloc_unbound(arg);
	case EVTCHNOP_bind_interdomain:
		return op_bind_interdomain(arg);
	case EVTCHNOP_bind_virq:
		return op_bind_virq(arg);
	case EVTCHNOP_bind_ipi:
		return op_bind_ipi(arg);
	case EVTCHNOP_bind_pirq:
		return op_bind_pirq(arg);
	case EVTCHNOP_close:
		return op_port(arg, event_close);
	case EVTCHNOP_unmask:
		return op_port(arg, event_unmask);
	case EVTCHNOP_status:
		return op_status(arg);
	case EVTCHNOP_bind_vcpu:
		return op_bind_vcpu(arg);
	case EVTCHNOP_reset:
		return op_reset(arg, false);
	case EVTCHNOP_RESET_CONT:
		return op_reset(arg, true);
	case EVTCHNOP_init_control:
		return op_init_control(arg);
	case EVTCHNOP_expand_array:
		return op_expand_array(arg);
	case EVTCHNOP_set_priority:
		return op_set_priority(arg);
	default:
		return -ENOSYS;
	}
}
