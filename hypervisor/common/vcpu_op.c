/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VCPUOP_*: what a guest does to its own vCPUs. */
#include <hv/bitops.h>
#include <hv/ctl.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/sched.h>
#include <hv/vcpu.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#define PERIOD_MIN_NS	NS_PER_MS
/* Longer ones could overflow the sum with the time of day. */
#define PERIOD_MAX_NS	(INT64_MAX >> 2)

static long op_initialise(struct vcpu *v, gva_t arg)
{
	long rc = arch_vcpu_op(VCPUOP_initialise, v, arg);

	if (!rc) {
		v->initialised = true;
	}
	return rc;
}

static long op_up(struct vcpu *v)
{
	struct domain *d = v->domain;
	long rc = 0;

	spin_lock(&d->big_lock);
	if (!v->initialised) {
		rc = -EINVAL;
	} else {
		vcpu_state_clear(v, VCPU_DOWN);
	}
	spin_unlock(&d->big_lock);
	return rc;
}

static long op_down(struct vcpu *v)
{
	struct domain *d = v->domain;
	struct vcpu *o;

	for_each_vcpu(d, o) {
		if (o != v && !test_bit(VCPU_DOWN, &o->state)) {
			/* It was up, so it has a state to come back with. */
			v->initialised |= !test_bit(VCPU_DOWN, &v->state);
			vcpu_state_set(v, VCPU_DOWN);
			return 0;
		}
	}
	/* The last one. */
	domain_shutdown(d, SHUTDOWN_poweroff);
	return 0;
}

static long op_get_runstate(struct vcpu *v, gva_t arg)
{
	struct vcpu_runstate_info info;

	vcpu_runstate_get(v, &info);
	return guest_write_obj(arg, &info);
}

static long op_register_runstate(struct vcpu *v, gva_t arg)
{
	struct vcpu_register_runstate_memory_area untrusted_area;
	struct vcpu_runstate_info info;
	int err;

	if (guest_read_obj(&untrusted_area, arg)) {
		return -EFAULT;
	}
	v->runstate_gva = gva(untrusted_area.addr.p);
	if (untrusted_area.addr.p) {
		vcpu_runstate_get(v, &info);
		/* An area that is not there yet is no error: the next update may find it. */
		err = vcpu_runstate_give(v->runstate_gva, &info, current->compat);
		(void)err;
	}
	return 0;
}

static long op_register_time(struct vcpu *v, gva_t arg)
{
	struct vcpu_register_time_memory_area untrusted_area;

	if (guest_read_obj(&untrusted_area, arg)) {
		return -EFAULT;
	}
	v->time_gva = gva(untrusted_area.addr.p);
	if (v == current) {
		arch_vcpu_publish_time(v);
	}
	return 0;
}

static long op_register_info(struct vcpu *v, gva_t arg)
{
	struct vcpu_register_vcpu_info untrusted_info;
	struct domain *d = v->domain;
	long rc;

	if (guest_read_obj(&untrusted_info, arg)) {
		return -EFAULT;
	}
	spin_lock(&d->big_lock);
	rc = vcpu_map_info(v, untrusted_info.mfn, untrusted_info.offset);
	spin_unlock(&d->big_lock);
	return rc;
}

static long op_set_periodic(struct vcpu *v, gva_t arg)
{
	struct vcpu_set_periodic_timer untrusted_set;

	if (guest_read_obj(&untrusted_set, arg)) {
		return -EFAULT;
	}
	if (untrusted_set.period_ns < PERIOD_MIN_NS || untrusted_set.period_ns > PERIOD_MAX_NS) {
		return -EINVAL;
	}
	WRITE_ONCE(v->periodic_ns, (nstime_t)untrusted_set.period_ns);
	timer_set(&v->periodic, time_now() + (nstime_t)untrusted_set.period_ns);
	return 0;
}

static long op_stop_periodic(struct vcpu *v)
{
	WRITE_ONCE(v->periodic_ns, 0);
	timer_stop(&v->periodic);
	return 0;
}

static void arm_singleshot(struct vcpu *v, uint64_t when)
{
	timer_migrate(&v->singleshot, this_cpu()->id);
	timer_set(&v->singleshot, when > INT64_MAX ? NSTIME_NEVER : (nstime_t)when);
}

static long op_set_singleshot(struct vcpu *v, gva_t arg)
{
	struct vcpu_set_singleshot_timer untrusted_set;

	if (v != current) {
		return -EINVAL;
	}
	if (guest_read_obj(&untrusted_set, arg)) {
		return -EFAULT;
	}
	/* The flag that asks for an error when the time has passed is one that the ABI lets us ignore. */
	arm_singleshot(v, untrusted_set.timeout_abs_ns);
	return 0;
}

static long op_stop_singleshot(struct vcpu *v)
{
	if (v != current) {
		return -EINVAL;
	}
	timer_stop(&v->singleshot);
	return 0;
}

static long op_send_nmi(struct vcpu *v, gva_t arg)
{
	return arg.v ? -EINVAL : arch_vcpu_nmi(v);
}

/* The older form of the single-shot timer: 0 stops it. */
long hypercall_set_timer_op(const struct hypercall_args *a)
{
	struct vcpu *v = current;

	if (a->v[0]) {
		arm_singleshot(v, a->v[0]);
	} else {
		timer_stop(&v->singleshot);
	}
	return 0;
}

long hypercall_vcpu_op(const struct hypercall_args *a)
{
	struct domain *d = current->domain;
	uint32_t id = (uint32_t)a->v[1];
	gva_t arg = gva(a->v[2]);
	struct vcpu *v;

	if (id >= d->max_vcpus || !d->vcpu[id]) {
		return -ENOENT;
	}
	v = d->vcpu[id];
	switch ((int)a->v[0]) {
	case VCPUOP_initialise:
		return op_initialise(v, arg);
	case VCPUOP_up:
		return op_up(v);
	case VCPUOP_down:
		return op_down(v);
	case VCPUOP_is_up:
		return !test_bit(VCPU_DOWN, &v->state);
	case VCPUOP_get_runstate_info:
		return op_get_runstate(v, arg);
	case VCPUOP_register_runstate_memory_area:
		return op_register_runstate(v, arg);
	case VCPUOP_set_periodic_timer:
		return op_set_periodic(v, arg);
	case VCPUOP_stop_periodic_timer:
		return op_stop_periodic(v);
	case VCPUOP_set_singleshot_timer:
		return op_set_singleshot(v, arg);
	case VCPUOP_stop_singleshot_timer:
		return op_stop_singleshot(v);
	case VCPUOP_register_vcpu_info:
		return op_register_info(v, arg);
	case VCPUOP_send_nmi:
		return op_send_nmi(v, arg);
	case VCPUOP_get_physid:
		/* For pinned vCPUs of a service VM that drives the physical CPUs: ours never are. */
		return -EINVAL;
	case VCPUOP_register_vcpu_time_memory_area:
		return op_register_time(v, arg);
	default:
		return -ENOSYS;
	}
}
