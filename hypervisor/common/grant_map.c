/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mapping of grants into translated domains: host_addr is a guest-physical address whose frame number gets
 * the granted frame. Each mapping has a handle, an entry of the mapping domain's maptrack.
 *
 * A handle's entry is written by whoever took it from the free list, then published by its flags; it is
 * taken back under the active entry's lock of the grant that it stands for, so of two vCPUs that unmap the same handle
 * one wins.
 */
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/log.h>

#include "grant_internal.h"

/* Handles given back between two looks at whether somebody waits for this CPU. */
#define RELINQUISH_BATCH 64
/* Unmaps that share one shoot-down of translations. */
#define UNMAP_BATCH	32

static struct maptrack *maptrack_entry(const struct grant_table *gt, uint32_t handle)
{
	return &gt->maptrack[handle / MAPTRACK_PER_PAGE][handle % MAPTRACK_PER_PAGE];
}

/* A page of free handles more. maptrack_lock is held. */
static bool maptrack_grow(struct grant_table *gt)
{
	uint32_t first = gt->maptrack_count;
	struct maptrack *page;

	if (first >= gt->maptrack_limit) {
		return false;
	}
	page = page_alloc_virt();
	if (!page) {
		return false;
	}
	for (uint32_t i = 0; i < MAPTRACK_PER_PAGE; i++) {
		page[i].ref = i + 1 < MAPTRACK_PER_PAGE ? first + i + 1 : gt->maptrack_free;
	}
	gt->maptrack[first / MAPTRACK_PER_PAGE] = page;
	gt->maptrack_free = first;
	__atomic_store_n(&gt->maptrack_count, first + MAPTRACK_PER_PAGE, __ATOMIC_RELEASE);
	return true;
}

/* A handle that nobody uses yet; MAPTRACK_NONE when the limit is reached. */
static uint32_t maptrack_get(struct grant_table *gt)
{
	uint32_t handle;

	spin_lock(&gt->maptrack_lock);
	handle = gt->maptrack_free;
	if (unlikely(handle == MAPTRACK_NONE) && maptrack_grow(gt)) {
		handle = gt->maptrack_free;
	}
	if (likely(handle != MAPTRACK_NONE)) {
		gt->maptrack_free = maptrack_entry(gt, handle)->ref;
	}
	spin_unlock(&gt->maptrack_lock);
	return handle;
}

static void maptrack_put(struct grant_table *gt, uint32_t handle)
{
	struct maptrack *m = maptrack_entry(gt, handle);

	spin_lock(&gt->maptrack_lock);
	m->ref = gt->maptrack_free;
	gt->maptrack_free = handle;
	spin_unlock(&gt->maptrack_lock);
}

static enum p2m_type map_type(uint32_t flags)
{
	return flags & GNTMAP_readonly ? P2M_GRANT_RO : P2M_GRANT_RW;
}

/*
 * Memory of the domain's own at g makes way, as if it had been ballooned out before: the frame would be
 * out of the guest's reach for good otherwise.
 */
static bool evict_own_page(struct domain *d, gfn_t g)
{
	enum p2m_type t;
	struct page_info *pg = p2m_get_page(d, g, &t);
	bool gone = false;

	if (!pg) {
		return false;
	}
	if (pg->owner == d && (t == P2M_RAM_RW || t == P2M_RAM_RO) && !(pg->flags & PAGE_SHARED) &&
	    p2m_remove_if(d, g, page_to_mfn(pg), t) == 0) {
		page_release_allocation(pg);
		gone = true;
	}
	page_put(pg);
	return gone;
}

static int enter_p2m(struct domain *d, gfn_t g, struct page_info *pg, uint32_t flags)
{
	enum p2m_type t = map_type(flags);
	int rc = p2m_set_if_empty(d, g, page_to_mfn(pg), t);

	if (unlikely(rc == -EEXIST) && evict_own_page(d, g)) {
		rc = p2m_set_if_empty(d, g, page_to_mfn(pg), t);
	}
	return rc ? GNTST_general_error : GNTST_okay;
}

/* Pins the grant for a mapping. Returns GNTST_*. */
static int pin_for_map(struct domain *ld, struct domain *rd, uint32_t ref, bool readonly,
		       struct page_info **page, uint16_t *cache_flags)
{
	struct grant_table *gt = rd->grant;
	struct active_grant *act;
	int rc;

	read_lock(&gt->lock);
	if (unlikely(ref >= grant_entry_count(gt))) {
		read_unlock(&gt->lock);
		return GNTST_bad_gntref;
	}
	act = grant_active(gt, ref);
	spin_lock(&act->lock);
	rc = grant_pin(rd, ref, act, ld->id, readonly, GRANT_FOR_MAP);
	*page = act->page;
	*cache_flags = READ_ONCE(grant_header(gt, ref)->flags) & (GTF_PAT | GTF_PWT | GTF_PCD);
	spin_unlock(&act->lock);
	read_unlock(&gt->lock);
	return rc;
}

static void unpin(struct domain *rd, uint32_t ref, bool readonly)
{
	struct grant_table *gt = rd->grant;
	struct active_grant *act;
	struct grant_release r;

	read_lock(&gt->lock);
	act = grant_active(gt, ref);
	spin_lock(&act->lock);
	grant_unpin(rd, ref, act, readonly, &r);
	spin_unlock(&act->lock);
	read_unlock(&gt->lock);
	grant_release_finish(&r);
}

static int map_with_handle(struct domain *ld, struct domain *rd, struct gnttab_map_grant_ref *op,
			   uint32_t handle)
{
	struct maptrack *m = maptrack_entry(ld->grant, handle);
	bool readonly = op->flags & GNTMAP_readonly;
	gfn_t g = gpa_to_gfn(gpa(op->host_addr));
	uint16_t cache_flags = 0;
	struct page_info *page = NULL;
	int rc = pin_for_map(ld, rd, op->ref, readonly, &page, &cache_flags);

	if (rc != GNTST_okay) {
		return rc;
	}
	/* Caching is the guest's business by its own page tables. */
	rc = cache_flags ? GNTST_general_error : enter_p2m(ld, g, page, op->flags);
	if (rc != GNTST_okay) {
		unpin(rd, op->ref, readonly);
		return rc;
	}
	m->granter = rd;
	m->gfn = g.v;
	m->ref = op->ref;
	__atomic_store_n(&m->flags, op->flags & (GNTMAP_host_map | GNTMAP_readonly), __ATOMIC_RELEASE);
	op->handle = handle;
	op->dev_bus_addr = mfn_to_hpa(page_to_mfn(page)).v;
	return GNTST_okay;
}

static int map_one(struct domain *ld, struct domain **rd, struct gnttab_map_grant_ref *op)
{
	uint32_t handle;
	int rc;

	if (!(op->flags & (GNTMAP_device_map | GNTMAP_host_map))) {
		return GNTST_bad_gntref;
	}
	if (op->flags & (GNTMAP_device_map | GNTMAP_application_map | GNTMAP_contains_pte)) {
		return GNTST_general_error;
	}
	/* A batch is for one granter as a rule. */
	if (!*rd || (*rd)->id != op->dom) {
		if (*rd) {
			domain_put(*rd);
		}
		*rd = domain_get_other(op->dom);
		if (!*rd) {
			return GNTST_bad_domain;
		}
	}
	handle = maptrack_get(ld->grant);
	if (handle == MAPTRACK_NONE) {
		return GNTST_no_device_space;
	}
	rc = map_with_handle(ld, *rd, op, handle);
	if (rc != GNTST_okay) {
		maptrack_put(ld->grant, handle);
	}
	return rc;
}

long grant_map_array(gva_t uop, uint32_t count)
{
	struct domain *ld = current->domain, *rd = NULL;
	long rc = 0;
	uint32_t i;

	for (i = 0; i < count; i++) {
		struct gnttab_map_grant_ref untrusted_op;
		gva_t where = gva_index(uop, i, sizeof(untrusted_op));

		if (i && hypercall_should_preempt()) {
			break;
		}
		if (guest_read_obj(&untrusted_op, where)) {
			rc = -EFAULT;
			break;
		}
		untrusted_op.status = (int16_t)map_one(ld, &rd, &untrusted_op);
		if (guest_write_obj(where, &untrusted_op)) {
			rc = -EFAULT;
			break;
		}
	}
	if (rd) {
		domain_put(rd);
	}
	return rc ? rc : i;
}

/* An unmap between its two halves: the p2m entry is gone, the pin is not. */
struct unmap {
	uint32_t handle, ref;
	bool done;
	bool readonly;
	bool flush;			/* translations of it may still be in use */
	struct domain *granter;
};

/* Takes the mapping out of the p2m and the handle out of use. act->lock is held. Returns GNTST_*. */
static int unmap_locked(struct domain *ld, struct maptrack *m, const struct active_grant *act,
			const struct gnttab_unmap_grant_ref *op, bool *flush)
{
	mfn_t frame = page_to_mfn(act->page);

	if (op->dev_bus_addr && op->dev_bus_addr != mfn_to_hpa(frame).v) {
		return GNTST_general_error;
	}
	if (op->host_addr >> PAGE_SHIFT != m->gfn ||
	    p2m_remove_if_noflush(ld, gfn(m->gfn), frame, map_type(m->flags), flush)) {
		return GNTST_general_error;
	}
	WRITE_ONCE(m->flags, 0);
	return GNTST_okay;
}

/* First half. Returns GNTST_*. */
static int unmap_begin(struct domain *ld, const struct gnttab_unmap_grant_ref *op, struct unmap *u)
{
	struct grant_table *lgt = ld->grant, *gt;
	struct active_grant *act;
	struct maptrack *m;
	uint32_t flags;
	int rc = GNTST_bad_handle;

	if (op->handle >= __atomic_load_n(&lgt->maptrack_count, __ATOMIC_ACQUIRE)) {
		return GNTST_bad_handle;
	}
	m = maptrack_entry(lgt, op->handle);
	flags = __atomic_load_n(&m->flags, __ATOMIC_ACQUIRE);
	if (!flags) {
		return GNTST_bad_handle;
	}
	/* Another vCPU may unmap it now: the granter's memory stays until this CPU's next main loop. */
	u->granter = READ_ONCE(m->granter);
	u->ref = READ_ONCE(m->ref);
	u->handle = op->handle;
	u->readonly = flags & GNTMAP_readonly;
	gt = u->granter->grant;
	read_lock(&gt->lock);
	if (likely(u->ref < grant_entry_count(gt))) {
		act = grant_active(gt, u->ref);
		spin_lock(&act->lock);
		if (likely(READ_ONCE(m->flags) == flags && m->granter == u->granter &&
			   m->ref == u->ref)) {
			/* Without an address there is nothing to undo, and that is not an error. */
			rc = op->host_addr ? unmap_locked(ld, m, act, op, &u->flush) : GNTST_okay;
			u->done = rc == GNTST_okay && op->host_addr;
		}
		spin_unlock(&act->lock);
	}
	read_unlock(&gt->lock);
	return rc;
}

/* Second half, after no CPU and no device can use the mapping any more. */
static void unmap_finish(struct domain *ld, const struct unmap *u)
{
	if (u->done) {
		unpin(u->granter, u->ref, u->readonly);
		maptrack_put(ld->grant, u->handle);
	}
}

static int unmap_one_begin(struct domain *ld, gva_t where, struct unmap *u)
{
	struct gnttab_unmap_grant_ref untrusted_op;

	*u = (struct unmap){ .done = false };
	if (guest_read_obj(&untrusted_op, where)) {
		return -EFAULT;
	}
	untrusted_op.status = (int16_t)unmap_begin(ld, &untrusted_op, u);
	return guest_write(gva(where.v + offsetof(struct gnttab_unmap_grant_ref, status)),
			   &untrusted_op.status, sizeof(untrusted_op.status))
		       ? -EFAULT
		       : 0;
}

/* Up to UNMAP_BATCH of count. Returns how many were begun; *err is of the last of them. */
static uint32_t unmap_batch(struct domain *ld, gva_t uop, uint32_t count, long *err)
{
	struct unmap batch[UNMAP_BATCH];
	uint32_t n = 0;
	bool flush = false;

	while (n < MIN(count, (uint32_t)UNMAP_BATCH) && !*err) {
		gva_t where = gva_index(uop, n, sizeof(struct gnttab_unmap_grant_ref));

		*err = unmap_one_begin(ld, where, &batch[n]);
		flush |= batch[n].flush;
		n++;
	}
	if (flush) {
		p2m_flush(ld);
	}
	for (uint32_t i = 0; i < n; i++) {
		unmap_finish(ld, &batch[i]);
	}
	return n;
}

long grant_unmap_array(gva_t uop, uint32_t count)
{
	struct domain *ld = current->domain;
	uint32_t done = 0;
	long err = 0;

	while (done < count && !err) {
		gva_t where = gva_index(uop, done, sizeof(struct gnttab_unmap_grant_ref));

		if (done && hypercall_should_preempt()) {
			break;
		}
		done += unmap_batch(ld, where, count - done, &err);
	}
	return err ? err : done;
}

/* The domain is dying: its vCPUs do not run, so nobody else touches its handles. */
static void relinquish_handle(struct domain *d, struct maptrack *m)
{
	struct domain *rd = m->granter;
	uint32_t flags = m->flags;
	struct active_grant *act;

	read_lock(&rd->grant->lock);
	act = grant_active(rd->grant, m->ref);
	spin_lock(&act->lock);
	/* It may be gone from there already; the pin is not. */
	if (p2m_remove_if(d, gfn(m->gfn), page_to_mfn(act->page), map_type(flags))) {
		log_debug("d%u: grant at gfn %lx was not mapped\n", d->id, (unsigned long)m->gfn);
	}
	m->flags = 0;
	spin_unlock(&act->lock);
	read_unlock(&rd->grant->lock);
	unpin(rd, m->ref, flags & GNTMAP_readonly);
}

int grant_relinquish_mappings(struct domain *d)
{
	struct grant_table *gt = d->grant;

	if (!gt) {
		return 0;
	}
	while (gt->relinquish_next < gt->maptrack_count) {
		struct maptrack *m = maptrack_entry(gt, gt->relinquish_next++);

		if (m->flags) {
			relinquish_handle(d, m);
		}
		if (gt->relinquish_next % RELINQUISH_BATCH == 0 && hypercall_should_preempt()) {
			return -ERESTART;
		}
	}
	return 0;
}
