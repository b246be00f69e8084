/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvm_op: on ARM it is the parameters of a domain and no more (xen/arch-arm.h). */
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>

static_assert(HVM_PARAM_COUNT == HVM_NR_PARAMS, "xen/hvm/params.h");

/* Of the ABI's parameters those that ARM has: the tools' to set, the guest's to read. */
static bool exists(uint32_t index)
{
	switch (index) {
	case HVM_PARAM_CALLBACK_IRQ:
	case HVM_PARAM_STORE_PFN:
	case HVM_PARAM_STORE_EVTCHN:
	case HVM_PARAM_CONSOLE_PFN:
	case HVM_PARAM_CONSOLE_EVTCHN:
		return true;
	default:
		return false;
	}
}

static long param_access(struct domain *d, struct xen_hvm_param *p, bool set)
{
	bool own = d == current->domain;

	if (!own && !domain_may_control(current->domain, d)) {
		return -EPERM;
	}
	if (!exists(p->index)) {
		return -EINVAL;
	}
	if (own && set) {
		return -EPERM;
	}
	if (!set) {
		p->value = READ_ONCE(d->arch.params[p->index]);
		return 0;
	}
	spin_lock(&d->big_lock);
	d->arch.params[p->index] = p->value;
	spin_unlock(&d->big_lock);
	return 0;
}

static long op_param(gva_t arg, bool set)
{
	struct xen_hvm_param untrusted_p;
	struct domain *d;
	long rc;

	if (guest_read_obj(&untrusted_p, arg)) {
		return -EFAULT;
	}
	if (untrusted_p.index >= HVM_PARAM_COUNT) {
		return -EINVAL;
	}
	d = domain_get_by_id(untrusted_p.domid);
	if (!d) {
		return -ESRCH;
	}
	rc = param_access(d, &untrusted_p, set);
	if (!rc && !set) {
		rc = guest_write_obj(arg, &untrusted_p);
	}
	domain_put(d);
	return rc;
}

long hypercall_hvm_op(const struct hypercall_args *a)
{
	switch (a->v[0]) {
	case HVMOP_set_param:
		return op_param(gva(a->v[1]), true);
	case HVMOP_get_param:
		return op_param(gva(a->v[1]), false);
	case HVMOP_guest_request_vm_event:
		/* Nobody can have asked for these events. */
		return a->v[1] ? -EINVAL : 0;
	default:
		return -ENOSYS;
	}
}
