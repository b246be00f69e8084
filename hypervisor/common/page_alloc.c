/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame allocator: a buddy system in two zones, below and above 4 GiB. What may be anywhere is taken
 * from above, for low memory is scarce and some devices need it.
 *
 * A clean frame is all zeroes. What comes back is dirty and stays so until somebody wants it (it is
 * scrubbed then, outside the lock) or an idle CPU finds it. Each frame of a free block says for itself
 * whether it is dirty; a block with one dirty frame waits on the dirty lists, so blocks merge freely.
 *
 * Locks: alloc_lock (interrupts off) is a leaf.
 */
#include <hv/bitops.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/spinlock.h>

#define ORDER_MAX	ORDER_1G
#define LOW_FRAMES	(GIB(4) >> PAGE_SHIFT)

struct zone {
	struct list_head clean[ORDER_MAX + 1], dirty[ORDER_MAX + 1];
	uint64_t free;
};

enum { ZONE_LOW, ZONE_HIGH, ZONE_COUNT };

static struct zone zones[ZONE_COUNT];
static bool zones_ready;
static struct spinlock alloc_lock = SPINLOCK_INIT;
static uint64_t total_count, dirty_count, claimed_count;
/* Frames that a scrubber holds for the moment: an allocation that finds nothing waits for them. */
static unsigned int scrubbing_count;
/* Where the last scrub stopped: in a big block the frames before it are clean. */
static uint64_t scrub_hint;

static void zones_init(void)
{
	for (unsigned int z = 0; z < ZONE_COUNT; z++) {
		for (unsigned int o = 0; o <= ORDER_MAX; o++) {
			list_init(&zones[z].clean[o]);
			list_init(&zones[z].dirty[o]);
		}
	}
	zones_ready = true;
}

static struct zone *zone_of(uint64_t m)
{
	return &zones[m < LOW_FRAMES ? ZONE_LOW : ZONE_HIGH];
}

static bool is_free_block(uint64_t m, unsigned int order)
{
	const struct page_info *pg;

	if (!mfn_valid(mfn(m))) {
		return false;
	}
	pg = mfn_to_page(mfn(m));
	return (pg->flags & PAGE_FREE) && pg->order == order;
}

/* A head's "reserved" byte says on which list its block is. */
static void block_insert(struct zone *z, struct page_info *head, unsigned int order, bool dirty)
{
	head->order = (uint8_t)order;
	head->reserved = dirty;
	list_add(&head->list, dirty ? &z->dirty[order] : &z->clean[order]);
}

/* (alloc_lock) The frames carry their flags already; joins the block with its free buddies. */
static void block_free(uint64_t m, unsigned int order, bool dirty)
{
	struct zone *z = zone_of(m);

	z->free += BIT(order);
	while (order < ORDER_MAX) {
		uint64_t buddy = m ^ BIT(order);
		struct page_info *pg;

		if (!is_free_block(buddy, order)) {
			break;
		}
		pg = mfn_to_page(mfn(buddy));
		list_del(&pg->list);
		dirty |= pg->reserved;
		/* No longer the head of anything: its order must not look like one. */
		pg->order = 0xff;
		mfn_to_page(mfn(m))->order = 0xff;
		m = MIN(m, buddy);
		order++;
	}
	block_insert(z, mfn_to_page(mfn(m)), order, dirty);
}

/* (alloc_lock) Cuts a block that is off the lists down to order and gives the upper halves back. */
static void block_split(struct zone *z, uint64_t m, unsigned int from, unsigned int order, bool dirty)
{
	while (from > order) {
		from--;
		block_insert(z, mfn_to_page(mfn(m + BIT(from))), from, dirty);
	}
}

static struct list_head *zone_find(struct zone *z, unsigned int order, bool want_dirty,
				   unsigned int *found)
{
	for (unsigned int o = order; o <= ORDER_MAX; o++) {
		struct list_head *first = want_dirty ? &z->dirty[o] : &z->clean[o];
		struct list_head *second = want_dirty ? &z->clean[o] : &z->dirty[o];

		if (!list_empty(first) || !list_empty(second)) {
			*found = o;
			return list_empty(first) ? second : first;
		}
	}
	return NULL;
}

/* (alloc_lock) Takes a block off; its frames are still marked free. */
static struct page_info *take_block(unsigned int order, unsigned int flags)
{
	for (int i = (flags & ALLOC_LOW) ? ZONE_LOW : ZONE_HIGH; i >= 0; i--) {
		struct zone *z = &zones[i];
		unsigned int from = 0;
		struct list_head *l = zone_find(z, order, flags & ALLOC_NO_SCRUB, &from);
		struct page_info *pg;

		if (!l) {
			continue;
		}
		pg = list_first(l, struct page_info, list);
		list_del(&pg->list);
		block_split(z, page_to_mfn(pg).v, from, order, pg->reserved);
		/* Still marked free: it must not look like somebody's buddy. */
		pg->order = 0xff;
		z->free -= BIT(order);
		return pg;
	}
	return NULL;
}

/* Makes the frames of a block that was taken off ready for use; scrubs what must be. */
static void block_prepare(struct page_info *pg, unsigned int order, bool scrub)
{
	uint64_t cleaned = 0;

	for (unsigned long i = 0; i < BIT(order); i++) {
		if (pg[i].flags & PAGE_DIRTY) {
			cleaned++;
			if (scrub) {
				memset(page_to_virt(&pg[i]), 0, PAGE_SIZE);
			}
		}
		pg[i].flags = 0;
		pg[i].owner = NULL;
		list_init(&pg[i].list);
	}
	pg->order = (uint8_t)order;
	pg->reserved = 0;
	__atomic_sub_fetch(&dirty_count, cleaned, __ATOMIC_RELAXED);
}

static uint64_t free_count_locked(void)
{
	return zones[ZONE_LOW].free + zones[ZONE_HIGH].free;
}

/* May 2^order frames go to d (NULL: the hypervisor), seen from what others have claimed? */
static bool claims_allow(const struct domain *d, unsigned int order)
{
	uint64_t own = d ? d->outstanding_claim : 0;

	return free_count_locked() >= BIT(order) + (claimed_count - own) || own >= BIT(order);
}

struct page_info *page_alloc_for(struct domain *d, unsigned int order, unsigned int flags)
{
	struct page_info *pg;
	unsigned long irq;
	bool retry;

	if (order > ORDER_MAX || !zones_ready) {
		return NULL;
	}
	do {
		irq = spin_lock_irq(&alloc_lock);
		pg = claims_allow(d, order) ? take_block(order, flags) : NULL;
		retry = !pg && scrubbing_count;
		spin_unlock_irq(&alloc_lock, irq);
		if (retry) {
			cpu_relax();
		}
	} while (retry);
	if (pg) {
		block_prepare(pg, order, (flags & ALLOC_ZERO) || !(flags & ALLOC_NO_SCRUB));
	}
	return pg;
}

struct page_info *page_alloc(unsigned int order, unsigned int flags)
{
	return page_alloc_for(NULL, order, flags);
}

static void free_marked(struct page_info *pg, unsigned int order, bool dirty)
{
	unsigned long irq;

	for (unsigned long i = 0; i < BIT(order); i++) {
		ASSERT(!(pg[i].flags & PAGE_FREE) && pg[i].refs == 0);
		pg[i].owner = NULL;
		pg[i].order = 0xff;
		pg[i].flags = (uint16_t)(PAGE_FREE | (dirty ? PAGE_DIRTY : 0));
	}
	irq = spin_lock_irq(&alloc_lock);
	if (dirty) {
		__atomic_add_fetch(&dirty_count, BIT(order), __ATOMIC_RELAXED);
	}
	block_free(page_to_mfn(pg).v, order, dirty);
	spin_unlock_irq(&alloc_lock, irq);
}

void page_free(struct page_info *pg, unsigned int order)
{
	if (HV_DEBUG) {
		CHECK(!(pg->flags & PAGE_FREE));
	}
	free_marked(pg, order, true);
}

void page_alloc_add(mfn_t start, mfn_t end, bool dirty)
{
	uint64_t m = start.v;

	if (!zones_ready) {
		zones_init();
	}
	while (m < end.v) {
		/* The largest aligned block that fits; m = 0 is aligned to anything. */
		unsigned int order = m ? MIN(lowest_bit(m), (unsigned int)ORDER_MAX) : ORDER_MAX;

		while (BIT(order) > end.v - m) {
			order--;
		}
		for (unsigned long i = 0; i < BIT(order); i++) {
			*mfn_to_page(mfn(m + i)) = (struct page_info){ 0 };
			list_init(&mfn_to_page(mfn(m + i))->list);
		}
		free_marked(mfn_to_page(mfn(m)), order, dirty);
		m += BIT(order);
	}
	total_count += end.v - start.v;
}

void *page_alloc_virt(void)
{
	struct page_info *pg = page_alloc(0, ALLOC_ZERO);

	return pg ? page_to_virt(pg) : NULL;
}

void page_free_virt(void *p)
{
	if (p) {
		page_free(virt_to_page(p), 0);
	}
}

uint64_t page_total_count(void)
{
	return total_count;
}

uint64_t page_free_count(void)
{
	return READ_ONCE(zones[ZONE_LOW].free) + READ_ONCE(zones[ZONE_HIGH].free);
}

uint64_t page_free_low_count(void)
{
	return READ_ONCE(zones[ZONE_LOW].free);
}

uint64_t page_scrub_pending(void)
{
	return READ_ONCE(dirty_count);
}

/* (alloc_lock) The smallest dirty block: it is the cheapest to search. */
static struct page_info *find_dirty_block(void)
{
	for (unsigned int o = 0; o <= ORDER_MAX; o++) {
		for (int z = ZONE_HIGH; z >= 0; z--) {
			struct list_head *l = &zones[z].dirty[o];

			if (!list_empty(l)) {
				return list_first(l, struct page_info, list);
			}
		}
	}
	return NULL;
}

/*
 * Scrubs a few frames of a block that is off the lists. True when none of its frames is dirty any more.
 */
static bool scrub_block(struct page_info *pg, unsigned int order, unsigned int count,
			unsigned int *done)
{
	uint64_t first = page_to_mfn(pg).v, i = 0;

	if (scrub_hint > first && scrub_hint < first + BIT(order)) {
		i = scrub_hint - first;
	}
	for (; i < BIT(order); i++) {
		if (!(pg[i].flags & PAGE_DIRTY)) {
			continue;
		}
		if (*done == count) {
			scrub_hint = first + i;
			return false;
		}
		memset(page_to_virt(&pg[i]), 0, PAGE_SIZE);
		pg[i].flags = (uint16_t)(pg[i].flags & ~PAGE_DIRTY);
		(*done)++;
	}
	/* Frames before the hint may have become dirty since (blocks merge): look there the next time. */
	i = scrub_hint > first && scrub_hint < first + BIT(order);
	scrub_hint = 0;
	return !i;
}

unsigned int page_scrub_some(unsigned int count)
{
	unsigned int done = 0, order;
	struct page_info *pg;
	unsigned long irq;
	struct zone *z;
	bool clean;

	if (!READ_ONCE(dirty_count)) {
		return 0;
	}
	irq = spin_lock_irq(&alloc_lock);
	/* One scrubber at a time: idle CPUs are not in a hurry, and the hint is shared. */
	pg = scrubbing_count ? NULL : find_dirty_block();
	if (!pg) {
		spin_unlock_irq(&alloc_lock, irq);
		return 0;
	}
	list_del(&pg->list);
	order = pg->order;
	pg->order = 0xff;
	scrubbing_count = 1;
	spin_unlock_irq(&alloc_lock, irq);

	clean = scrub_block(pg, order, count, &done);

	irq = spin_lock_irq(&alloc_lock);
	scrubbing_count = 0;
	z = zone_of(page_to_mfn(pg).v);
	z->free -= BIT(order);
	block_free(page_to_mfn(pg).v, order, !clean);
	__atomic_sub_fetch(&dirty_count, done, __ATOMIC_RELAXED);
	spin_unlock_irq(&alloc_lock, irq);
	return done;
}

/* Claims -------------------------------------------------------------------------------------------- */

int page_claim(struct domain *d, uint64_t pages)
{
	int err = 0;
	unsigned long irq;
	uint64_t need;

	spin_lock(&d->page_lock);
	irq = spin_lock_irq(&alloc_lock);
	if (!pages) {
		claimed_count -= d->outstanding_claim;
		d->outstanding_claim = 0;
	} else if (d->outstanding_claim || pages <= d->tot_pages || pages > d->max_pages) {
		err = -EINVAL;
	} else {
		need = pages - d->tot_pages;
		if (need > free_count_locked() - MIN(claimed_count, free_count_locked())) {
			err = -ENOMEM;
		} else {
			d->outstanding_claim = need;
			claimed_count += need;
		}
	}
	spin_unlock_irq(&alloc_lock, irq);
	spin_unlock(&d->page_lock);
	return err;
}

void page_claim_used(struct domain *d, uint64_t pages)
{
	unsigned long irq;
	uint64_t used;

	if (likely(!d->outstanding_claim)) {
		return;
	}
	irq = spin_lock_irq(&alloc_lock);
	used = MIN(d->outstanding_claim, pages);
	d->outstanding_claim -= used;
	claimed_count -= used;
	spin_unlock_irq(&alloc_lock, irq);
}

uint64_t page_claimed_count(void)
{
	return READ_ONCE(claimed_count);
}
