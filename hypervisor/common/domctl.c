/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domctl: the tool stack builds, looks at and ends domains. What every arch has; the rest is arch_domctl.
 *
 * Order of the checks, as the ABI has it: arguments readable, interface version, domain there, caller's rights.
 */
#include <hv/bitops.h>
#include <hv/ctl.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/p2m.h>
#include <hv/page.h>
#include <hv/sched.h>

/* At most that many bytes beyond our CPUs are cleared in a caller's bitmap. */
#define BITMAP_TAIL_MAX		KIB(64)
#define MAPPING_FRAMES_MAX	64

struct spinlock domctl_lock = SPINLOCK_INIT;

int ctl_bitmap_read(const struct xenctl_bitmap *untrusted_map, unsigned long *out)
{
	uint32_t bits = untrusted_map->nr_bits;
	uint64_t bytes = MIN(((uint64_t)bits + 7) / 8, (uint64_t)sizeof(*out));

	*out = 0;
	if (guest_read(out, handle_gva(untrusted_map->bitmap), bytes)) {
		return -EFAULT;
	}
	if (bits < BITS_PER_LONG) {
		*out &= BIT(bits) - 1;
	}
	return 0;
}

int ctl_bitmap_write(const struct xenctl_bitmap *untrusted_map, unsigned long bits)
{
	uint64_t bytes = ((uint64_t)untrusted_map->nr_bits + 7) / 8;
	uint64_t own = MIN(bytes, (uint64_t)sizeof(bits));
	gva_t where = handle_gva(untrusted_map->bitmap);

	if (guest_write(where, &bits, own)) {
		return -EFAULT;
	}
	return guest_clear(gva(where.v + own), MIN(bytes - own, BITMAP_TAIL_MAX));
}

/* createdomain -------------------------------------------------------------------------------------- */

static bool id_is_free(uint16_t id)
{
	struct domain *d = domain_get_other(id);

	if (d) {
		domain_put(d);
	}
	return !d;
}

/* (domctl_lock) The next free id after the last one given; 0: none. */
static uint16_t id_choose(void)
{
	static uint16_t last;
	uint16_t id = last;

	do {
		id = id + 1 >= DOMID_COUNT ? 1 : (uint16_t)(id + 1);
		if (id_is_free(id)) {
			last = id;
			return id;
		}
	} while (id != last && (last || id != DOMID_COUNT - 1));
	return 0;
}

static long op_create(struct xen_domctl *op, bool *copy_back)
{
	uint16_t id = op->domain;
	struct domain *d;
	int err;

	if (id > 0 && id < DOMID_COUNT) {
		if (!id_is_free(id)) {
			return -EEXIST;
		}
	} else {
		id = id_choose();
		if (!id) {
			return -ENOMEM;
		}
	}
	d = domain_create(id, &op->u.createdomain, false, &err);
	if (!d) {
		return err;
	}
	op->domain = id;
	arch_domain_config(d, &op->u.createdomain.arch);
	*copy_back = true;
	return 0;
}

/* Information ---------------------------------------------------------------------------------------- */

static long op_getdomaininfo(struct xen_domctl *op, struct domain *d, bool *copy_back)
{
	struct domain *found = d;

	if (!d) {
		/* Of an id that is not there the next one answers: so tools walk the list. */
		if (op->domain >= DOMID_COUNT) {
			return -EINVAL;
		}
		found = domain_get_next(op->domain);
		if (!found) {
			return -ESRCH;
		}
	}
	domain_info(found, &op->u.getdomaininfo);
	op->domain = op->u.getdomaininfo.domain;
	*copy_back = true;
	if (!d) {
		domain_put(found);
	}
	return 0;
}

static int vcpu_of(struct domain *d, uint32_t id, struct vcpu **v)
{
	if (id >= d->max_vcpus) {
		return -EINVAL;
	}
	*v = d->vcpu[id];
	return *v ? 0 : -ESRCH;
}

static long op_getvcpuinfo(struct xen_domctl *op, struct domain *d, bool *copy_back)
{
	struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
	struct vcpu *v;
	int err = vcpu_of(d, info->vcpu, &v);

	if (err) {
		return err;
	}
	info->online = !test_bit(VCPU_DOWN, &v->state);
	info->blocked = test_bit(VCPU_BLOCKED, &v->state);
	info->running = READ_ONCE(v->sched.running);
	info->cpu_time = vcpu_runtime(v);
	info->cpu = READ_ONCE(v->cpu);
	*copy_back = true;
	return 0;
}

/* Affinity ------------------------------------------------------------------------------------------ */

static bool affinity_bad(const struct xen_domctl_vcpuaffinity *a)
{
	return !(a->flags & (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)) ||
	       ((a->flags & XEN_VCPUAFFINITY_HARD) && handle_null(a->cpumap_hard.bitmap)) ||
	       ((a->flags & XEN_VCPUAFFINITY_SOFT) && handle_null(a->cpumap_soft.bitmap));
}

static long affinity_write(const struct xen_domctl_vcpuaffinity *a, unsigned long hard, unsigned long soft)
{
	long rc = 0;

	if (a->flags & XEN_VCPUAFFINITY_HARD) {
		rc = ctl_bitmap_write(&a->cpumap_hard, hard);
	}
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT)) {
		rc = ctl_bitmap_write(&a->cpumap_soft, soft);
	}
	return rc;
}

static long op_setvcpuaffinity(const struct xen_domctl_vcpuaffinity *a, struct vcpu *v)
{
	unsigned long hard = v->sched.hard_affinity, soft = v->sched.soft_affinity;
	unsigned long online = READ_ONCE(cpu_online_map);
	long rc = 0;

	if (a->flags & XEN_VCPUAFFINITY_HARD) {
		rc = ctl_bitmap_read(&a->cpumap_hard, &hard);
	}
	if (!rc && (a->flags & XEN_VCPUAFFINITY_SOFT)) {
		rc = ctl_bitmap_read(&a->cpumap_soft, &soft);
	}
	if (!rc && !(hard & online)) {
		rc = -EINVAL;
	}
	if (!rc) {
		/* A wish that cannot be met counts as none. */
		rc = sched_set_affinity(v, hard, soft & online ? soft : hard);
	}
	return rc ? rc : affinity_write(a, hard & online, soft & hard & online);
}

static long op_vcpuaffinity(struct xen_domctl *op, struct domain *d)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *v;
	int err = vcpu_of(d, a->vcpu, &v);

	if (err) {
		return err;
	}
	if (affinity_bad(a)) {
		return -EINVAL;
	}
	if (op->cmd == XEN_DOMCTL_setvcpuaffinity) {
		return op_setvcpuaffinity(a, v);
	}
	return affinity_write(a, v->sched.hard_affinity, v->sched.soft_affinity);
}

/* There is one node: every affinity that names any is the same. */
static long op_nodeaffinity(struct xen_domctl *op)
{
	unsigned long nodes;

	if (op->cmd == XEN_DOMCTL_getnodeaffinity) {
		return ctl_bitmap_write(&op->u.nodeaffinity.nodemap, 1);
	}
	if (ctl_bitmap_read(&op->u.nodeaffinity.nodemap, &nodes)) {
		return -EFAULT;
	}
	return nodes ? 0 : -EINVAL;
}

/* Life ---------------------------------------------------------------------------------------------- */

static long op_max_vcpus(struct xen_domctl *op, struct domain *d)
{
	long rc;

	if (d == current->domain || op->u.max_vcpus.max != d->max_vcpus) {
		return -EINVAL;
	}
	domain_pause(d);
	rc = domain_set_max_vcpus(d, op->u.max_vcpus.max);
	domain_unpause(d);
	return rc;
}

static long op_max_mem(struct xen_domctl *op, struct domain *d)
{
	spin_lock(&d->page_lock);
	d->max_pages = MIN(op->u.max_mem.max_memkb >> (PAGE_SHIFT - 10), (uint64_t)UINT32_MAX);
	spin_unlock(&d->page_lock);
	return 0;
}

static long op_set_target(struct xen_domctl *op, struct domain *d)
{
	struct domain *e = domain_get_other(op->u.set_target.target);

	if (!e) {
		return -ESRCH;
	}
	if (d == e || d->target) {
		domain_put(e);
		return -EINVAL;
	}
	/* The reference lasts as long as d. */
	d->target = e;
	return 0;
}

/* Access to the machine ------------------------------------------------------------------------------- */

static bool frames_are_sane(uint64_t first, uint64_t count)
{
	uint64_t last = first + count - 1;

	return count && last >= first && !((first | last) >> (52 - PAGE_SHIFT));
}

static long op_iomem_permission(struct xen_domctl *op, struct domain *d)
{
	const struct xen_domctl_iomem_permission *p = &op->u.iomem_permission;
	uint64_t last;

	if (!frames_are_sane(p->first_mfn, p->nr_mfns)) {
		return -EINVAL;
	}
	last = p->first_mfn + p->nr_mfns - 1;
	if (!rangeset_contains(current->domain->io_memory, p->first_mfn, last) ||
	    !arch_frames_grantable(p->first_mfn, p->nr_mfns)) {
		return -EPERM;
	}
	return p->allow_access ? rangeset_add(d->io_memory, p->first_mfn, last) :
				 rangeset_remove(d->io_memory, p->first_mfn, last);
}

static long op_irq_permission(struct xen_domctl *op, struct domain *d)
{
	uint32_t pirq = op->u.irq_permission.pirq;

	if (pirq >= EVENT_PIRQ_COUNT) {
		return -EINVAL;
	}
	if (!rangeset_contains(current->domain->irqs, pirq, pirq)) {
		return -EPERM;
	}
	return op->u.irq_permission.allow_access ? rangeset_add(d->irqs, pirq, pirq) :
						   rangeset_remove(d->irqs, pirq, pirq);
}

static long map_device_frames(struct domain *d, const struct xen_domctl_memory_mapping *m)
{
	uint64_t i;
	int err = 0;

	for (i = 0; i < m->nr_mfns && !err; i++) {
		err = p2m_set_if_empty(d, gfn(m->first_gfn + i), mfn(m->first_mfn + i), P2M_MMIO);
	}
	if (err) {
		/* The last one failed; those before it are ours. */
		for (i--; i > 0; i--) {
			if (p2m_remove_if(d, gfn(m->first_gfn + i - 1), mfn(m->first_mfn + i - 1),
					  P2M_MMIO)) {
				/* Somebody else took it away: as well. */
				continue;
			}
		}
	}
	return err;
}

static long unmap_device_frames(struct domain *d, const struct xen_domctl_memory_mapping *m)
{
	long rc = 0;

	for (uint64_t i = 0; i < m->nr_mfns; i++) {
		int err = p2m_remove_if(d, gfn(m->first_gfn + i), mfn(m->first_mfn + i), P2M_MMIO);

		rc = rc ? rc : err;
	}
	return rc;
}

static long op_memory_mapping(struct xen_domctl *op, struct domain *d)
{
	const struct xen_domctl_memory_mapping *m = &op->u.memory_mapping;
	uint64_t last = m->first_mfn + m->nr_mfns - 1;

	if (!frames_are_sane(m->first_mfn, m->nr_mfns) ||
	    !frames_are_sane(m->first_gfn, m->nr_mfns)) {
		return -EINVAL;
	}
	if (m->nr_mfns > MAPPING_FRAMES_MAX) {
		return -E2BIG;
	}
	if (!arch_frames_grantable(m->first_mfn, m->nr_mfns) ||
	    !rangeset_contains(d->io_memory, m->first_mfn, last)) {
		return -EPERM;
	}
	return m->add_mapping ? map_device_frames(d, m) : unmap_device_frames(d, m);
}

/* Dispatch ------------------------------------------------------------------------------------------ */

/* Commands whose caller may be less than the service VM. */
static bool may_call(const struct domain *caller, const struct xen_domctl *op, const struct domain *d)
{
	switch (op->cmd) {
	case XEN_DOMCTL_getdomaininfo:
		return caller->is_service || (caller->create_flags & XEN_DOMCTL_CDF_xs_domain);
	case XEN_DOMCTL_ioport_mapping:
	case XEN_DOMCTL_memory_mapping:
	case XEN_DOMCTL_bind_pt_irq:
	case XEN_DOMCTL_unbind_pt_irq:
		return d && domain_may_control(caller, d);
	default:
		return caller->is_service;
	}
}

/* Life of a domain; -ENOSYS: none of these. */
static long life_op(struct xen_domctl *op, struct domain *d)
{
	bool self = d == current->domain;

	switch (op->cmd) {
	case XEN_DOMCTL_destroydomain:
		return domain_kill(d);
	case XEN_DOMCTL_pausedomain:
		return self ? -EINVAL : domain_controller_pause(d);
	case XEN_DOMCTL_unpausedomain:
		return domain_controller_unpause(d);
	case XEN_DOMCTL_resumedomain:
		if (self) {
			return -EINVAL;
		}
		domain_resume(d);
		return 0;
	case XEN_DOMCTL_soft_reset:
		/* Only after a shutdown for it; then: not built. */
		return self || !d->shut_down ? -EINVAL : -EOPNOTSUPP;
	case XEN_DOMCTL_max_vcpus:
		return op_max_vcpus(op, d);
	case XEN_DOMCTL_max_mem:
		return op_max_mem(op, d);
	case XEN_DOMCTL_setdomainhandle:
		memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
		return 0;
	case XEN_DOMCTL_setdebugging:
		return self ? -EINVAL : -EOPNOTSUPP;
	case XEN_DOMCTL_set_target:
		return op_set_target(op, d);
	case XEN_DOMCTL_subscribe:
		WRITE_ONCE(d->suspend_port, op->u.subscribe.port);
		return 0;
	case XEN_DOMCTL_set_virq_handler:
		return event_set_virq_handler(d, op->u.set_virq_handler.virq);
	default:
		return -ENOSYS;
	}
}

/* Devices, and what is not built: -ENOSYS: none of these. */
static long device_op(struct xen_domctl *op, struct domain *d)
{
	switch (op->cmd) {
	case XEN_DOMCTL_iomem_permission:
		return op_iomem_permission(op, d);
	case XEN_DOMCTL_irq_permission:
		return op_irq_permission(op, d);
	case XEN_DOMCTL_memory_mapping:
		return op_memory_mapping(op, d);
	case XEN_DOMCTL_assign_device:
	case XEN_DOMCTL_test_assign_device:
	case XEN_DOMCTL_deassign_device:
	case XEN_DOMCTL_get_device_group:
		return (d ? d->iommu != NULL : iommu_enabled()) ? -ENODEV : -EOPNOTSUPP;
	case XEN_DOMCTL_vm_event_op:
	case XEN_DOMCTL_monitor_op:
	case XEN_DOMCTL_set_access_required:
	case XEN_DOMCTL_mem_sharing_op:
	case XEN_DOMCTL_setvnumainfo:
	case XEN_DOMCTL_vmtrace_op:
		return -EOPNOTSUPP;
	case XEN_DOMCTL_psr_cmt_op:
	case XEN_DOMCTL_psr_alloc:
		return -ENODEV;
	default:
		return -ENOSYS;
	}
}

static long domctl_locked(struct xen_domctl *op, struct domain *d, bool *copy_back)
{
	long rc;

	switch (op->cmd) {
	case XEN_DOMCTL_createdomain:
		return op_create(op, copy_back);
	case XEN_DOMCTL_getdomaininfo:
		return op_getdomaininfo(op, d, copy_back);
	case XEN_DOMCTL_getvcpuinfo:
		return op_getvcpuinfo(op, d, copy_back);
	case XEN_DOMCTL_setvcpuaffinity:
	case XEN_DOMCTL_getvcpuaffinity:
		return op_vcpuaffinity(op, d);
	case XEN_DOMCTL_setnodeaffinity:
	case XEN_DOMCTL_getnodeaffinity:
		return op_nodeaffinity(op);
	case XEN_DOMCTL_scheduler_op:
		*copy_back = true;
		return sched_domctl(d, &op->u.scheduler_op);
	default:
		break;
	}
	rc = device_op(op, d);
	if (rc != -ENOSYS || !d) {
		return rc;
	}
	rc = life_op(op, d);
	return rc != -ENOSYS ? rc : arch_domctl(op, d, copy_back);
}

/* The domain that the command is about, with a reference; NULL with 0 where it needs none. */
static int domctl_subject(const struct xen_domctl *op, struct domain **d)
{
	*d = NULL;
	switch (op->cmd) {
	case XEN_DOMCTL_createdomain:
		return 0;
	case XEN_DOMCTL_test_assign_device:
	case XEN_DOMCTL_vm_event_op:
		if (op->domain == DOMID_INVALID) {
			return 0;
		}
		break;
	default:
		break;
	}
	*d = domain_get_other(op->domain);
	return *d || op->cmd == XEN_DOMCTL_getdomaininfo ? 0 : -ESRCH;
}

long hypercall_domctl(const struct hypercall_args *a)
{
	struct xen_domctl untrusted_op;
	bool copy_back = false;
	struct domain *d;
	long rc;

	if (guest_read_obj(&untrusted_op, gva(a->v[0]))) {
		return -EFAULT;
	}
	if (untrusted_op.interface_version != XEN_DOMCTL_INTERFACE_VERSION) {
		return -EACCES;
	}
	rc = domctl_subject(&untrusted_op, &d);
	if (rc) {
		return rc;
	}
	if (!may_call(current->domain, &untrusted_op, d)) {
		rc = -EPERM;
	} else if (!spin_trylock(&domctl_lock)) {
		rc = -ERESTART;
	} else {
		rc = domctl_locked(&untrusted_op, d, &copy_back);
		spin_unlock(&domctl_lock);
	}
	if (d) {
		domain_put(d);
	}
	/* What is to be done again may say there how far it is. */
	if (copy_back && guest_write_obj(gva(a->v[0]), &untrusted_op)) {
		rc = -EFAULT;
	}
	return rc == -ERESTART ? hypercall_restart(a) : rc;
}
