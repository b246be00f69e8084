/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SCHEDOP_*: a vCPU gives way, sleeps, polls; a domain ends itself or sets its watchdogs. */
#include <hv/bitops.h>
#include <hv/ctl.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/sched.h>
#include <asm/upcall.h>
#include <xen/sched.h>

#define POLL_PORTS_MAX	128

/* Block: the guest's upcall mask falls with it, so that there is no window between the two. */
static long op_block(void)
{
	struct vcpu *v = current;

	arch_upcall_mask(v->info, false);
	vcpu_block();
	return 0;
}

/* 1: a port is pending; 0: none; negative: error. The last port read is stored. */
static int poll_ports(struct domain *d, gva_t list, unsigned int count, evtchn_port_t *untrusted_port)
{
	for (unsigned int i = 0; i < count; i++) {
		int rc;

		if (guest_read_obj(untrusted_port, gva_index(list, i, sizeof(*untrusted_port)))) {
			return -EFAULT;
		}
		rc = event_port_is_pending(d, *untrusted_port);
		if (rc) {
			return rc;
		}
	}
	return 0;
}

static long op_poll(gva_t arg)
{
	struct sched_poll untrusted_poll;
	struct vcpu *v = current;
	evtchn_port_t untrusted_port = 0;
	int rc;

	if (guest_read_obj(&untrusted_poll, arg)) {
		return -EFAULT;
	}
	if (untrusted_poll.nr_ports > POLL_PORTS_MAX) {
		return -EINVAL;
	}
	/* Asleep first, then the look at the ports: an event that comes in between wakes us. */
	v->poll_port = -1;
	(void)__atomic_fetch_or(&v->state, BIT(VCPU_BLOCKED) | BIT(VCPU_POLLING), __ATOMIC_SEQ_CST);
	rc = arch_vcpu_has_pending(v);
	if (!rc) {
		rc = poll_ports(v->domain, handle_gva(untrusted_poll.ports), untrusted_poll.nr_ports,
				&untrusted_port);
	}
	if (rc) {
		v->poll_port = 0;
		(void)__atomic_fetch_and(&v->state, ~(BIT(VCPU_BLOCKED) | BIT(VCPU_POLLING)),
					 __ATOMIC_SEQ_CST);
		return rc > 0 ? 0 : rc;
	}
	if (untrusted_poll.nr_ports == 1) {
		v->poll_port = (int)untrusted_port;
	}
	if (untrusted_poll.timeout) {
		timer_migrate(&v->poll, this_cpu()->id);
		timer_set(&v->poll, untrusted_poll.timeout > INT64_MAX ?
					    NSTIME_NEVER : (nstime_t)untrusted_poll.timeout);
	} else {
		timer_stop(&v->poll);
	}
	cpu_raise(this_cpu()->id, CPU_PENDING_SCHED);
	return 0;
}

static long op_shutdown(gva_t arg, bool now)
{
	struct sched_shutdown untrusted_sd;

	if (guest_read_obj(&untrusted_sd, arg)) {
		return -EFAULT;
	}
	/* The ABI keeps eight bits of the reason and gives every value to the tools. */
	if (now) {
		domain_shutdown(current->domain, (uint8_t)untrusted_sd.reason);
	} else {
		domain_latch_shutdown_code(current->domain, (uint8_t)untrusted_sd.reason);
	}
	return 0;
}

static long op_remote_shutdown(gva_t arg)
{
	struct sched_remote_shutdown untrusted_rs;
	struct domain *d;
	long rc = 0;

	if (guest_read_obj(&untrusted_rs, arg)) {
		return -EFAULT;
	}
	d = domain_get_other(untrusted_rs.domain_id);
	if (!d) {
		return -ESRCH;
	}
	if (domain_may_control(current->domain, d)) {
		domain_shutdown(d, (uint8_t)untrusted_rs.reason);
	} else {
		rc = -EPERM;
	}
	domain_put(d);
	return rc;
}

/* (big_lock) id is what the guest gave: 0 asks for a free one. */
static long watchdog_set(struct domain *d, uint32_t id, uint32_t seconds)
{
	nstime_t expires = time_now() + (nstime_t)seconds * NS_PER_SEC;

	if (!id) {
		while (id < ARRAY_SIZE(d->watchdog) && d->watchdog_used[id]) {
			id++;
		}
		if (id == ARRAY_SIZE(d->watchdog)) {
			return -ENOSPC;
		}
		d->watchdog_used[id] = true;
		timer_set(&d->watchdog[id], expires);
		return id + 1;
	}
	id--;
	if (!d->watchdog_used[id]) {
		return -EINVAL;
	}
	if (seconds) {
		timer_set(&d->watchdog[id], expires);
	} else {
		timer_stop(&d->watchdog[id]);
		d->watchdog_used[id] = false;
	}
	return 0;
}

static long op_watchdog(gva_t arg)
{
	struct sched_watchdog untrusted_wd;
	struct domain *d = current->domain;
	long rc;

	if (guest_read_obj(&untrusted_wd, arg)) {
		return -EFAULT;
	}
	if (untrusted_wd.id > ARRAY_SIZE(d->watchdog)) {
		return -EINVAL;
	}
	spin_lock(&d->big_lock);
	rc = watchdog_set(d, untrusted_wd.id, untrusted_wd.timeout);
	spin_unlock(&d->big_lock);
	return rc;
}

static long op_pin_override(gva_t arg)
{
	struct sched_pin_override untrusted_pin;

	if (!current->domain->is_service) {
		return -EPERM;
	}
	if (guest_read_obj(&untrusted_pin, arg)) {
		return -EFAULT;
	}
	if (untrusted_pin.pcpu >= (int32_t)cpu_count) {
		return -EINVAL;
	}
	/* Temporary pinning is not built; its one user is firmware that only CPU 0 may call. */
	return -EOPNOTSUPP;
}

long hypercall_sched_op(const struct hypercall_args *a)
{
	gva_t arg = gva(a->v[1]);

	switch ((int)a->v[0]) {
	case SCHEDOP_yield:
		vcpu_yield();
		return 0;
	case SCHEDOP_block:
		return op_block();
	case SCHEDOP_shutdown:
		return op_shutdown(arg, true);
	case SCHEDOP_poll:
		return op_poll(arg);
	case SCHEDOP_remote_shutdown:
		return op_remote_shutdown(arg);
	case SCHEDOP_shutdown_code:
		return op_shutdown(arg, false);
	case SCHEDOP_watchdog:
		return op_watchdog(arg);
	case SCHEDOP_pin_override:
		return op_pin_override(arg);
	default:
		return -ENOSYS;
	}
}
