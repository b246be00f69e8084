/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains: creation, look-up, pause, shutdown, and what the tool stack sees of them. Their end is in
 * domain_kill.c.
 *
 * Locks: list_lock (the list and the changes of the hash) and shutdown_lock are leaves; below shutdown_lock
 * are only the scheduler's.
 */
#include <hv/bitops.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/grant.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/p2m.h>
#include <hv/page.h>
#include <hv/sched.h>
#include <xen/sched.h>

#define HVM_VCPUS_MAX		128
#define GRANT_VERSION_MAX	2
#define HASH_SIZE		256
#define CONTROLLER_PAUSE_MAX	255

struct domain *service_domain;

static struct spinlock list_lock = SPINLOCK_INIT;
static struct list_head domain_list = LIST_HEAD_INIT(domain_list);
static struct domain *domain_hash[HASH_SIZE];

/* Look-up ------------------------------------------------------------------------------------------- */

bool domain_get(struct domain *d)
{
	uint32_t refs = __atomic_load_n(&d->refs, __ATOMIC_RELAXED);

	do {
		if (unlikely(refs == 0)) {
			return false;
		}
	} while (!__atomic_compare_exchange_n(&d->refs, &refs, refs + 1, true, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return true;
}

struct domain *domain_get_other(uint16_t id)
{
	struct domain *d = __atomic_load_n(&domain_hash[id % HASH_SIZE], __ATOMIC_ACQUIRE);

	while (d && d->id != id) {
		d = __atomic_load_n(&d->hash_next, __ATOMIC_ACQUIRE);
	}
	return d && domain_get(d) ? d : NULL;
}

struct domain *domain_get_by_id(uint16_t id)
{
	struct domain *d = current->domain;

	if (id == DOMID_SELF || id == d->id) {
		return domain_get(d) ? d : NULL;
	}
	return domain_get_other(id);
}

struct domain *domain_get_next(uint16_t first)
{
	struct domain *d, *found = NULL;

	spin_lock(&list_lock);
	list_for_each(d, &domain_list, list) {
		if (d->id >= first && domain_get(d)) {
			found = d;
			break;
		}
	}
	spin_unlock(&list_lock);
	return found;
}

/* -EEXIST when the id is taken. The list is sorted by id. */
static int domain_insert(struct domain *d)
{
	struct domain **bucket = &domain_hash[d->id % HASH_SIZE];
	struct list_head *at = &domain_list;
	struct domain *o;

	spin_lock(&list_lock);
	list_for_each(o, &domain_list, list) {
		if (o->id == d->id) {
			spin_unlock(&list_lock);
			return -EEXIST;
		}
		if (o->id > d->id) {
			at = &o->list;
			break;
		}
	}
	list_add_tail(&d->list, at);
	d->hash_next = *bucket;
	__atomic_store_n(bucket, d, __ATOMIC_RELEASE);
	spin_unlock(&list_lock);
	return 0;
}

void domain_unlink(struct domain *d)
{
	struct domain **link = &domain_hash[d->id % HASH_SIZE];

	spin_lock(&list_lock);
	list_del(&d->list);
	while (*link && *link != d) {
		link = &(*link)->hash_next;
	}
	if (*link) {
		/* d->hash_next stays as it is: a reader may stand on d. */
		__atomic_store_n(link, d->hash_next, __ATOMIC_RELEASE);
	}
	spin_unlock(&list_lock);
}

bool domain_may_control(const struct domain *a, const struct domain *d)
{
	return a->is_service || (a->target && a->target == d);
}

/* Creation ------------------------------------------------------------------------------------------ */

static int config_check(const struct xen_domctl_createdomain *c)
{
	const uint32_t known = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap |
			       XEN_DOMCTL_CDF_s3_integrity | XEN_DOMCTL_CDF_oos_off |
			       XEN_DOMCTL_CDF_xs_domain | XEN_DOMCTL_CDF_iommu |
			       XEN_DOMCTL_CDF_nested_virt | XEN_DOMCTL_CDF_vpmu;
	uint32_t version = XEN_DOMCTL_GRANT_version(c->grant_opts);

	if ((c->flags & ~known) || (c->grant_opts & ~XEN_DOMCTL_GRANT_version_mask) ||
	    c->max_vcpus < 1 || c->max_vcpus > HVM_VCPUS_MAX) {
		return -EINVAL;
	}
	/* No PV, no shadow paging, no nested virtualisation, no virtual PMU, no processor trace. */
	if (!(c->flags & XEN_DOMCTL_CDF_hvm) || !(c->flags & XEN_DOMCTL_CDF_hap) ||
	    (c->flags & (XEN_DOMCTL_CDF_nested_virt | XEN_DOMCTL_CDF_vpmu)) || c->vmtrace_size) {
		return -EINVAL;
	}
	if (c->flags & XEN_DOMCTL_CDF_iommu) {
		if ((c->iommu_opts & ~XEN_DOMCTL_IOMMU_no_sharept) || !iommu_enabled()) {
			return -EINVAL;
		}
	} else if (c->iommu_opts) {
		return -EINVAL;
	}
	if (version < 1 || version > GRANT_VERSION_MAX) {
		return -EINVAL;
	}
	return c->cpupool_id ? -ENOENT : 0;
}

static void fields_init(struct domain *d, uint16_t id, const struct xen_domctl_createdomain *c,
			bool service)
{
	d->id = id;
	d->is_service = service;
	d->refs = 1;
	d->shutdown_code = -1;
	d->create_flags = c->flags;
	d->iommu_flags = c->iommu_opts;
	d->ssidref = c->ssidref;
	memcpy(d->handle, c->handle, sizeof(d->handle));
	d->max_vcpus = c->max_vcpus;
	d->max_pages = service ? UINT64_MAX >> PAGE_SHIFT : 0;
	d->shared_info_gfn = INVALID_GFN;
	list_init(&d->list);
	spin_lock_init(&d->big_lock);
	spin_lock_init(&d->page_lock);
	spin_lock_init(&d->shutdown_lock);
	list_init(&d->page_list);
	list_init(&d->shared_list);
	list_init(&d->released_list);
}

static void watchdog_fired(void *data)
{
	struct domain *d = data;

	if (d->dying != DOMAIN_ALIVE || d->shutting_down) {
		return;
	}
	glog_warn("d%u: watchdog timed out\n", d->id);
	domain_shutdown(d, SHUTDOWN_watchdog);
}

static int subsystems_init(struct domain *d, const struct xen_domctl_createdomain *c)
{
	/* Negative: the default, which is ~0 to grant_init. */
	uint32_t frames = c->max_grant_frames < 0 ? ~0u : (uint32_t)c->max_grant_frames;
	uint32_t maptrack = c->max_maptrack_frames < 0 ? ~0u : (uint32_t)c->max_maptrack_frames;
	int err;

	if ((d->is_service && iommu_enabled()) || (c->flags & XEN_DOMCTL_CDF_iommu)) {
		err = iommu_domain_init(d);
		if (err) {
			return err;
		}
	}
	err = arch_domain_create(d, c);
	if (err) {
		return err;
	}
	err = event_init(d, MIN(c->max_evtchn_port, (uint32_t)INT32_MAX));
	if (err) {
		return err;
	}
	return grant_init(d, frames, maptrack, XEN_DOMCTL_GRANT_version(c->grant_opts));
}

struct domain *domain_create(uint16_t id, const struct xen_domctl_createdomain *config, bool service,
			     int *err)
{
	struct domain *d;

	*err = config_check(config);
	if (*err) {
		return NULL;
	}
	*err = -ENOMEM;
	d = hv_alloc(sizeof(*d));
	if (!d) {
		return NULL;
	}
	fields_init(d, id, config, service);
	for (unsigned int i = 0; i < ARRAY_SIZE(d->watchdog); i++) {
		timer_init(&d->watchdog[i], watchdog_fired, d, 0);
	}
	d->vcpu = hv_alloc(d->max_vcpus * sizeof(d->vcpu[0]));
	d->io_memory = rangeset_create("I/O memory");
	d->io_ports = rangeset_create("I/O ports");
	d->irqs = rangeset_create("interrupts");
	if (!d->vcpu || !d->io_memory || !d->io_ports || !d->irqs) {
		goto fail;
	}
	*err = subsystems_init(d, config);
	if (*err) {
		goto fail;
	}
	sched_domain_init(d);
	/* The controller lets it go when it is built; so does the builder of the service VM. */
	domain_pause_nosync(d);
	d->controller_pause_count = service ? 0 : 1;
	d->started = service;
	if (service) {
		service_domain = d;
	}
	*err = domain_insert(d);
	if (*err) {
		goto fail;
	}
	return d;
fail:
	d->dying = DOMAIN_DEAD;
	domain_discard(d);
	return NULL;
}

int domain_set_max_vcpus(struct domain *d, unsigned int max)
{
	if (max != d->max_vcpus) {
		return -EINVAL;
	}
	for (unsigned int i = 0; i < max; i++) {
		if (!d->vcpu[i] && !vcpu_create(d, i)) {
			return -ENOMEM;
		}
	}
	return 0;
}

/* Pause by the tool stack --------------------------------------------------------------------------- */

int domain_controller_pause(struct domain *d)
{
	if (d->controller_pause_count >= CONTROLLER_PAUSE_MAX) {
		return -EOVERFLOW;
	}
	d->controller_pause_count++;
	domain_pause(d);
	return 0;
}

int domain_controller_unpause(struct domain *d)
{
	if (!d->controller_pause_count) {
		return -EINVAL;
	}
	d->controller_pause_count--;
	d->started = true;
	domain_unpause(d);
	return 0;
}

/* Shutdown ------------------------------------------------------------------------------------------ */

void domain_latch_shutdown_code(struct domain *d, int code)
{
	spin_lock(&d->shutdown_lock);
	if (d->shutdown_code < 0) {
		d->shutdown_code = code;
	}
	spin_unlock(&d->shutdown_lock);
}

void domain_shutdown(struct domain *d, int code)
{
	uint32_t port;
	struct vcpu *v;

	spin_lock(&d->shutdown_lock);
	if (d->shutdown_code < 0) {
		d->shutdown_code = code;
	}
	code = d->shutdown_code;
	if (d->is_service) {
		spin_unlock(&d->shutdown_lock);
		log_info("Service VM shut down: code %d\n", code);
		arch_machine_shutdown(code);
	}
	if (d->shutting_down) {
		spin_unlock(&d->shutdown_lock);
		return;
	}
	d->shutting_down = true;
	for_each_vcpu(d, v) {
		vcpu_pause_nosync(v);
		v->paused_for_shutdown = true;
	}
	d->shut_down = true;
	port = code == SHUTDOWN_suspend ? d->suspend_port : 0;
	spin_unlock(&d->shutdown_lock);
	/* The subscriber sits at the other end of a channel of d. */
	if (!port || event_send(d, port)) {
		event_send_service_virq(VIRQ_DOM_EXC);
	}
}

void domain_resume(struct domain *d)
{
	struct vcpu *v;

	/* Nothing may run before all of it is undone. */
	domain_pause(d);
	spin_lock(&d->shutdown_lock);
	d->shutting_down = false;
	d->shut_down = false;
	d->shutdown_code = -1;
	for_each_vcpu(d, v) {
		if (v->paused_for_shutdown) {
			v->paused_for_shutdown = false;
			vcpu_unpause(v);
		}
	}
	spin_unlock(&d->shutdown_lock);
	domain_unpause(d);
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
	char text[160];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len > 0 && text[MIN((size_t)len, sizeof(text) - 1) - 1] == '\n') {
		text[MIN((size_t)len, sizeof(text) - 1) - 1] = '\0';
	}
	if (current->domain == d) {
		glog_warn("d%uv%u crashed: %s\n", d->id, current->id, text);
		arch_vcpu_dump(current);
	} else {
		glog_warn("d%u crashed: %s\n", d->id, text);
	}
	domain_shutdown(d, SHUTDOWN_crash);
}

/* What the tool stack sees ---------------------------------------------------------------------------- */

void domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	uint32_t flags = XEN_DOMINF_blocked;
	struct vcpu *v;

	memset(info, 0, sizeof(*info));
	info->domain = d->id;
	info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
	for_each_vcpu(d, v) {
		unsigned long state = READ_ONCE(v->state);

		info->cpu_time += vcpu_runtime(v);
		info->max_vcpu_id = v->id;
		if (state & BIT(VCPU_DOWN)) {
			continue;
		}
		if (!(state & BIT(VCPU_BLOCKED))) {
			flags &= ~XEN_DOMINF_blocked;
		}
		if (READ_ONCE(v->sched.running)) {
			flags |= XEN_DOMINF_running;
		}
		info->nr_online_vcpus++;
	}
	info->flags = (info->nr_online_vcpus ? flags : 0) |
		      (d->dying == DOMAIN_DEAD ? XEN_DOMINF_dying : 0) |
		      (d->shut_down ? XEN_DOMINF_shutdown : 0) |
		      (d->controller_pause_count > 0 ? XEN_DOMINF_paused : 0) |
		      (d->create_flags & XEN_DOMCTL_CDF_xs_domain ? XEN_DOMINF_xs_domain : 0) |
		      XEN_DOMINF_hvm_guest |
		      ((uint32_t)d->shutdown_code << XEN_DOMINF_shutdownshift);
	info->ssidref = d->ssidref;
	info->tot_pages = d->tot_pages;
	info->max_pages = MIN(d->max_pages, (uint64_t)UINT32_MAX);
	info->outstanding_pages = d->outstanding_claim;
	info->shared_info_frame = d->shared_info_gfn.v;
	memcpy(info->handle, d->handle, sizeof(info->handle));
	arch_domain_info(d, info);
}
