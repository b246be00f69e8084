/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvm_op: parameters of a domain, event delivery, and the few operations that a guest may use on itself. */
#include <hv/bitops.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/log.h>
#include <hv/p2m.h>
#include <hv/sched.h>
#include <asm/platform.h>
#include <asm/vmm.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/sched.h>

#define UPCALL_VECTOR_MIN	0x10
#define CALLBACK_TYPE_SHIFT	56

/* Who may do what with a parameter. The domain's controller may read and write what is not DEPRECATED. */
#define GUEST_SET	0x01
#define GUEST_GET	0x02
#define SET_ONCE	0x04		/* another value than the first (other than 0) is -EEXIST */
#define DEPRECATED	0x08		/* -EINVAL for everybody */

static const uint8_t param_rights[HVM_PARAM_COUNT] = {
	[HVM_PARAM_CALLBACK_IRQ] = GUEST_SET | GUEST_GET,
	[HVM_PARAM_STORE_PFN] = GUEST_GET,
	[HVM_PARAM_STORE_EVTCHN] = GUEST_SET | GUEST_GET,
	[HVM_PARAM_PAE_ENABLED] = DEPRECATED,
	[HVM_PARAM_IOREQ_PFN] = SET_ONCE,
	[HVM_PARAM_BUFIOREQ_PFN] = SET_ONCE,
	[HVM_PARAM_VIRIDIAN] = SET_ONCE,
	[HVM_PARAM_DM_DOMAIN] = DEPRECATED,
	[HVM_PARAM_VM86_TSS] = GUEST_SET | GUEST_GET,
	[HVM_PARAM_CONSOLE_PFN] = GUEST_GET,
	[HVM_PARAM_CONSOLE_EVTCHN] = GUEST_SET | GUEST_GET,
	[HVM_PARAM_ACPI_IOPORTS_LOCATION] = GUEST_SET | GUEST_GET,
	[HVM_PARAM_MEMORY_EVENT_CR0] = DEPRECATED,
	[HVM_PARAM_MEMORY_EVENT_CR3] = DEPRECATED,
	[HVM_PARAM_MEMORY_EVENT_CR4] = DEPRECATED,
	[HVM_PARAM_MEMORY_EVENT_INT3] = DEPRECATED,
	[HVM_PARAM_NESTEDHVM] = DEPRECATED,
	[HVM_PARAM_MEMORY_EVENT_SINGLE_STEP] = DEPRECATED,
	[HVM_PARAM_BUFIOREQ_EVTCHN] = DEPRECATED,
	[HVM_PARAM_MEMORY_EVENT_MSR] = DEPRECATED,
	[HVM_PARAM_IOREQ_SERVER_PFN] = SET_ONCE,
	[HVM_PARAM_NR_IOREQ_SERVER_PAGES] = SET_ONCE,
	[HVM_PARAM_VM_GENERATION_ID_ADDR] = GUEST_SET | GUEST_GET,
	[HVM_PARAM_ALTP2M] = GUEST_GET | SET_ONCE,
	[HVM_PARAM_X87_FIP_WIDTH] = GUEST_SET | GUEST_GET,
	[HVM_PARAM_VM86_TSS_SIZED] = GUEST_SET | GUEST_GET,
	[HVM_PARAM_MCA_CAP] = SET_ONCE,
};
static_assert(HVM_PARAM_COUNT == HVM_NR_PARAMS, "xen/hvm/params.h");

/* HVM_PARAM_CALLBACK_IRQ. An unknown type switches delivery off, as the ABI has it. */
static void set_callback(struct domain *d, uint64_t value)
{
	struct vcpu *v;

	d->arch.callback_type = CALLBACK_NONE;
	switch (value >> CALLBACK_TYPE_SHIFT) {
	case HVM_PARAM_CALLBACK_TYPE_GSI:
		if (value) {
			d->arch.callback_gsi = (uint32_t)value & 0xff;
			d->arch.callback_type = CALLBACK_GSI;
		}
		break;
	case HVM_PARAM_CALLBACK_TYPE_PCI_INTX:
		/* Device in bits 11-15, pin in bits 0-1. */
		d->arch.callback_gsi = ((uint32_t)value & 0xf800) | ((uint32_t)value & 3);
		d->arch.callback_type = CALLBACK_INTX;
		break;
	case HVM_PARAM_CALLBACK_TYPE_VECTOR:
		d->arch.callback_vector = (uint8_t)value;
		d->arch.callback_type = CALLBACK_VECTOR;
		break;
	default:
		break;
	}
	/* What is pending already is delivered by the new way. */
	for_each_vcpu(d, v) {
		if (event_upcall_pending(v)) {
			arch_vcpu_upcall(v);
		}
	}
}

/* Values that make no sense for the parameter. */
static int param_check(uint32_t index, uint64_t value)
{
	bool bad;

	switch (index) {
	case HVM_PARAM_TIMER_MODE:
		bad = value > HVMPTM_one_missed_tick_pending;
		break;
	case HVM_PARAM_ALTP2M:
	case HVM_PARAM_MCA_CAP:
	case HVM_PARAM_VIRIDIAN:
		/* None of them is built: only "off" is taken. */
		bad = value;
		break;
	case HVM_PARAM_NR_IOREQ_SERVER_PAGES:
		bad = !value || value > 8;
		break;
	case HVM_PARAM_TRIPLE_FAULT_REASON:
		bad = value > SHUTDOWN_MAX;
		break;
	case HVM_PARAM_X87_FIP_WIDTH:
		bad = value != 0 && value != 4 && value != 8;
		break;
	case HVM_PARAM_ACPI_S_STATE:
	case HVM_PARAM_ACPI_IOPORTS_LOCATION:
		/* Of the emulated ACPI hardware, which nobody has. */
		bad = true;
		break;
	default:
		bad = false;
		break;
	}
	return bad ? -EINVAL : 0;
}

static long param_set(struct domain *d, uint32_t index, uint64_t value)
{
	uint8_t rights = param_rights[index];
	long rc;

	if (d != current->domain && !domain_may_control(current->domain, d)) {
		return -EPERM;
	}
	if (rights & DEPRECATED) {
		return -EINVAL;
	}
	if (d == current->domain && !(rights & GUEST_SET)) {
		return -EPERM;
	}
	spin_lock(&d->big_lock);
	if ((rights & SET_ONCE) && d->arch.params[index] && d->arch.params[index] != value) {
		rc = -EEXIST;
	} else {
		rc = param_check(index, value);
	}
	if (!rc) {
		d->arch.params[index] = value;
		if (index == HVM_PARAM_CALLBACK_IRQ) {
			set_callback(d, value);
		}
	}
	spin_unlock(&d->big_lock);
	if (!rc && index == HVM_PARAM_CALLBACK_IRQ && d == current->domain) {
		domain_latch_info(current);
	}
	return rc;
}

static long param_get(struct domain *d, uint32_t index, uint64_t *value)
{
	uint8_t rights = param_rights[index];

	if (d != current->domain && !domain_may_control(current->domain, d)) {
		return -EPERM;
	}
	if (rights & DEPRECATED) {
		return -EINVAL;
	}
	if (d == current->domain && !(rights & GUEST_GET)) {
		return -EPERM;
	}
	*value = READ_ONCE(d->arch.params[index]);
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
	if (set) {
		rc = param_set(d, untrusted_p.index, untrusted_p.value);
	} else {
		rc = param_get(d, untrusted_p.index, &untrusted_p.value);
		if (!rc) {
			rc = guest_write_obj(arg, &untrusted_p);
		}
	}
	domain_put(d);
	return rc;
}

static long op_upcall_vector(gva_t arg)
{
	struct xen_hvm_evtchn_upcall_vector untrusted_op;
	struct domain *d = current->domain;
	struct vcpu *v;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	if (untrusted_op.vector < UPCALL_VECTOR_MIN) {
		return -EINVAL;
	}
	if (untrusted_op.vcpu >= d->max_vcpus || !d->vcpu[untrusted_op.vcpu]) {
		return -ENOENT;
	}
	v = d->vcpu[untrusted_op.vcpu];
	v->arch.evtchn_upcall_vector = untrusted_op.vector;
	if (event_upcall_pending(v)) {
		arch_vcpu_upcall(v);
	}
	return 0;
}

static long op_flush_tlbs(gva_t arg)
{
	if (arg.v) {
		return -EINVAL;
	}
	p2m_flush(current->domain);
	return 0;
}

static long op_get_time(gva_t arg)
{
	struct xen_hvm_get_time time = { .now = (uint64_t)time_now() };

	return guest_write_obj(arg, &time);
}

static long op_get_mem_type(gva_t arg)
{
	struct xen_hvm_get_mem_type untrusted_op;
	struct domain *d;
	enum p2m_type t;
	long rc = -EPERM;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	d = domain_get_by_id(untrusted_op.domid);
	if (!d) {
		return -ESRCH;
	}
	if (d == current->domain || domain_may_control(current->domain, d)) {
		(void)p2m_lookup(d, gfn(untrusted_op.pfn), &t, NULL);
		untrusted_op.mem_type = !p2m_is_ram(t) && t != P2M_POD ? HVMMEM_mmio_dm :
					t == P2M_RAM_RO ? HVMMEM_ram_ro : HVMMEM_ram_rw;
		rc = guest_write_obj(arg, &untrusted_op);
	}
	domain_put(d);
	return rc;
}

static long op_pagetable_dying(gva_t arg)
{
	struct xen_hvm_pagetable_dying untrusted_op;
	struct domain *d;
	bool own;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	d = domain_get_by_id(untrusted_op.domid);
	if (!d) {
		return -ESRCH;
	}
	own = d == current->domain;
	domain_put(d);
	/* A hint for shadow paging, which is not there. */
	return own ? -EINVAL : -EOPNOTSUPP;
}

/* Tracing is never on, so a well-formed record goes nowhere, as on Xen with its buffers off. */
static long op_xentrace(gva_t arg)
{
	struct xen_hvm_xentrace untrusted_op;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	return untrusted_op.extra_bytes > sizeof(untrusted_op.extra) || untrusted_op.event > 0xfff ?
		       -EINVAL : 0;
}

long hypercall_hvm_op(const struct hypercall_args *a)
{
	gva_t arg = gva(a->v[1]);

	switch (a->v[0]) {
	case HVMOP_set_param:
		return op_param(arg, true);
	case HVMOP_get_param:
		return op_param(arg, false);
	case HVMOP_set_evtchn_upcall_vector:
		return op_upcall_vector(arg);
	case HVMOP_flush_tlbs:
		return op_flush_tlbs(arg);
	case HVMOP_get_time:
		return op_get_time(arg);
	case HVMOP_get_mem_type:
		return op_get_mem_type(arg);
	case HVMOP_pagetable_dying:
		return op_pagetable_dying(arg);
	case HVMOP_xentrace:
		return op_xentrace(arg);
	case HVMOP_guest_request_vm_event:
		/* Nobody can have asked for these events. */
		return arg.v ? -EINVAL : 0;
	case HVMOP_altp2m:
		return -EOPNOTSUPP;
	default:
		return -ENOSYS;
	}
}
