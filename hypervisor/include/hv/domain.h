/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A domain and its life: created by domctl (or at boot), referenced by domain_get/put, killed by
 * domain_kill (preemptible), freed after the last reference and an RCU grace period.
 *
 * Lock order of the hypervisor, outermost first:
 *   domctl_lock -> domain->big_lock -> events.lock -> grant.lock -> p2m->lock -> domain->page_lock ->
 *   sched queue locks -> timer queue lock -> allocator lock -> console lock.
 */
#include <hv/addr.h>
#include <hv/event_types.h>
#include <hv/list.h>
#include <hv/p2m.h>
#include <hv/rangeset.h>
#include <hv/rcu.h>
#include <hv/spinlock.h>
#include <hv/vcpu.h>
#include <asm/domain.h>
#include <xen/domctl.h>
#include <xen/xen.h>

#define DOMID_COUNT	DOMID_FIRST_RESERVED

struct xen_sysctl;
struct grant_table;
struct p2m;
struct iommu_domain;

enum domain_dying {
	DOMAIN_ALIVE,
	DOMAIN_DYING,			/* no new use; resources are being given back */
	DOMAIN_DEAD,			/* waits for the last reference */
};

struct domain_sched {
	uint32_t weight, cap;		/* cap: percent of one CPU, 0: none */
	int64_t budget;			/* atomic; ns left of the present period, with a cap */
	int64_t budget_end;		/* when it is filled again */
};

struct domain {
	uint16_t id;
	bool is_service;		/* the service VM: all privileges, owns the hardware */
	bool direct_mapped;		/* drivers count on it: a frame stands at its own number or nowhere */
	uint8_t dying;			/* enum domain_dying */
	bool started;			/* (domctl_lock) has been let run once: its making is over */
	bool shutting_down, shut_down;	/* (shutdown_lock) */
	int shutdown_code;		/* (shutdown_lock) -1: none */
	uint32_t suspend_port;		/* XEN_DOMCTL_subscribe: hears of SHUTDOWN_suspend; 0: none */
	struct spinlock shutdown_lock;	/* a leaf, but for the scheduler's */
	int pause_count;		/* atomic; nested by controller and others */
	int controller_pause_count;	/* (domctl_lock) XEN_DOMCTL_pausedomain, part of the above */
	uint32_t refs;			/* atomic */
	struct rcu_head rcu;
	struct list_head list;		/* (domain list lock) all domains by id */
	struct domain *hash_next;	/* (RCU; changes: domain list lock) */
	struct spinlock big_lock;	/* domain_lock: rare changes: pirq, limits, vm_assist */

	uint32_t create_flags;		/* XEN_DOMCTL_CDF_* */
	uint32_t iommu_flags;
	uint32_t ssidref;
	xen_domain_handle_t handle;
	struct domain *target;		/* device-model domain's subject, or NULL */
	unsigned int max_vcpus;
	struct vcpu **vcpu;		/* [max_vcpus], entries NULL until created */
	uint32_t vm_assist;
	int32_t time_offset_seconds;

	struct spinlock page_lock;
	struct list_head page_list;	/* (page_lock) frames of this domain */
	struct list_head shared_list;	/* (page_lock) its PAGE_SHARED frames */
	struct list_head released_list;	/* (page_lock) dying: frames that only others still hold */
	uint64_t tot_pages, max_pages;	/* (page_lock) */
	uint64_t outstanding_claim;

	struct shared_info *shared_info;	/* its page is PAGE_SHARED */
	gfn_t shared_info_gfn;		/* (big_lock) where the domain sees it; INVALID_GFN */
	bool narrow_info;		/* shared_info, vcpu_info, runstate area: 32-bit layout */
	struct p2m *p2m;
	bool log_dirty;			/* somebody keeps a list of the frames that are written */
	struct domain_events events;
	struct grant_table *grant;
	struct iommu_domain *iommu;	/* NULL: has no devices */

	struct rangeset *io_memory;	/* frames the domain may map */
	struct rangeset *io_ports;
	struct rangeset *irqs;

	struct domain_sched sched;
	struct timer watchdog[2];
	bool watchdog_used[2];

	char console_buf[256];		/* (big_lock) line buffer of console_io */
	unsigned int console_len;

	int relinquish_step;		/* progress of domain_kill */
	struct arch_domain arch;
};

extern struct domain *service_domain;

#define for_each_vcpu(d, v)                                                                        \
	for (unsigned int v##_i = 0; v##_i < (d)->max_vcpus; v##_i++)                              \
		if (((v) = (d)->vcpu[v##_i]) != NULL)

/*
 * After the hypervisor has written into d's frame g, where the guest's tables cannot notice it (hv/p2m.h). What the
 * hypervisor keeps mapped and writes at any time is not reported this way but by the *_mark_pinned functions.
 */
static inline void domain_frame_written(struct domain *d, gfn_t g)
{
	if (unlikely(READ_ONCE(d->log_dirty))) {
		p2m_log_dirty_mark(d, g);
	}
}

/* By id; DOMID_SELF is the current vCPU's. NULL when there is none. The caller puts it. */
struct domain *domain_get_by_id(uint16_t id) __must_check;
/* The same without DOMID_SELF. */
struct domain *domain_get_other(uint16_t id) __must_check;
bool domain_get(struct domain *d) __must_check;	/* false when it is already being freed */
void domain_put(struct domain *d);
/* First domain with id >= first, with a reference; NULL at the end. For listings. */
struct domain *domain_get_next(uint16_t first) __must_check;

/* config as in XEN_DOMCTL_createdomain, checked here. ERR as negative errno through *err. */
struct domain *domain_create(uint16_t id, const struct xen_domctl_createdomain *config, bool service,
			     int *err);
/* For domain_create and domain_kill.c: frees what was never (completely) made; takes d off the list. */
void domain_discard(struct domain *d);
void domain_unlink(struct domain *d);
/* Preemptible (-ERESTART). Caller holds a reference and domctl_lock. */
int domain_kill(struct domain *d);
/* A guest (or its fault) ends itself: all vCPUs stop, the service VM hears VIRQ_DOM_EXC. Service VM: power. */
void domain_shutdown(struct domain *d, int code);
void domain_resume(struct domain *d);
/* XEN_DOMCTL_pausedomain and its reverse: -EOVERFLOW, -EINVAL (not paused). domctl_lock held. */
int domain_controller_pause(struct domain *d);
int domain_controller_unpause(struct domain *d);
/* The shutdown code that a later shutdown will report (SCHEDOP_shutdown_code): the first one stays. */
void domain_latch_shutdown_code(struct domain *d, int code);
/* Crashes d (a fault of its own); prints where. For current's domain or another. */
void domain_crash(struct domain *d, const char *fmt, ...) __printf(2, 3);
int domain_set_max_vcpus(struct domain *d, unsigned int max);	/* creates what is missing */
/* Fills xen_domctl_getdomaininfo. */
void domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info);
/* True when a may act on d: the service VM on any, a device-model domain on its target, d on itself only
 * where self_ok. */
bool domain_may_control(const struct domain *a, const struct domain *d);

/* arch */
int arch_domain_create(struct domain *d, const struct xen_domctl_createdomain *config);
void arch_domain_destroy(struct domain *d);
int arch_domain_relinquish(struct domain *d);	/* preemptible */
long arch_domctl(struct xen_domctl *op, struct domain *d, bool *copy_back);
long arch_sysctl(struct xen_sysctl *op, bool *copy_back);
/* May the controller give these machine frames to a domain as device memory? Not RAM, not the hypervisor's. */
bool arch_frames_grantable(uint64_t first, uint64_t count);
/* XENFEAT_* bits of the arch beyond what all have. */
uint32_t arch_domain_features(const struct domain *d);
/* What became of the configuration that d was made with: the ABI gives it back. */
void arch_domain_config(const struct domain *d, struct xen_arch_domainconfig *config);
void arch_domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info);
/* Powers the machine off, reboots or halts it; SHUTDOWN_* of the service VM. */
void arch_machine_shutdown(int code) __noreturn;
