/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest-physical map as stage-2 tables, in the long-descriptor format that both widths share. A
 * walk starts at level 0, or at level 1 with up to 16 tables side by side (DDI 0487 D8.2.2); here
 * levels count from below: 1 = 4 KiB, 2 = 2 MiB, 3 = 1 GiB.
 *
 * A table, once linked, stays until the domain is gone: look-ups walk without a lock. An entry that
 * is present is replaced by way of an absent one that no CPU has any more (break before make);
 * invalidation is the hardware's broadcast, so it may happen under the lock.
 *
 * 16 neighbours of 4 KiB or 2 MiB that map RAM in a row carry the contiguous bit, so a TLB may hold
 * them as one. All of a group have it or none (DDI 0487 D8.6.1, DDI 0406C B3.6.2): before one
 * changes, the bit goes from all of them, again by way of absent entries.
 *
 * Lock: p2m->lock covers every change. Below it: iommu_domain->lock, the allocator's.
 */
#include "p2m_dma.h"
#include <asm/p2m.h>
#include <asm/paging.h>
#include <asm/stage2.h>
#include <hv/bitops.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/p2m.h>
#include <hv/page.h>

#define PTE_VALID      BIT(0)
#define PTE_TABLE      BIT(1)	   /* or, on level 1 of ours, a page */
#define PTE_NORMAL     (15UL << 2) /* write-back: the guest's own attributes decide */
#define PTE_DEVICE     BIT(2)	   /* nGnRE */
#define PTE_READ       BIT(6)
#define PTE_WRITE      BIT(7)
#define PTE_INNER      (3UL << 8)
#define PTE_AF	       BIT(10)
#define PTE_CONTIGUOUS BIT(52)
#define PTE_XN	       BIT(54)
#define PTE_TYPE_SHIFT 55 /* bits 58:55 are software's */
#define PTE_ADDR       0x0000fffffffff000UL

#define GROUP	     16u /* neighbours with the contiguous bit, with pages of 4 KiB */
#define TABLES_MIN   256 /* a domain may always have that many */
#define CONCATENATED 4	 /* log2 of the tables that may stand side by side */
#define VMID_COUNT   256

struct p2m {
	struct spinlock lock;
	uint64_t *root;
	struct page_info *root_page;
	unsigned int root_order;
	unsigned int top; /* level of the root */
	unsigned int gfn_bits;
	uint64_t max_gfn;	  /* (lock) */
	unsigned int table_count; /* (lock) */
	unsigned int table_limit; /* (lock) 0: none */
	struct list_head tables;  /* (lock) their page_info */
	/*
	 * Entries taken out so far (changed under the lock), and how many of them no CPU has any
	 * more. Both wrap. A flush comes after the lock is free: what is to stand in the place of
	 * one that was taken out may be there first.
	 */
	unsigned int removed, flushed;
	/* p2m_relinquish: how far it is; frames of a large leaf that are still to be given back */
	uint64_t relinquish_gfn;
	uint64_t pending_mfn, pending_count;
	enum p2m_type pending_type;
};

static unsigned long vmids[BITS_TO_LONGS(VMID_COUNT)]; /* atomic; 0 is the hypervisor's */

static uint64_t span(unsigned int level)
{
	return BIT(9 * (level - 1));
}

static bool entry_is_leaf(uint64_t e, unsigned int level)
{
	return level == 1 || !(e & PTE_TABLE);
}

static enum p2m_type entry_type(uint64_t e)
{
	return (enum p2m_type)((e >> PTE_TYPE_SHIFT) & 15);
}

static uint64_t entry_mfn(uint64_t e)
{
	return (e & PTE_ADDR) >> PAGE_SHIFT;
}

static uint64_t *entry_table(uint64_t e)
{
	return hpa_to_virt(hpa(e & PTE_ADDR));
}

static uint64_t make_leaf(uint64_t m, enum p2m_type t, unsigned int level)
{
	uint64_t e = m << PAGE_SHIFT | (uint64_t)t << PTE_TYPE_SHIFT | PTE_VALID | PTE_AF |
		     PTE_INNER | PTE_READ | (level == 1 ? PTE_TABLE : 0) |
		     (t == P2M_MMIO ? PTE_DEVICE : PTE_NORMAL);

	if (p2m_is_writable(t)) {
		e |= PTE_WRITE;
	}
	return t == P2M_RAM_RW || t == P2M_RAM_RO ? e : e | PTE_XN;
}

/* Lock-free: the slot in which g's walk ends, or NULL for a g outside of what tables can hold. */
static uint64_t *walk(const struct p2m *p, uint64_t g, unsigned int *level)
{
	unsigned int l = p->top;
	uint64_t *slot;

	if (unlikely(g >> p->gfn_bits)) {
		return NULL;
	}
	slot = &p->root[g >> (9 * (l - 1))];
	while (l > 1) {
		uint64_t e = READ_ONCE(*slot);

		if (!e || !(e & PTE_TABLE)) {
			break;
		}
		l--;
		slot = &entry_table(e)[(g >> (9 * (l - 1))) & 511];
	}
	*level = l;
	return slot;
}

/* The entry that g's walk ends in; never one that points at a table. */
static inline uint64_t walk_leaf(const struct p2m *p, uint64_t g, unsigned int *level,
				 uint64_t **slot)
{
	for (;;) {
		uint64_t e;

		*level = 1;
		*slot = walk(p, g, level);
		e = *slot ? READ_ONCE(**slot) : 0;
		/* It may have turned from a large leaf into a table since. */
		if (likely(!e || entry_is_leaf(e, *level))) {
			return e;
		}
	}
}

static uint64_t leaf_frame(uint64_t e, uint64_t g, unsigned int level)
{
	return entry_mfn(e) + (g & (span(level) - 1));
}

mfn_t p2m_lookup(struct domain *d, gfn_t g, enum p2m_type *t, unsigned int *order)
{
	unsigned int level;
	uint64_t *slot, e = walk_leaf(d->p2m, g.v, &level, &slot);

	*t = entry_type(e);
	if (order) {
		*order = 9 * (level - 1);
	}
	return e ? mfn(leaf_frame(e, g.v, level)) : INVALID_MFN;
}

enum p2m_type p2m_type_settled(struct domain *d, gfn_t g)
{
	enum p2m_type t;

	spin_lock(&d->p2m->lock);
	(void)p2m_lookup(d, g, &t, NULL);
	spin_unlock(&d->p2m->lock);
	return t;
}

struct page_info *p2m_get_page(struct domain *d, gfn_t g, enum p2m_type *t)
{
	for (;;) {
		unsigned int level;
		uint64_t *slot, e = walk_leaf(d->p2m, g.v, &level, &slot);
		enum p2m_type type = entry_type(e);
		struct page_info *pg;

		if (t) {
			*t = type;
		}
		if (unlikely(!p2m_is_ram(type))) {
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

bool p2m_read_own(struct domain *d, void *dst, gpa_t src, size_t n)
{
	unsigned int level;
	uint64_t *slot, e = walk_leaf(d->p2m, src.v >> PAGE_SHIFT, &level, &slot);
	const char *from;

	if (entry_type(e) != P2M_RAM_RW) {
		return false;
	}
	from = (char *)mfn_to_virt(mfn(leaf_frame(e, src.v >> PAGE_SHIFT, level))) +
	       (src.v & ~PAGE_MASK);
	switch (IS_ALIGNED((uintptr_t)dst | (uintptr_t)from, n) ? n : 0) {
	case 4:
		*(uint32_t *)dst = READ_ONCE(*(const uint32_t *)from);
		break;
	case 8:
		*(uint64_t *)dst = READ_ONCE(*(const uint64_t *)from);
		break;
	default:
		memcpy(dst, from, n);
		break;
	}
	smp_rmb();
	return READ_ONCE(*slot) == e;
}

/* Changes
 * ------------------------------------------------------------------------------------------- */

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

/* The table's content must be there before anybody can walk into it. */
static void link_table(uint64_t *slot, const uint64_t *table)
{
	dsb(ishst);
	__atomic_store_n(slot, virt_to_hpa(table).v | PTE_VALID | PTE_TABLE, __ATOMIC_RELEASE);
}

/*
 * Break: no CPU has the entry any more. What it says stays for look-ups in software, which hold no
 * lock and must not take a frame that is being remapped for a hole.
 */
static void break_entry(struct domain *d, uint64_t *slot)
{
	WRITE_ONCE(*slot, *slot & ~PTE_VALID);
	stage2_flush(d->arch.vttbr);
}

/* The first of the slot's neighbours that it would be contiguous with. */
static uint64_t *group_of(uint64_t *slot)
{
	return (uint64_t *)((uintptr_t)slot & ~(GROUP * sizeof(*slot) - 1));
}

static bool may_be_grouped(enum p2m_type t)
{
	return t == P2M_RAM_RW || t == P2M_RAM_RO;
}

/*
 * Gives all of a group the contiguous bit or takes it; as in break_entry, look-ups see no hole.
 * Where p2m_relinquish was there may be holes.
 */
static void group_remake(struct domain *d, uint64_t *first, uint64_t bit)
{
	for (unsigned int i = 0; i < GROUP; i++) {
		WRITE_ONCE(first[i], first[i] & ~PTE_VALID);
	}
	stage2_flush(d->arch.vttbr);
	for (unsigned int i = 0; i < GROUP; i++) {
		uint64_t e = first[i];

		WRITE_ONCE(first[i], e ? (e & ~PTE_CONTIGUOUS) | bit | PTE_VALID : 0);
	}
}

/* The slot's entry is about to change alone. */
static void group_open(struct domain *d, uint64_t *slot)
{
	if (*slot & PTE_CONTIGUOUS) {
		group_remake(d, group_of(slot), 0);
	}
}

/* The slot's entry is new: is its group in a row now? */
static void group_close(struct domain *d, uint64_t *slot, unsigned int level)
{
	uint64_t *first = group_of(slot), e = first[0];

	if (level > 2 || !e || !entry_is_leaf(e, level) || (e & PTE_CONTIGUOUS) ||
	    !may_be_grouped(entry_type(e)) || !IS_ALIGNED(entry_mfn(e), GROUP * span(level))) {
		return;
	}
	for (unsigned int i = 1; i < GROUP; i++) {
		if (first[i] != e + (i * span(level) << PAGE_SHIFT)) {
			return;
		}
	}
	group_remake(d, first, PTE_CONTIGUOUS);
}

/* Replaces the large leaf in the slot by a table that maps the same; what is around g will change.
 */
static int split(struct domain *d, uint64_t *slot, unsigned int level, uint64_t g)
{
	uint64_t e, *table = table_alloc(d->p2m), *changes;

	if (!table) {
		return -ENOMEM;
	}
	group_open(d, slot);
	e = *slot;
	changes = group_of(&table[(g >> (9 * (level - 2))) & 511]);
	for (unsigned int i = 0; i < 512; i++) {
		table[i] = make_leaf(entry_mfn(e) + i * span(level - 1), entry_type(e), level - 1);
		if (may_be_grouped(entry_type(e)) && group_of(&table[i]) != changes) {
			table[i] |= PTE_CONTIGUOUS;
		}
	}
	break_entry(d, slot);
	link_table(slot, table);
	return 0;
}

/*
 * The slot of g at the wanted level, tables made and large leaves split on the way. With removing,
 * a hole stays one: *slot is NULL and *level says how wide it is.
 */
static int descend(struct domain *d, uint64_t g, unsigned int *level, bool removing, uint64_t **out)
{
	struct p2m *p = d->p2m;
	uint64_t *slot = &p->root[g >> (9 * (p->top - 1))];

	for (unsigned int l = p->top; l > *level; l--) {
		if (!*slot) {
			uint64_t *table;

			if (removing) {
				*level = l;
				*out = NULL;
				return 0;
			}
			table = table_alloc(p);
			if (!table) {
				return -ENOMEM;
			}
			link_table(slot, table);
		} else if (entry_is_leaf(*slot, l)) {
			int err = split(d, slot, l, g);

			if (err) {
				return err;
			}
		}
		slot = &entry_table(*slot)[(g >> (9 * (l - 2))) & 511];
	}
	*out = slot;
	return 0;
}

static void fill(struct domain *d, uint64_t *slot, unsigned int level, uint64_t m, enum p2m_type t,
		 bool *flush)
{
	uint64_t old = *slot;
	uint64_t e = t == P2M_INVALID ? 0 : make_leaf(m, t, level);

	if (old && !entry_is_leaf(old, level)) {
		uint64_t *table = entry_table(old);

		for (unsigned int i = 0; i < 512; i++) {
			fill(d, &table[i], level - 1, m + i * span(level - 1), t, flush);
		}
		return;
	}
	if ((old & ~PTE_CONTIGUOUS) == e) {
		return;
	}
	group_open(d, slot);
	if (old && e) {
		break_entry(d, slot);
	} else if (old) {
		*flush = true; /* what is not present, no CPU keeps */
	}
	WRITE_ONCE(*slot, e);
	if (old && !e) {
		__atomic_store_n(&d->p2m->removed, d->p2m->removed + 1, __ATOMIC_RELEASE);
	}
	if (unlikely(p2m_is_grant(entry_type(old)))) {
		p2m_dma_ungrant(d, entry_mfn(old), entry_type(old), flush);
	}
}

/* The largest leaf that may stand at g for m with count frames to go. */
static unsigned int chunk_level(uint64_t g, uint64_t m, uint64_t count, enum p2m_type t)
{
	uint64_t bits = t == P2M_INVALID ? g : g | m;

	if (count >= BIT(ORDER_1G) && IS_ALIGNED(bits, BIT(ORDER_1G))) {
		return 3;
	}
	return count >= BIT(ORDER_2M) && IS_ALIGNED(bits, BIT(ORDER_2M)) ? 2 : 1;
}

/* (lock) What g's slot of that level maps from now on. -ENOMEM: nothing, and no device either. */
static int set_slot(struct domain *d, uint64_t *slot, unsigned int level, uint64_t g, uint64_t m,
		    enum p2m_type t, bool *flush)
{
	int err = p2m_is_grant(t) ? p2m_dma_grant(d, m, t, flush) : 0;

	if (unlikely(err)) {
		return err;
	}
	if (t == P2M_RAM_RW) {
		/* The guest may look with its caches off, and must not find what was there before.
		 */
		cache_clean_invalidate_range(mfn_to_virt(mfn(m)), span(level) << PAGE_SHIFT);
	}
	fill(d, slot, level, m, t, flush);
	err = p2m_dma_follow(d, g, m, 9 * (level - 1), t, flush);
	if (unlikely(err && t != P2M_INVALID)) {
		fill(d, slot, level, 0, P2M_INVALID, flush);
	} else if (may_be_grouped(t)) {
		group_close(d, slot, level);
	}
	return err;
}

/* (lock) One chunk at g; *count: in: frames to go, out: frames dealt with. */
static int set_chunk(struct domain *d, uint64_t g, uint64_t m, uint64_t *count, enum p2m_type t,
		     bool *flush)
{
	unsigned int want = chunk_level(g, m, *count, t), level = want;
	uint64_t *slot;
	int err = descend(d, g, &level, t == P2M_INVALID, &slot);

	if (err) {
		return err;
	}
	if (!slot) {
		*count = MIN(*count, span(level) - (g & (span(level) - 1)));
		return 0;
	}
	*count = span(want);
	return set_slot(d, slot, want, g, m, t, flush);
}

/* All that was taken out before this is in no CPU after it. */
static void flush_removed(struct domain *d)
{
	struct p2m *p = d->p2m;
	unsigned int done = __atomic_load_n(&p->removed, __ATOMIC_ACQUIRE);
	unsigned int was = READ_ONCE(p->flushed);

	stage2_flush(d->arch.vttbr);
	while ((int)(done - was) > 0 &&
	       !__atomic_compare_exchange_n(&p->flushed, &was, done, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED)) {
	}
}

/* (lock) Before something new goes in. 0, -EINVAL. */
static int prepare(struct domain *d)
{
	/* Nothing for a domain whose map is being (or was) relinquished. */
	if (unlikely(d->dying != DOMAIN_ALIVE)) {
		return -EINVAL;
	}
	if (unlikely(READ_ONCE(d->p2m->flushed) != d->p2m->removed)) {
		flush_removed(d); /* who took something out has not come to it yet */
	}
	return 0;
}

static int set_locked(struct domain *d, gfn_t g, mfn_t m, unsigned int order, enum p2m_type t,
		      bool *flush)
{
	struct p2m *p = d->p2m;
	uint64_t left = BIT(order), done = 0;
	int err = 0;

	if ((g.v >> p->gfn_bits) || ((g.v + left - 1) >> p->gfn_bits) || t == P2M_POD) {
		return -EINVAL;
	}
	if (t != P2M_INVALID) {
		err = prepare(d);
	}
	while (left && !err) {
		uint64_t count = left;

		err = set_chunk(d, g.v + done, t == P2M_INVALID ? 0 : m.v + done, &count, t, flush);
		if (!err) {
			done += count;
			left -= count;
		}
	}
	if (t != P2M_INVALID && done) {
		p->max_gfn = MAX(p->max_gfn, g.v + done - 1);
		/* All or nothing; the same chunks again, so this needs no new table. */
		for (uint64_t i = 0, count; err && i < done; i += count) {
			count = done - i;
			if (set_chunk(d, g.v + i, 0, &count, P2M_INVALID, flush)) {
				break;
			}
		}
	}
	return err;
}

void p2m_flush(struct domain *d)
{
	flush_removed(d);
	iommu_flush(d);
}

/* flush: a pointer, for the call that sets it stands among the arguments. */
static int finish(struct domain *d, int err, const bool *flush)
{
	spin_unlock(&d->p2m->lock);
	if (*flush) {
		p2m_flush(d);
	}
	return err;
}

int p2m_set_noflush(struct domain *d, gfn_t g, mfn_t m, unsigned int order, enum p2m_type t,
		    bool *flush)
{
	int err;

	spin_lock(&d->p2m->lock);
	err = set_locked(d, g, m, order, t, flush);
	spin_unlock(&d->p2m->lock);
	return err;
}

int p2m_set(struct domain *d, gfn_t g, mfn_t m, unsigned int order, enum p2m_type t)
{
	bool flush = false;

	spin_lock(&d->p2m->lock);
	return finish(d, set_locked(d, g, m, order, t, &flush), &flush);
}

int p2m_set_if_empty(struct domain *d, gfn_t g, mfn_t m, enum p2m_type t)
{
	struct p2m *p = d->p2m;
	bool flush = false;
	unsigned int level;
	enum p2m_type old;
	uint64_t *slot;
	int err;

	spin_lock(&p->lock);
	old = entry_type(walk_leaf(p, g.v, &level, &slot));
	if (old != P2M_INVALID && !(old == P2M_MMIO && d->is_service)) {
		return finish(d, -EEXIST, &flush);
	}
	/* A grant's way as a rule: its table is there, so the one walk will do. */
	if (unlikely(!slot || level != 1 || t == P2M_POD)) {
		return finish(d, set_locked(d, g, m, 0, t, &flush), &flush);
	}
	err = prepare(d);
	err = err ? err : set_slot(d, slot, 1, g.v, m.v, t, &flush);
	if (!err) {
		p->max_gfn = MAX(p->max_gfn, g.v);
	}
	return finish(d, err, &flush);
}

/* (lock) Does an entry in the range hold a reference that replacing it would lose? */
static bool range_holds_references(struct domain *d, uint64_t g, unsigned int order)
{
	for (uint64_t end = g + BIT(order); g < end;) {
		unsigned int level;
		uint64_t *slot, e = walk_leaf(d->p2m, g, &level, &slot);
		enum p2m_type t = entry_type(e);

		if (t == P2M_FOREIGN || t == P2M_GRANT_RW || t == P2M_GRANT_RO) {
			return true;
		}
		/* Shared frames are mapped one by one. */
		if (e && level == 1 && p2m_is_ram(t) &&
		    (mfn_to_page(mfn(entry_mfn(e)))->flags & PAGE_SHARED)) {
			return true;
		}
		g = (g & ~(span(level) - 1)) + span(level);
	}
	return false;
}

int p2m_populate(struct domain *d, gfn_t g, mfn_t m, unsigned int order)
{
	struct p2m *p = d->p2m;
	bool flush = false;

	if ((g.v >> p->gfn_bits) || ((g.v + BIT(order) - 1) >> p->gfn_bits)) {
		return -EINVAL;
	}
	spin_lock(&p->lock);
	if (range_holds_references(d, g.v, order)) {
		return finish(d, -EEXIST, &flush);
	}
	return finish(d, set_locked(d, g, m, order, P2M_RAM_RW, &flush), &flush);
}

int p2m_remove_if_noflush(struct domain *d, gfn_t g, mfn_t m, enum p2m_type t, bool *flush)
{
	struct p2m *p = d->p2m;
	unsigned int level;
	uint64_t *slot, e;
	int err = -EINVAL;

	spin_lock(&p->lock);
	e = walk_leaf(p, g.v, &level, &slot);
	if (e && entry_type(e) == t && leaf_frame(e, g.v, level) == m.v) {
		err = likely(level == 1)
			  ? set_slot(d, slot, 1, g.v, INVALID_MFN.v, P2M_INVALID, flush)
			  : set_locked(d, g, INVALID_MFN, 0, P2M_INVALID, flush);
	}
	spin_unlock(&p->lock);
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

int p2m_cache_flush(struct domain *d, uint64_t *first, uint64_t end)
{
	for (unsigned int steps = 0; *first < end;) {
		unsigned int level;
		uint64_t *slot, e = walk_leaf(d->p2m, *first, &level, &slot);
		uint64_t next = (*first & ~(span(level) - 1)) + span(level);
		struct page_info *pg;

		if (++steps % 64 == 0 && hypercall_should_preempt()) {
			return -ERESTART;
		}
		if (!p2m_is_ram(entry_type(e))) {
			if (!slot) {
				return 0;
			}
			*first = next;
			continue;
		}
		pg = p2m_get_page(d, gfn(*first), NULL);
		if (pg) {
			cache_clean_invalidate_range(page_to_virt(pg), PAGE_SIZE);
			page_put(pg);
		}
		(*first)++;
	}
	return 0;
}

/* Life
 * ---------------------------------------------------------------------------------------------- */

static uint16_t vmid_take(void)
{
	for (unsigned int i = 1; i < VMID_COUNT; i++) {
		if (!test_and_set_bit(i, vmids)) {
			return (uint16_t)i;
		}
	}
	return 0;
}

int p2m_init(struct domain *d)
{
	unsigned int bits = stage2_ipa_bits(), start, root_bits;
	struct p2m *p = hv_alloc(sizeof(*p));

	if (!p) {
		return -ENOMEM;
	}
	d->arch.vmid = vmid_take();
	if (!d->arch.vmid) {
		hv_free(p);
		return -ENOSPC;
	}
	spin_lock_init(&p->lock);
	list_init(&p->tables);
	/* Below a level-1 table stand 39 bits; side by side, 4 more. */
	start = bits <= 39 + CONCATENATED ? 1 : 0;
	p->top = 4 - start;
	p->gfn_bits = bits - PAGE_SHIFT;
	root_bits = bits - (PAGE_SHIFT + 9 * (p->top - 1));
	p->root_order = root_bits > 9 ? root_bits - 9 : 0;
	p->root_page = page_alloc(p->root_order, ALLOC_ZERO);
	if (!p->root_page) {
		clear_bit(d->arch.vmid, vmids);
		hv_free(p);
		return -ENOMEM;
	}
	p->root = page_to_virt(p->root_page);
	p->table_count = 1U << p->root_order;
	p->table_limit = d->is_service ? 0 : TABLES_MIN;
	d->arch.phys_bits = bits;
	d->arch.vtcr = stage2_vtcr(bits, start);
	d->arch.vttbr = virt_to_hpa(p->root).v | (uint64_t)d->arch.vmid << 48;
	d->p2m = p;
	/* On failure p2m_teardown gives back all the rest. */
	if (p2m_dma_init(d)) {
		return -ENOMEM;
	}
	stage2_flush(d->arch.vttbr);
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
static void put_frame(mfn_t m, enum p2m_type t)
{
	struct page_info *pg = mfn_to_page(m);

	if (t == P2M_FOREIGN ||
	    ((t == P2M_RAM_RW || t == P2M_RAM_RO) && (pg->flags & PAGE_SHARED))) {
		page_put(pg);
	} else if (t == P2M_RAM_RW || t == P2M_RAM_RO) {
		(void)page_release_allocation(pg);
	}
	/* MMIO has no page; the reference of a grant mapping is its handle's. */
}

/* Gives back what stands in p->pending_*; true when there is time for more. */
static bool put_pending(struct p2m *p)
{
	while (p->pending_count) {
		put_frame(mfn(p->pending_mfn), p->pending_type);
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
	uint64_t g = p->relinquish_gfn, *slot, e;
	unsigned int level;

	spin_lock(&p->lock);
	e = walk_leaf(p, g, &level, &slot);
	if (e) {
		WRITE_ONCE(*slot, 0);
		/* The frames go at once. The leaf is whole in the devices' tables or not there. */
		(void)iommu_unmap(d, g & ~(span(level) - 1), 9 * (level - 1));
		p->pending_mfn = entry_mfn(e);
		p->pending_type = entry_type(e);
		p->pending_count = p2m_is_ram(p->pending_type) ? span(level) : 0;
	}
	p->relinquish_gfn = (g & ~(span(level) - 1)) + span(level);
	spin_unlock(&p->lock);
}

int p2m_relinquish(struct domain *d)
{
	struct p2m *p = d->p2m;
	unsigned int steps = 0;

	/* The domain's vCPUs never run again, but walkers may still run ahead of themselves. */
	for (;;) {
		if (!put_pending(p)) {
			return -ERESTART;
		}
		if (p->relinquish_gfn > p->max_gfn) {
			p2m_flush(d);
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
	if (p->root_page) {
		stage2_flush(d->arch.vttbr);
		page_free(p->root_page, p->root_order);
		p->root_page = NULL;
		clear_bit(d->arch.vmid, vmids);
	}
	while (!list_empty(&p->tables)) {
		struct page_info *pg = list_first(&p->tables, struct page_info, list);

		list_del(&pg->list);
		page_free(pg, 0);
		if (++done == 1024 && !list_empty(&p->tables)) {
			return -ERESTART;
		}
	}
	p2m_dma_destroy(d);
	d->p2m = NULL;
	hv_free(p);
	return 0;
}
