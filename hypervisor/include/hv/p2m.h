/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The physical-to-machine map of a domain: which machine frame each guest frame is, with what type. The
 * same map, less what devices may not touch, is kept in the IOMMU for a domain that has devices.
 *
 * Locks: p2m->lock (a leaf below domain->page_lock is NOT taken inside it) covers changes; look-ups are
 * lock-free (table pages live until the domain dies) and prove their result by taking a page reference
 * and looking again. A change that takes access away returns only when no CPU can still use the old
 * entry (TLB shoot-down), so the caller may drop the page's reference afterwards.
 */
#include <hv/addr.h>

struct domain;
struct page_info;
struct xen_domctl_shadow_op;

enum p2m_type {
	P2M_INVALID,			/* nothing there */
	P2M_RAM_RW,			/* the domain's own frame */
	P2M_RAM_RO,			/* the same, guest writes are faults */
	P2M_MMIO,			/* device memory, uncached unless the guest says otherwise; no page_info */
	P2M_FOREIGN,			/* a frame of another domain; the entry holds a reference to it */
	P2M_GRANT_RW,			/* a granted frame; the grant map handle holds the reference */
	P2M_GRANT_RO,
	P2M_POD,			/* no frame yet: the first access brings one (populate on demand) */
	P2M_TYPE_COUNT,
};

#define P2M_IN(t, set)	((1u << (t)) & (set))

/* A type that the guest may write to. */
static inline bool p2m_is_writable(enum p2m_type t)
{
	return P2M_IN(t, 1u << P2M_RAM_RW | 1u << P2M_MMIO | 1u << P2M_FOREIGN | 1u << P2M_GRANT_RW |
				 1u << P2M_POD);
}

/* A type whose frame has a page_info and may be reached by guest_access. */
static inline bool p2m_is_ram(enum p2m_type t)
{
	return !P2M_IN(t, 1u << P2M_INVALID | 1u << P2M_MMIO | 1u << P2M_POD);
}

int p2m_init(struct domain *d);
/* Frees the tables after relinquish; preemptible: -ERESTART until done. */
int p2m_teardown(struct domain *d);

/*
 * Sets 2^order frames from g to m.. with the type (P2M_INVALID removes). Splits larger mappings; replaces
 * whatever was there without touching page references: the callers own those. 0, -ENOMEM, -EINVAL
 * (g beyond the domain's address width).
 */
int p2m_set(struct domain *d, gfn_t g, mfn_t m, unsigned int order, enum p2m_type t) __must_check;

/* As p2m_set, but only when g is P2M_INVALID, P2M_POD or P2M_MMIO put there on demand; else -EEXIST. */
int p2m_set_if_empty(struct domain *d, gfn_t g, mfn_t m, enum p2m_type t) __must_check;
/*
 * New memory at g..: replaces holes, device memory and the domain's own frames, which stay allocated. -EEXIST
 * when something stands there whose entry holds a reference (foreign, grant, PAGE_SHARED).
 */
int p2m_populate(struct domain *d, gfn_t g, mfn_t m, unsigned int order) __must_check;
/* Removes g when it maps m with type t; else -EINVAL (somebody was faster). */
int p2m_remove_if(struct domain *d, gfn_t g, mfn_t m, enum p2m_type t) __must_check;

/*
 * Batches: the same two without the shoot-down. When a call sets *flush, the caller calls p2m_flush before
 * it drops the reference of any frame that it took away.
 */
int p2m_set_noflush(struct domain *d, gfn_t g, mfn_t m, unsigned int order, enum p2m_type t,
		    bool *flush) __must_check;
int p2m_remove_if_noflush(struct domain *d, gfn_t g, mfn_t m, enum p2m_type t, bool *flush) __must_check;
/* No CPU uses an old entry of d any more when it returns. Interrupts on. */
void p2m_flush(struct domain *d);

/* Lock-free. order (may be NULL): of the mapping that g lies in. INVALID_MFN for P2M_INVALID and P2M_POD. */
mfn_t p2m_lookup(struct domain *d, gfn_t g, enum p2m_type *t, unsigned int *order);

/*
 * The page at g with a reference taken, or NULL when it is not RAM. t (may be NULL) gets the type. The
 * owner may be another domain (foreign, grant); callers that need d's own page check pg->owner. What is
 * to be populated on demand is populated: with p2m->lock and page_lock free.
 */
struct page_info *p2m_get_page(struct domain *d, gfn_t g, enum p2m_type *t) __must_check;

/* The root table, for the vendor's VMCB or VMCS. */
hpa_t p2m_root(const struct domain *d);

/* Limits the tables of d to that many bytes (at least 1 MiB). -ENOMEM: more are in use. */
int p2m_set_pool(struct domain *d, uint64_t bytes);
uint64_t p2m_get_pool(const struct domain *d);

/* Highest gfn that was ever populated in d. */
gfn_t p2m_max_gfn(const struct domain *d);

/*
 * Drops every mapping and the references they hold (own RAM: the allocation's). Preemptible: -ERESTART
 * while there is more. The domain is dying and none of its vCPUs runs.
 */
int p2m_relinquish(struct domain *d);

/* Populate on demand (arch/x86/p2m_pod.c) -------------------------------------------------------------- */

struct p2m_pod_info {
	uint64_t cache;			/* frames kept for entries; part of tot_pages */
	uint64_t entries;		/* frames' worth of P2M_POD entries */
};

/* Makes 2^order frames from g P2M_POD. -EBUSY: something is there; -ENOTEMPTY: d may have devices. */
int p2m_pod_mark(struct domain *d, gfn_t g, unsigned int order) __must_check;
/*
 * XENMEM_set_pod_target: keeps as many frames as let d use target frames in all without a further
 * allocation. 0, -ENOMEM, -ENOTEMPTY (d may have devices), -ERESTART (preempted: call again).
 */
int p2m_pod_set_target(struct domain *d, uint64_t target);
void p2m_pod_get_info(struct domain *d, struct p2m_pod_info *info);
/* Takes the entries out when all 2^order frames from g are P2M_POD; else false and nothing is changed. */
bool p2m_pod_drop(struct domain *d, gfn_t g, unsigned int order);
/*
 * A frame of d's own that has left the map for good, with the caller's reference: true when it was kept
 * for entries that have no frame to wait for; its allocation then goes on.
 */
bool p2m_pod_keep(struct domain *d, struct page_info *pg);
/*
 * The current vCPU of d touched g, which was P2M_POD; no lock is held. When it returns the access is to be
 * tried again, or d has crashed for want of memory.
 */
void p2m_pod_fault(struct domain *d, gfn_t g);
/* End of d: gives back what is kept. Preemptible: -ERESTART. */
int p2m_pod_relinquish(struct domain *d);

/* Log-dirty (arch/x86/p2m_dirty.c): which frames are written -------------------------------------------- */

/*
 * Frame g of d was written, or its listing says so: it is in what the next CLEAN or PEEK gives out. Lock-free; any
 * context in which the allocator may be called. Without logging nothing happens. For the hypervisor's own writes
 * domain_frame_written (hv/domain.h) is the shorter way.
 */
void p2m_log_dirty_mark(struct domain *d, gfn_t g);
/*
 * The current vCPU of d wrote to g, which is P2M_RAM_RW; no lock is held. When it returns, the write goes through when
 * it is tried again.
 */
void p2m_log_dirty_fault(struct domain *d, gfn_t g);
/* Is a listing of all of d's frames on? */
bool p2m_log_dirty_on(const struct domain *d);
/*
 * XEN_DOMCTL_shadow_op but for GET_ALLOCATION; d is another than the caller, alive, with a vCPU. domctl_lock held.
 * -ERESTART: the same again.
 */
int p2m_shadow_op(struct domain *d, struct xen_domctl_shadow_op *s);
/*
 * XEN_DMOP_track_dirty_vram: what was written in the count frames from first on since the last call, as bits to the
 * current vCPU's bitmap; all of them for a range that is new. With a count of 0: no more. -ENOMEM, -EFAULT.
 */
long p2m_vram_track(struct domain *d, gfn_t first, uint32_t count, gva_t bitmap);
