/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl: the tool stack looks at the machine and sets what concerns all domains. For the service VM alone. */
#include <hv/bitops.h>
#include <hv/ctl.h>
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/sched.h>
#include <xen/sysctl.h>

#define DEBUG_KEYS_MAX		256
#define PCI_DEVICES_MAX		4096
#define NODE_DISTANCE_LOCAL	10
#define POOL_ID			0

static long op_getdomaininfolist(struct xen_sysctl_getdomaininfolist *l)
{
	struct xen_domctl_getdomaininfo info;
	uint32_t count = 0, next = l->first_domain;

	while (count < l->max_domains && next < DOMID_COUNT) {
		struct domain *d = domain_get_next((uint16_t)next);

		if (!d) {
			break;
		}
		domain_info(d, &info);
		next = d->id + 1u;
		domain_put(d);
		if (guest_write_obj(gva_index(handle_gva(l->buffer), count, sizeof(info)), &info)) {
			return -EFAULT;
		}
		count++;
	}
	l->num_domains = count;
	return 0;
}

static long op_debug_keys(const struct xen_sysctl_debug_keys *k)
{
	if (k->nr_keys > DEBUG_KEYS_MAX) {
		return -E2BIG;
	}
	for (uint32_t i = 0; i < k->nr_keys; i++) {
		char untrusted_key;

		if (guest_read_obj(&untrusted_key, gva_index(handle_gva(k->keys), i, 1))) {
			return -EFAULT;
		}
		debug_key(untrusted_key);
	}
	return 0;
}

static long op_getcpuinfo(struct xen_sysctl_getcpuinfo *g)
{
	uint32_t count = MIN(g->max_cpus, cpu_count);

	for (uint32_t i = 0; i < count; i++) {
		struct xen_sysctl_cpuinfo info = { 0 };

		if (cpus[i]) {
			info.idletime = READ_ONCE(cpus[i]->sched.idle_ns);
		}
		if (guest_write_obj(gva_index(handle_gva(g->info), i, sizeof(info)), &info)) {
			return -EFAULT;
		}
	}
	g->nr_cpus = count;
	return 0;
}

/* The widths draw the line where the allocator has one: at 4 GiB. */
static long op_availheap(struct xen_sysctl_availheap *h)
{
	uint64_t low = page_free_low_count(), all = page_free_count();

	if (h->node > 0) {
		h->avail_bytes = 0;
	} else if (h->max_bitwidth && h->max_bitwidth <= 32) {
		h->avail_bytes = low << PAGE_SHIFT;
	} else {
		h->avail_bytes = (h->min_bitwidth > 32 ? all - MIN(low, all) : all) << PAGE_SHIFT;
	}
	return 0;
}

static long op_numainfo(struct xen_sysctl_numainfo *n, bool *copy_back)
{
	struct xen_sysctl_meminfo mem = {
		.memsize = machine_ram_pages() << PAGE_SHIFT,
		.memfree = page_free_count() << PAGE_SHIFT,
	};
	uint32_t distance = NODE_DISTANCE_LOCAL;

	if (n->num_nodes && !handle_null(n->meminfo) && guest_write_obj(handle_gva(n->meminfo), &mem)) {
		return -EFAULT;
	}
	if (n->num_nodes && !handle_null(n->distance) &&
	    guest_write_obj(handle_gva(n->distance), &distance)) {
		return -EFAULT;
	}
	/* With both lists absent the question is how many there are. */
	if (handle_null(n->meminfo) && handle_null(n->distance)) {
		n->num_nodes = 1;
	} else {
		n->num_nodes = MIN(n->num_nodes, 1u);
	}
	*copy_back = true;
	return 0;
}

static long op_pcitopoinfo(struct xen_sysctl_pcitopoinfo *p, bool *copy_back)
{
	uint32_t node = XEN_INVALID_NODE_ID, i;

	if (handle_null(p->devs) || handle_null(p->nodes) || p->num_devs > PCI_DEVICES_MAX) {
		return -EINVAL;
	}
	/* With one node no device is nearer to any. */
	for (i = 0; i < p->num_devs; i++) {
		physdev_pci_device_t untrusted_dev;

		if (guest_read_obj(&untrusted_dev,
				   gva_index(handle_gva(p->devs), i, sizeof(untrusted_dev))) ||
		    guest_write_obj(gva_index(handle_gva(p->nodes), i, sizeof(node)), &node)) {
			return -EFAULT;
		}
	}
	*copy_back = true;
	return 0;
}

/* CPU pools: there is one, of all CPUs, and it stays. */
static long pool_info(struct xen_sysctl_cpupool_op *p, bool *copy_back)
{
	uint32_t count = 0, next = 0;
	struct domain *d;

	if (p->cpupool_id != POOL_ID) {
		return -ENOENT;
	}
	while (next < DOMID_COUNT && (d = domain_get_next((uint16_t)next))) {
		next = d->id + 1u;
		count++;
		domain_put(d);
	}
	p->sched_id = XEN_SCHEDULER_CREDIT2;
	p->n_dom = count;
	*copy_back = true;
	return ctl_bitmap_write(&p->cpumap, READ_ONCE(cpu_online_map));
}

static long pool_move(const struct xen_sysctl_cpupool_op *p)
{
	struct domain *d = domain_get_other((uint16_t)p->domid);

	if (!d || p->domid >= DOMID_COUNT) {
		if (d) {
			domain_put(d);
		}
		return -EINVAL;
	}
	domain_put(d);
	return p->cpupool_id == POOL_ID ? 0 : -ENOENT;
}

static long op_cpupool(struct xen_sysctl_cpupool_op *p, bool *copy_back)
{
	bool exists = p->cpupool_id == POOL_ID;

	switch (p->op) {
	case XEN_SYSCTL_CPUPOOL_OP_INFO:
		return pool_info(p, copy_back);
	case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
		*copy_back = true;
		return ctl_bitmap_write(&p->cpumap, 0);
	case XEN_SYSCTL_CPUPOOL_OP_CREATE:
		return exists ? -EEXIST : -EOPNOTSUPP;
	case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
		return exists ? -EBUSY : -ENOENT;
	case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
		if (!exists) {
			return -ENOENT;
		}
		return p->cpu >= cpu_count && p->cpu != XEN_SYSCTL_CPUPOOL_PAR_ANY ? -EINVAL : -ENODEV;
	case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
		if (!exists) {
			return -ENOENT;
		}
		return p->cpu >= cpu_count && p->cpu != XEN_SYSCTL_CPUPOOL_PAR_ANY ? -EINVAL : -EBUSY;
	case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
		return pool_move(p);
	default:
		return -ENOSYS;
	}
}

static long op_scheduler(struct xen_sysctl_scheduler_op *s)
{
	if (s->cmd != XEN_SYSCTL_SCHEDOP_putinfo && s->cmd != XEN_SYSCTL_SCHEDOP_getinfo) {
		return -EINVAL;
	}
	if (s->cpupool_id != POOL_ID) {
		return -ESRCH;
	}
	return s->sched_id == XEN_SCHEDULER_CREDIT2 ? sched_sysctl(s) : -EINVAL;
}

/* What is not built answers as a Xen that was built (or booted) without it. */
static long absent_op(const struct xen_sysctl *op)
{
	switch (op->cmd) {
	case XEN_SYSCTL_get_pmstat:
		return op->u.get_pmstat.cpuid >= cpu_count ? -EINVAL : -ENODEV;
	case XEN_SYSCTL_pm_op:
		return op->u.pm_op.cpuid >= cpu_count ? -EINVAL : -ENODEV;
	case XEN_SYSCTL_psr_cmt_op:
	case XEN_SYSCTL_psr_alloc:
		return -ENODEV;
	case XEN_SYSCTL_cpu_hotplug:
	case XEN_SYSCTL_page_offline_op:
	case XEN_SYSCTL_coverage_op:
	case XEN_SYSCTL_livepatch_op:
		return -EOPNOTSUPP;
	default:
		/* Trace buffers, performance counters, lock profiles, and what nobody knows. */
		return -ENOSYS;
	}
}

static long sysctl_locked(struct xen_sysctl *op, bool *copy_back)
{
	long rc;

	switch (op->cmd) {
	case XEN_SYSCTL_readconsole:
		*copy_back = true;
		return console_read_ring(&op->u.readconsole);
	case XEN_SYSCTL_sched_id:
		op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
		*copy_back = true;
		return 0;
	case XEN_SYSCTL_getdomaininfolist:
		*copy_back = true;
		return op_getdomaininfolist(&op->u.getdomaininfolist);
	case XEN_SYSCTL_debug_keys:
		return op_debug_keys(&op->u.debug_keys);
	case XEN_SYSCTL_getcpuinfo:
		*copy_back = true;
		return op_getcpuinfo(&op->u.getcpuinfo);
	case XEN_SYSCTL_availheap:
		*copy_back = true;
		return op_availheap(&op->u.availheap);
	case XEN_SYSCTL_numainfo:
		return op_numainfo(&op->u.numainfo, copy_back);
	case XEN_SYSCTL_pcitopoinfo:
		return op_pcitopoinfo(&op->u.pcitopoinfo, copy_back);
	case XEN_SYSCTL_cpupool_op:
		return op_cpupool(&op->u.cpupool_op, copy_back);
	case XEN_SYSCTL_scheduler_op:
		*copy_back = true;
		return op_scheduler(&op->u.scheduler_op);
	default:
		rc = arch_sysctl(op, copy_back);
		return rc != -ENOSYS ? rc : absent_op(op);
	}
}

long hypercall_sysctl(const struct hypercall_args *a)
{
	struct xen_sysctl untrusted_op;
	bool copy_back = false;
	long rc;

	if (guest_read_obj(&untrusted_op, gva(a->v[0]))) {
		return -EFAULT;
	}
	if (untrusted_op.interface_version != XEN_SYSCTL_INTERFACE_VERSION) {
		return -EACCES;
	}
	if (!current->domain->is_service) {
		return -EPERM;
	}
	if (!spin_trylock(&domctl_lock)) {
		return hypercall_restart(a);
	}
	rc = sysctl_locked(&untrusted_op, &copy_back);
	spin_unlock(&domctl_lock);
	/* Policy calls tell the needed size together with an error. */
	if (copy_back && (!rc || rc == -ENOBUFS) && guest_write_obj(gva(a->v[0]), &untrusted_op)) {
		rc = -EFAULT;
	}
	return rc;
}
