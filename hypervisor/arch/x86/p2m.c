/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest-physical map in the CPU's own format: nested page tables or EPT, four levels. The vendor makes
 * leaves (vmm->pte_leaf); all else is common: see asm/vmm.h.
 *
 * A table, once linked, stays until the domain is gone: look-ups walk without a lock, and a hardware walker
 * never sees a freed table. So a large leaf that would replace a table is written into that table.
 *
 * Lock: p2m->lock covers every change. Below it: page_lock (p2m_pod.c), the allocator's and the IOMMU's. It is never held while
 * other CPUs are called (p2m_flush), for they may be waiting for it.
 */
#include <hv/bitops.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/p2m.h>
#include <hv/page.h>
#include <asm/vmm.h>
#include "p2m_cache.h"
#include "p2m_internal.h"

unsigned int p2m_largest_level = 2;

#define TABLES_MIN	256		/* a domain may always have that many */

static unsigned int slot_index(uint64_t g, unsigned int level)
{
	return (unsigned int)(g >> (9 * (level - 1))) & 511;
}

static bool entry_is_leaf(uint64_t e, unsigned int level)
{
	return level == 1 || (e & P2M_PTE_LARGE);
}

static enum p2m_type entry_type(uint64_t e)
{
	return p2m_entry_type(e);
}

static uint64_t entry_mfn(uint64_t e, unsigned int level)
{
	return ((e & P2M_PTE_ADDR) >> PAGE_SHIFT) & ~((1UL << (9 * (level - 1))) - 1);
}

static uint64_t *entry_table(uint64_t e)
{
	return hpa_to_virt(hpa(e & P2M_PTE_ADDR));
}

static uint64_t make_leaf(mfn_t m, enum p2m_type t, unsigned int level)
{
	return vmm->pte_leaf(m, t, level) | ((uint64_t)t << P2M_PTE_TYPE_SHIFT) |
	       (level > 1 ? P2M_PTE_LARGE : 0);
}

/* Lock-free: the slot in which g's walk ends, or NULL for a g outside of what tables can hold. */
static inline uint64_t *walk(const struct p2m *p, uint64_t g, unsigned int *level)
{
	uint64_t *slot, e;

	if (unlikely(g >> GFN_BITS)) {
		return NULL;
	}
	slot = &p->root[slot_index(g, 4)];
	*level = 4;
	e = READ_ONCE(*slot);
	if (unlikely(!e)) {
		return slot;
	}
	slot = &entry_table(e)[slot_index(g, 3)];
	*level = 3;
	e = READ_ONCE(*slot);
	if (unlikely(!e || (e & P2M_PTE_LARGE))) {
		return slot;
	}
	slot = &entry_table(e)[slot_index(g, 2)];
	*level = 2;
	e = READ_ONCE(*slot);
	if (!e || (e & P2M_PTE_LARGE)) {
		return slot;
	}
	*level = 1;
	return &entry_table(e)[slot_index(g, 1)];
}

/* The frame of g in leaf e. */
static inline uint64_t leaf_frame(uint64_t e, uint64_t g, unsigned int level)
{
	return entry_mfn(e, level) + (g & ((1UL << (9 * (level - 1))) - 1));
}

mfn_t p2m_lookup(struct domain *d, gfn_t g, enum p2m_type *t, unsigned int *order)
{
	unsigned int level = 1;
	uint64_t *slot = walk(d->p2m, g.v, &level);
	uint64_t e = slot ? READ_ONCE(*slot) : 0;

	/* The slot may have turned from a large leaf into a table since it was found. */
	if (unlikely(e && level > 1 && !(e & P2M_PTE_LARGE))) {
		return p2m_lookup(d, g, t, order);
	}
	*t = entry_type(e);
	if (order) {
		*order = 9 * (level - 1);
	}
	return likely(e & LINK) ? mfn(leaf_frame(e, g.v, level)) : INVALID_MFN;
}

bool p2m_own_frame_look(struct vcpu *v, struct domain *d, uint64_t g, struct p2m_own_frame *out)
{
	unsigned int level = 1;
	uint64_t *slot = walk(d->p2m, g, &level);
	uint64_t e = slot ? READ_ONCE(*slot) : 0;

	if (!e || !entry_is_leaf(e, level) || entry_type(e) != P2M_RAM_RW) {
		return false;
	}
	out->page = mfn_to_virt(mfn(leaf_frame(e, g, level)));
	out->slot = slot;
	out->entry = e;
	if (level > 1 && v->domain == d) {
		*p2m_cache_entry(v, g) = (struct p2m_cached){
			.tag = (g >> ORDER_2M) + 1, .slot = slot, .entry = e,
			.base = out->page - ((g & 511) << PAGE_SHIFT),
		};
	}
	return true;
}

struct page_info *p2m_get_page(struct domain *d, gfn_t g, enum p2m_type *t)
{
	for (;;) {
		unsigned int level = 1;
		uint64_t *slot = walk(d->p2m, g.v, &level);
		uint64_t e = slot ? READ_ONCE(*slot) : 0;
		enum p2m_type type = entry_type(e);
		struct page_info *pg;

		if (unlikely(e && !entry_is_leaf(e, level))) {
			continue;
		}
		if (t) {
			*t = type;
		}
		if (unlikely(!p2m_is_ram(type))) {
			if (type == P2M_POD && p2m_pod_fill(d, g) == 0) {
				continue;
			}
			return NULL;
		}
		pg = mfn_to_page(mfn(leaf_frame(e, g.v, level)));
		if (likely(page_get(pg, NULL))) {
			if (likely(READ_ONCE(*slot) == e)) {
				return pg;
			}
			page_put(pg);
		} else if (READ_ONCE(*slot) == e) {
			return NULL;
		}
	}
}

/* Changes ------------------------------------------------------------------------------------------- */

static uint64_t *table_alloc(struct p2m *p)
{
	struct page_info *pg;

	if (p->table_limit && p->table_count >= p->table_limit) {
		return NULL;
	}
	pg = page_alloc(0, ALLOC_ZERO);
	if (!pg) {
		return NULL;
	}
	list_add_tail(&pg->list, &p->tables);
	p->table_count++;
	return page_to_virt(pg);
}

static void link_table(uint64_t *slot, const uint64_t *table)
{
	/* The table's content must be there before anybody can walk into it. */
	__atomic_store_n(slot, virt_to_hpa(table).v | LINK, __ATOMIC_RELEASE);
}

/* Replaces the large leaf in the slot by a table that maps the same. */
static int split(struct p2m *p, uint64_t *slot, unsigned int level)
{
	uint64_t e = *slot;
	uint64_t *table = table_alloc(p);

	if (!table) {
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < 512; i++) {
		mfn_t m = mfn(entry_mfn(e, level) + ((uint64_t)i << (9 * (level - 2))));

		table[i] = p2m_dirty_piece(p, e, make_leaf(m, entry_type(e), level - 1), level - 1);
	}
	link_table(slot, table);
	return 0;
}

/*
 * The slot of g at the wanted level, tables made and large leaves split on the way. With removing, a hole
 * stays one: *slot is NULL and *level says how wide it is.
 */
static int descend(struct p2m *p, uint64_t g, unsigned int *level, bool removing, uint64_t **out)
{
	uint64_t *table = p->root;

	for (unsigned int l = LEVELS; l > *level; l--) {
		uint64_t *slot = &table[slot_index(g, l)];

		if (!*slot) {
			uint64_t *next;

			if (removing) {
				*level = l;
				*out = NULL;
				return 0;
			}
			next = table_alloc(p);
			if (!next) {
				return -ENOMEM;
			}
			link_table(slot, next);
		} else if (entry_is_leaf(*slot, l)) {
			int err = split(p, slot, l);

			if (err) {
				return err;
			}
		}
		table = entry_table(*slot);
	}
	*out = &table[slot_index(g, *level)];
	return 0;
}

uint64_t *p2m_slot(const struct p2m *p, uint64_t g, unsigned int *level)
{
	return walk(p, g, level);
}

int p2m_split(struct p2m *p, uint64_t g)
{
	unsigned int level = 1;
	uint64_t *slot;

	return descend(p, g, &level, true, &slot);
}

static void fill(struct p2m *p, uint64_t *slot, unsigned int level, uint64_t m, enum p2m_type t,
		 bool *flush)
{
	uint64_t old = *slot;
	uint64_t e = t == P2M_INVALID ? 0 : make_leaf(mfn(m), t, level);

	if (old && !entry_is_leaf(old, level)) {
		uint64_t *table = entry_table(old);

		for (unsigned int i = 0; i < 512; i++) {
			fill(p, &table[i], level - 1, m + ((uint64_t)i << (9 * (level - 2))), t,
			     flush);
		}
		return;
	}
	if (old != e) {
		WRITE_ONCE(*slot, e);
		/* What is not present, no CPU keeps. */
		*flush |= (old & LINK) != 0;
		if (unlikely(entry_type(old) == P2M_POD)) {
			p->pod.entries -= 1UL << (9 * (level - 1));
		}
		if (unlikely(t == P2M_POD)) {
			p->pod.entries += 1UL << (9 * (level - 1));
		}
	}
}

static int iommu_follow(struct domain *d, uint64_t g, mfn_t m, unsigned int order, enum p2m_type t)
{
	unsigned int rw = iommu_rights(t);

	if (likely(!d->iommu)) {
		return 0;
	}
	return rw ? iommu_map(d, g, m, order, rw) : iommu_unmap(d, g, order);
}

/* The largest leaf that may stand at g for m with count frames to go. */
static unsigned int chunk_level(uint64_t g, uint64_t m, uint64_t count, enum p2m_type t)
{
	uint64_t bits = t == P2M_INVALID || t == P2M_POD ? g : g | m;

	if (count >= 1UL << ORDER_1G && IS_ALIGNED(bits, 1UL << ORDER_1G) && p2m_largest_level >= 3) {
		return 3;
	}
	return count >= 1UL << ORDER_2M && IS_ALIGNED(bits, 1UL << ORDER_2M) ? 2 : 1;
}

/* (lock) One chunk at g; *count: in: frames to go, out: frames dealt with. */
static int set_chunk(struct domain *d, uint64_t g, uint64_t m, uint64_t *count, enum p2m_type t,
		     bool *flush)
{
	struct p2m *p = d->p2m;
	unsigned int want = chunk_level(g, m, *count, t), level = want;
	bool removing = t == P2M_INVALID;
	uint64_t *slot;
	int err = descend(p, g, &level, removing, &slot);

	if (err) {
		return err;
	}
	if (!slot) {
		uint64_t span = 1UL << (9 * (level - 1));

		*count = MIN(*count, span - (g & (span - 1)));
		return 0;
	}
	fill(p, slot, want, m, t, flush);
	if (unlikely(d->log_dirty)) {
		p2m_dirty_changed(d, g, 1UL << (9 * (want - 1)));
	}
	*count = 1UL << (9 * (want - 1));
	err = iommu_follow(d, g, mfn(m), 9 * (want - 1), t);
	if (err && !removing) {
		fill(p, slot, want, 0, P2M_INVALID, flush);
	}
	return err;
}

int p2m_set_locked(struct domain *d, gfn_t g, mfn_t m, unsigned int order, enum p2m_type t,
		   bool *flush)
{
	struct p2m *p = d->p2m;
	uint64_t left = 1UL << order, done = 0;
	int err = 0;

	if ((g.v >> p->gfn_bits) || ((g.v + left - 1) >> p->gfn_bits)) {
		return -EINVAL;
	}
	/* Nothing new for a domain whose map is being (or was) relinquished. */
	if (unlikely(t != P2M_INVALID && d->dying != DOMAIN_ALIVE)) {
		return -EINVAL;
	}
	while (left && !err) {
		uint64_t count = left;

		err = set_chunk(d, g.v + done, t == P2M_INVALID || t == P2M_POD ? 0 : m.v + done,
				&count, t, flush);
		if (!err) {
			done += count;
			left -= count;
		}
	}
	if (t != P2M_INVALID && done) {
		p->max_gfn = MAX(p->max_gfn, g.v + done - 1);
		if (err) {
			/* All or nothing; the same chunks again, so this needs no new table. */
			for (uint64_t i = 0, count; i < done; i += count) {
				count = done - i;
				if (set_chunk(d, g.v + i, 0, &count, P2M_INVALID, flush)) {
					break;
				}
			}
		}
	}
	return err;
}

static void no_op(void *arg)
{
}

void p2m_flush(struct domain *d)
{
	unsigned long mask = 0;
	struct vcpu *v;

	vmm->flush_p2m(d);
	/* A vCPU that starts to run after this sees the flush request; one that runs already is called. */
	smp_mb();
	for_each_vcpu(d, v) {
		if (READ_ONCE(v->sched.running)) {
			mask |= BIT(READ_ONCE(v->cpu));
		}
	}
	mask &= ~BIT(this_cpu()->id);
	if (mask) {
		cpu_call(mask, no_op, NULL);
	}
}

int p2m_set_noflush(struct domain *d, gfn_t g, mfn_t m, unsigned int order, enum p2m_type t, bool *flush)
{
	int err;

	spin_lock(&d->p2m->lock);
	err = p2m_set_locked(d, g, m, order, t, flush);
	spin_unlock(&d->p2m->lock);
	return err;
}

int p2m_set(struct domain *d, gfn_t g, mfn_t m, unsigned int order, enum p2m_type t)
{
	bool flush = false;
	int err = p2m_set_noflush(d, g, m, order, t, &flush);

	if (flush) {
		p2m_flush(d);
	}
	return err;
}

int p2m_set_if_empty(struct domain *d, gfn_t g, mfn_t m, enum p2m_type t)
{
	bool flush = false;
	enum p2m_type old;
	int err;

	spin_lock(&d->p2m->lock);
	(void)p2m_lookup(d, g, &old, NULL);
	if (old == P2M_INVALID || old == P2M_POD || (old == P2M_MMIO && d->is_service)) {
		err = p2m_set_locked(d, g, m, 0, t, &flush);
	} else {
		err = -EEXIST;
	}
	spin_unlock(&d->p2m->lock);
	if (flush) {
		p2m_flush(d);
	}
	return err;
}

/* (lock) Does an entry in the range hold a reference that replacing it would lose? */
static bool range_holds_references(struct domain *d, uint64_t g, unsigned int order)
{
	for (uint64_t end = g + (1UL << order); g < end;) {
		unsigned int level = 1;
		uint64_t *slot = walk(d->p2m, g, &level);
		uint64_t e = slot ? *slot : 0, span = 1UL << (9 * (level - 1));
		enum p2m_type t = entry_type(e);

		if (t == P2M_FOREIGN || t == P2M_GRANT_RW || t == P2M_GRANT_RO) {
			return true;
		}
		/* Shared frames are mapped one by one. */
		if (level == 1 && p2m_is_ram(t) &&
		    (mfn_to_page(mfn(entry_mfn(e, 1)))->flags & PAGE_SHARED)) {
			return true;
		}
		g = (g & ~(span - 1)) + span;
	}
	return false;
}

int p2m_populate(struct domain *d, gfn_t g, mfn_t m, unsigned int order)
{
	bool flush = false;
	int err = -EINVAL;

	spin_lock(&d->p2m->lock);
	if (!(g.v >> d->p2m->gfn_bits)) {
		err = range_holds_references(d, g.v, order) ?
			      -EEXIST : p2m_set_locked(d, g, m, order, P2M_RAM_RW, &flush);
	}
	spin_unlock(&d->p2m->lock);
	if (flush) {
		p2m_flush(d);
	}
	return err;
}

int p2m_remove_if_noflush(struct domain *d, gfn_t g, mfn_t m, enum p2m_type t, bool *flush)
{
	enum p2m_type old;
	mfn_t now;
	int err;

	spin_lock(&d->p2m->lock);
	now = p2m_lookup(d, g, &old, NULL);
	if (old == t && mfn_eq(now, m)) {
		err = p2m_set_locked(d, g, INVALID_MFN, 0, P2M_INVALID, flush);
	} else {
		err = -EINVAL;
	}
	spin_unlock(&d->p2m->lock);
	return err;
}

int p2m_remove_if(struct domain *d, gfn_t g, mfn_t m, enum p2m_type t)
{
	bool flush = false;
	int err = p2m_remove_if_noflush(d, g, m, t, &flush);

	if (flush) {
		p2m_flush(d);
	}
	return err;
}

/* Life ---------------------------------------------------------------------------------------------- */

int p2m_init(struct domain *d)
{
	struct p2m *p = hv_alloc(sizeof(*p));

	if (!p) {
		return -ENOMEM;
	}
	spin_lock_init(&p->lock);
	list_init(&p->tables);
	list_init(&p->pod.large);
	list_init(&p->pod.single);
	p->gfn_bits = MIN(d->arch.phys_bits, GFN_BITS + (unsigned int)PAGE_SHIFT) - PAGE_SHIFT;
	p->table_limit = d->is_service ? 0 : TABLES_MIN;
	p->root = table_alloc(p);
	if (!p->root) {
		hv_free(p);
		return -ENOMEM;
	}
	d->p2m = p;
	return 0;
}

hpa_t p2m_root(const struct domain *d)
{
	return virt_to_hpa(d->p2m->root);
}

gfn_t p2m_max_gfn(const struct domain *d)
{
	return gfn(READ_ONCE(d->p2m->max_gfn));
}

int p2m_set_pool(struct domain *d, uint64_t bytes)
{
	struct p2m *p = d->p2m;
	uint64_t limit = MAX(bytes >> PAGE_SHIFT, (uint64_t)TABLES_MIN);
	int err = 0;

	spin_lock(&p->lock);
	if (limit < p->table_count) {
		err = -ENOMEM;
	} else if (!d->is_service) {
		p->table_limit = (unsigned int)MIN(limit, (uint64_t)UINT32_MAX);
	}
	spin_unlock(&p->lock);
	return err;
}

uint64_t p2m_get_pool(const struct domain *d)
{
	return (uint64_t)d->p2m->table_limit << PAGE_SHIFT;
}

/* Drops what one frame's entry stood for. The entry is gone already. */
static void put_frame(struct domain *d, mfn_t m, enum p2m_type t)
{
	struct page_info *pg = mfn_to_page(m);

	switch (t) {
	case P2M_RAM_RW:
	case P2M_RAM_RO:
		if (pg->flags & PAGE_SHARED) {
			page_put(pg);
		} else {
			page_release_allocation(pg);
		}
		break;
	case P2M_FOREIGN:
		page_put(pg);
		break;
	default:
		/* MMIO has no page; the reference of a grant mapping is its handle's. */
		break;
	}
}

/* Gives back what stands in p->pending_*; true when there is time for more. */
static bool put_pending(struct domain *d)
{
	struct p2m *p = d->p2m;

	while (p->pending_count) {
		put_frame(d, mfn(p->pending_mfn), p->pending_type);
		p->pending_mfn++;
		p->pending_count--;
		if (p->pending_count % 64 == 0 && hypercall_should_preempt()) {
			return false;
		}
	}
	return true;
}

/* Takes the leaf at relinquish_gfn (or skips the hole) and moves on. */
static void relinquish_one(struct domain *d)
{
	struct p2m *p = d->p2m;
	uint64_t g = p->relinquish_gfn, span, e;
	unsigned int level = 1;
	uint64_t *slot;

	spin_lock(&p->lock);
	slot = walk(p, g, &level);
	span = 1UL << (9 * (level - 1));
	e = slot ? *slot : 0;
	if (e) {
		WRITE_ONCE(*slot, 0);
		p->pending_mfn = entry_mfn(e, level);
		p->pending_type = entry_type(e);
		p->pending_count = p2m_is_ram(p->pending_type) ? span : 0;
		if (p->pending_type == P2M_POD) {
			p->pod.entries -= span;
		}
		if (d->iommu && iommu_rights(p->pending_type)) {
			(void)iommu_unmap(d, g & ~(span - 1), 9 * (level - 1));
		}
	}
	p->relinquish_gfn = (g & ~(span - 1)) + span;
	spin_unlock(&p->lock);
}

int p2m_relinquish(struct domain *d)
{
	struct p2m *p = d->p2m;
	unsigned int steps = 0;

	/* The domain's vCPUs never run again, so their TLBs do not matter. */
	for (;;) {
		if (!put_pending(d)) {
			return -ERESTART;
		}
		if (p->relinquish_gfn > p->max_gfn) {
			return 0;
		}
		relinquish_one(d);
		if (++steps % 64 == 0 && hypercall_should_preempt()) {
			return -ERESTART;
		}
	}
}

int p2m_teardown(struct domain *d)
{
	struct p2m *p = d->p2m;
	unsigned int done = 0;

	if (!p) {
		return 0;
	}
	while (!list_empty(&p->tables)) {
		struct page_info *pg = list_first(&p->tables, struct page_info, list);

		list_del(&pg->list);
		page_free(pg, 0);
		if (++done == 1024 && !list_empty(&p->tables)) {
			return -ERESTART;
		}
	}
	d->p2m = NULL;
	p2m_dirty_destroy(p);
	hv_free(p);
	return 0;
}
