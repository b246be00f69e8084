/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Populate on demand: a guest is promised more memory (entries of type P2M_POD) than it may use,
 * until its balloon driver gives the difference back. What it may use is set aside beforehand
 * (the cache, charged to tot_pages), so a promise is broken only to a guest that touches more
 * than its target.
 *
 * Entries are counted where leaves are written (p2m.c). Frames of the cache are zeroes, the
 * domain's own, with the allocation's reference, on the lists here instead of page_list.
 *
 * A frame of zeroes in the map is as good as none, so a cache that runs low is filled from these.
 * Whoever touches such a frame meanwhile must not lose what he writes: its entry is hidden
 * (P2M_POD), all CPUs flush, then the frame is looked at again, with no reference left but the
 * allocation's, and kept or put back. During that time nobody fills entries. It needs a shoot-
 * down, so only a guest's own fault does it, which holds no lock; it starts before the last
 * frames are gone, which are for accesses by hypercalls. One thing is not covered: a read that
 * took no reference (read_own of guest_access.c), was stopped by an interrupt after its look-up,
 * and goes on after the frame has got another place in the same domain.
 *
 * Locks: grant and event locks -> p2m->lock -> domain->page_lock -> allocator's. Both p2m->lock
 * and page_lock cover the lists, p2m->lock alone all else. With p2m->sweeping set the lock is
 * free and entries stay unfilled.
 */
#include <hv/bitops.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include "p2m_internal.h"

#define LARGE_FRAMES	(1UL << ORDER_2M)
#define CACHE_LOW	32		/* with fewer frames a fault looks for zeroes */
#define SWEEP_FRAMES	1024		/* a fault looks at so many at most */
#define SWEEP_BATCH	32		/* and takes so many */

/* The cache ------------------------------------------------------------------------------------------- */

/* (p2m->lock) From the domain's list to the cache. */
static void cache_add(struct domain *d, struct page_info *pg, unsigned int order)
{
	struct p2m_pod *pod = &d->p2m->pod;

	spin_lock(&d->page_lock);
	for (unsigned long i = 0; i < 1UL << order; i++) {
		list_del(&pg[i].list);
		list_init(&pg[i].list);
	}
	list_add(&pg->list, order ? &pod->large : &pod->single);
	spin_unlock(&d->page_lock);
	pod->cache += 1UL << order;
	/* Things have changed since the last look at all frames. */
	pod->fruitless = 0;
}

/* (both locks) There are single frames afterwards, if there is anything. */
static void break_large(struct p2m_pod *pod)
{
	struct page_info *pg;

	if (!list_empty(&pod->single) || list_empty(&pod->large)) {
		return;
	}
	pg = list_first(&pod->large, struct page_info, list);
	list_del(&pg->list);
	for (unsigned long i = 0; i < LARGE_FRAMES; i++) {
		list_add_tail(&pg[i].list, &pod->single);
	}
}

/* (p2m->lock) Back to the domain's list: a large block if wanted and there, or one frame. */
static struct page_info *cache_take(struct domain *d, bool want_large, unsigned int *order)
{
	struct p2m_pod *pod = &d->p2m->pod;
	struct page_info *pg = NULL;
	struct list_head *from;

	spin_lock(&d->page_lock);
	if (!want_large || list_empty(&pod->large)) {
		break_large(pod);
		from = &pod->single;
		*order = 0;
	} else {
		from = &pod->large;
		*order = ORDER_2M;
	}
	if (!list_empty(from)) {
		pg = list_first(from, struct page_info, list);
		list_del(&pg->list);
		for (unsigned long i = 0; i < 1UL << *order; i++) {
			list_add_tail(&pg[i].list, &d->page_list);
		}
		pod->cache -= 1UL << *order;
	}
	spin_unlock(&d->page_lock);
	return pg;
}

static void block_release(struct page_info *pg, unsigned int order)
{
	for (unsigned long i = 0; i < 1UL << order; i++) {
		page_release_allocation(&pg[i]);
	}
}

/* Frees what is kept beyond the entries (or want, if that is more), at most 2 MiB at a time. */
static void cache_trim(struct domain *d, uint64_t want)
{
	struct p2m *p = d->p2m;
	unsigned long done = 0;

	while (done < LARGE_FRAMES) {
		unsigned int order = 0;
		struct page_info *pg = NULL;
		uint64_t keep;

		spin_lock(&p->lock);
		keep = MAX(want, p->pod.entries);
		if (p->pod.cache > keep) {
			pg = cache_take(d, p->pod.cache - keep >= LARGE_FRAMES, &order);
		}
		spin_unlock(&p->lock);
		if (!pg) {
			return;
		}
		block_release(pg, order);
		done += 1UL << order;
	}
}

/* One step towards that many more frames: 0, or -ENOMEM. */
static int cache_grow(struct domain *d, uint64_t missing)
{
	struct p2m *p = d->p2m;
	unsigned int order = missing >= LARGE_FRAMES ? ORDER_2M : 0;
	struct page_info *pg = page_alloc_domain(d, order, ALLOC_ZERO);

	if (!pg && order) {
		order = 0;
		pg = page_alloc_domain(d, 0, ALLOC_ZERO);
	}
	if (!pg) {
		return -ENOMEM;
	}
	spin_lock(&p->lock);
	/* p2m_pod_relinquish comes after this, or has been: then page_list frees them. */
	if (d->dying == DOMAIN_ALIVE) {
		cache_add(d, pg, order);
	}
	spin_unlock(&p->lock);
	return 0;
}

int p2m_pod_set_target(struct domain *d, uint64_t target)
{
	struct p2m *p = d->p2m;

	for (;;) {
		uint64_t total, populated, want, cache;
		int err;

		spin_lock(&p->lock);
		cache = p->pod.cache;
		total = READ_ONCE(d->tot_pages);
		populated = total - cache;
		want = target - MIN(populated, target);
		if (populated) {
			/* The guest runs: what it has no entries for is its balloon driver's to ask for. */
			want = MIN(want, p->pod.entries);
		}
		if ((populated && !p->pod.entries) || d->dying != DOMAIN_ALIVE || target < total ||
		    (cache == want && !d->iommu)) {
			spin_unlock(&p->lock);
			return 0;
		}
		spin_unlock(&p->lock);
		if (d->iommu) {
			/* A device cannot fault its memory in. */
			return -ENOTEMPTY;
		}
		if (cache > want) {
			cache_trim(d, want);
			return 0;
		}
		err = cache_grow(d, want - cache);
		if (err) {
			return err;
		}
		if (hypercall_should_preempt()) {
			return -ERESTART;
		}
	}
}

void p2m_pod_get_info(struct domain *d, struct p2m_pod_info *info)
{
	spin_lock(&d->p2m->lock);
	info->cache = d->p2m->pod.cache;
	info->entries = d->p2m->pod.entries;
	spin_unlock(&d->p2m->lock);
}

int p2m_pod_relinquish(struct domain *d)
{
	struct p2m *p = d->p2m;
	struct page_info *pg;
	unsigned int order;

	for (;;) {
		/* All on page_list is freed a few steps later. */
		spin_lock(&p->lock);
		pg = cache_take(d, true, &order);
		spin_unlock(&p->lock);
		if (!pg) {
			return 0;
		}
		if (hypercall_should_preempt()) {
			return -ERESTART;
		}
	}
}

/* Entries --------------------------------------------------------------------------------------------- */

/* (p2m->lock) Are all frames of the range of type t (or P2M_POD)? */
static bool range_is(struct domain *d, uint64_t g, unsigned int order, enum p2m_type t)
{
	for (uint64_t end = g + (1UL << order); g < end;) {
		unsigned int width;
		enum p2m_type found;

		(void)p2m_lookup(d, gfn(g), &found, &width);
		if (found != t && found != P2M_POD) {
			return false;
		}
		g = (g & ~((1UL << width) - 1)) + (1UL << width);
	}
	return true;
}

int p2m_pod_mark(struct domain *d, gfn_t g, unsigned int order)
{
	struct p2m *p = d->p2m;
	bool flush = false;
	int err;

	if (d->iommu) {
		return -ENOTEMPTY;
	}
	if (g.v >> p->gfn_bits) {
		return -EINVAL;
	}
	spin_lock(&p->lock);
	err = range_is(d, g.v, order, P2M_INVALID) ?
		      p2m_set_locked(d, g, INVALID_MFN, order, P2M_POD, &flush) : -EBUSY;
	spin_unlock(&p->lock);
	/* Nothing was present before. */
	ASSERT(!flush);
	return err;
}

bool p2m_pod_drop(struct domain *d, gfn_t g, unsigned int order)
{
	struct p2m *p = d->p2m;
	bool flush = false, done = false;

	if (likely(!READ_ONCE(p->pod.entries)) || g.v >> p->gfn_bits) {
		return false;
	}
	spin_lock(&p->lock);
	if (range_is(d, g.v, order, P2M_POD)) {
		done = !p2m_set_locked(d, g, INVALID_MFN, order, P2M_INVALID, &flush);
	}
	spin_unlock(&p->lock);
	if (done) {
		cache_trim(d, 0);
	}
	return done;
}

/* Nobody but the caller (with his references) and the allocation has it. */
static bool unused_but(const struct page_info *pg, uint32_t refs)
{
	return __atomic_load_n(&pg->refs, __ATOMIC_ACQUIRE) == refs + 1 &&
	       READ_ONCE(pg->flags) == PAGE_ALLOCATED;
}

bool p2m_pod_keep(struct domain *d, struct page_info *pg)
{
	struct p2m *p = d->p2m;
	bool kept;

	if (likely(READ_ONCE(p->pod.entries) <= READ_ONCE(p->pod.cache)) || !unused_but(pg, 1)) {
		return false;
	}
	memset(page_to_virt(pg), 0, PAGE_SIZE);
	spin_lock(&p->lock);
	kept = p->pod.entries > p->pod.cache && d->dying == DOMAIN_ALIVE && unused_but(pg, 1);
	if (kept) {
		cache_add(d, pg, 0);
	}
	spin_unlock(&p->lock);
	return kept;
}

/* (p2m->lock) -ENOSPC: the cache is empty. */
static int fill_locked(struct domain *d, gfn_t g, unsigned int width)
{
	unsigned int order;
	struct page_info *pg = cache_take(d, width >= ORDER_2M, &order);
	bool flush = false;
	int err;

	if (!pg) {
		return -ENOSPC;
	}
	g.v &= ~((1UL << order) - 1);
	err = p2m_set_locked(d, g, page_to_mfn(pg), order, P2M_RAM_RW, &flush);
	if (err) {
		cache_add(d, pg, order);
	}
	return err;
}

/* -EAGAIN: a search for zeroes is under way. */
static int try_fill(struct domain *d, gfn_t g)
{
	struct p2m *p = d->p2m;
	unsigned int width;
	enum p2m_type t;
	int err = 0;

	spin_lock(&p->lock);
	(void)p2m_lookup(d, g, &t, &width);
	if (t == P2M_POD) {
		err = p->pod.sweeping ? -EAGAIN : fill_locked(d, g, width);
	}
	spin_unlock(&p->lock);
	return err;
}

int p2m_pod_fill(struct domain *d, gfn_t g)
{
	int err;

	/* The search waits for nothing that we may hold. */
	while ((err = try_fill(d, g)) == -EAGAIN) {
		cpu_relax();
	}
	if (err == -ENOSPC) {
		glog_warn("d%u: no memory to populate %lx on demand\n", d->id, g.v);
		err = -ENOMEM;
	}
	return err;
}

/* Zeroes ---------------------------------------------------------------------------------------------- */

struct candidate {
	gfn_t g;
	struct page_info *pg;
};

static bool is_zero(const struct page_info *pg)
{
	const uint64_t *word = page_to_virt(pg);

	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*word); i++) {
		if (READ_ONCE(word[i])) {
			return false;
		}
	}
	return true;
}

/* The next frame of the search, downwards and round; NULL when there is no plain memory. */
static struct page_info *next_frame(struct domain *d, gfn_t *g)
{
	struct p2m *p = d->p2m;
	unsigned int width;
	enum p2m_type t;
	mfn_t m;

	if (!p->pod.cursor) {
		p->pod.cursor = p->max_gfn + 1;
	}
	*g = gfn(p->pod.cursor - 1);
	m = p2m_lookup(d, *g, &t, &width);
	if (t == P2M_RAM_RW) {
		p->pod.cursor--;
		p->pod.fruitless++;
		return mfn_to_page(m);
	}
	p->pod.fruitless += p->pod.cursor - (g->v & ~((1UL << width) - 1));
	p->pod.cursor = g->v & ~((1UL << width) - 1);
	return NULL;
}

/* Takes frames of zeroes out of the map; how many. */
static unsigned int sweep_hide(struct domain *d, struct candidate *list, bool *flush)
{
	struct p2m *p = d->p2m;
	unsigned int count = 0;

	spin_lock(&p->lock);
	for (unsigned int i = 0; i < SWEEP_FRAMES && count < SWEEP_BATCH && !p->pod.sweeping; i++) {
		struct candidate *c = &list[count];

		c->pg = next_frame(d, &c->g);
		if (!c->pg || READ_ONCE(c->pg->owner) != d || !unused_but(c->pg, 0) ||
		    !is_zero(c->pg)) {
			continue;
		}
		if (p2m_set_locked(d, c->g, INVALID_MFN, 0, P2M_POD, flush)) {
			break;
		}
		count++;
	}
	if (count) {
		p->pod.sweeping = true;
	}
	spin_unlock(&p->lock);
	return count;
}

/* (p2m->lock) True when the frame has no place any more and is to be freed. */
static bool sweep_judge(struct domain *d, const struct candidate *c)
{
	bool flush = false;
	enum p2m_type t;

	(void)p2m_lookup(d, c->g, &t, NULL);
	if (t != P2M_POD) {
		/* Given back or replaced meanwhile. */
		return true;
	}
	if (unused_but(c->pg, 0) && is_zero(c->pg)) {
		cache_add(d, c->pg, 0);
		return false;
	}
	/* This needs no table: it fails only for a dying domain, whose page_list is freed. */
	return p2m_set_locked(d, c->g, page_to_mfn(c->pg), 0, P2M_RAM_RW, &flush) &&
	       d->dying == DOMAIN_ALIVE;
}

static void sweep(struct domain *d)
{
	struct candidate list[SWEEP_BATCH];
	bool flush = false;
	unsigned int count = sweep_hide(d, list, &flush);

	if (!count) {
		return;
	}
	if (flush) {
		p2m_flush(d);
	}
	spin_lock(&d->p2m->lock);
	for (unsigned int i = 0; i < count; i++) {
		if (!sweep_judge(d, &list[i])) {
			list[i].pg = NULL;
		}
	}
	d->p2m->pod.sweeping = false;
	spin_unlock(&d->p2m->lock);
	for (unsigned int i = 0; i < count; i++) {
		if (list[i].pg) {
			page_release_allocation(list[i].pg);
		}
	}
}

void p2m_pod_fault(struct domain *d, gfn_t g)
{
	struct p2m *p = d->p2m;
	int err;

	if (READ_ONCE(p->pod.cache) < CACHE_LOW) {
		sweep(d);
	}
	err = try_fill(d, g);
	if (err == -ENOSPC && READ_ONCE(p->pod.fruitless) > READ_ONCE(p->max_gfn)) {
		domain_crash(d, "out of memory to populate on demand at frame %lx: has %lu frames, "
				"%lu more promised", g.v, d->tot_pages, p->pod.entries);
	} else if (err == -ENOMEM) {
		domain_crash(d, "out of memory for tables to populate frame %lx on demand", g.v);
	}
	/* Else it is there; or a search is under way or goes on with the next try. */
}
