/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ownership and reference counts of frames.
 *
 * A frame on a domain's list is that domain's until somebody takes it off under page_lock: the last put,
 * or the end of the domain, which leaves frames that others still hold without an owner. Reading
 * pg->owner therefore needs a reference to the frame, and following it is safe until the CPU's next pass
 * through its main loop (a domain is freed by RCU).
 *
 * Locks: domain->page_lock; the allocator's is below it.
 */
#include <hv/bitops.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/page.h>

/* Far from wrapping, with room for every CPU to be in the middle of an increment. */
#define REFS_LIMIT	0x7fff0000u

bool page_get(struct page_info *pg, const struct domain *d)
{
	uint32_t refs = __atomic_load_n(&pg->refs, __ATOMIC_RELAXED);

	do {
		if (unlikely(refs == 0 || refs >= REFS_LIMIT)) {
			return false;
		}
	} while (!__atomic_compare_exchange_n(&pg->refs, &refs, refs + 1, true, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	/* Only now does the owner stand still (save that it may end and leave the frame to nobody). */
	if (d && unlikely(READ_ONCE(pg->owner) != d)) {
		page_put(pg);
		return false;
	}
	return true;
}

void page_get_again(struct page_info *pg)
{
	uint32_t refs = __atomic_fetch_add(&pg->refs, 1, __ATOMIC_RELAXED);

	CHECK(refs != 0 && refs < REFS_LIMIT + 0x8000u);
}

/* The last reference is gone: off the owner's list and back to the allocator. */
static __noinline void page_release(struct page_info *pg)
{
	struct domain *d = READ_ONCE(pg->owner);

	if (d) {
		spin_lock(&d->page_lock);
		if (pg->owner) {
			list_del(&pg->list);
			if (!(pg->flags & PAGE_SHARED)) {
				d->tot_pages--;
			}
			WRITE_ONCE(pg->owner, NULL);
		}
		spin_unlock(&d->page_lock);
	}
	page_free(pg, 0);
}

void page_put(struct page_info *pg)
{
	uint32_t refs = __atomic_fetch_sub(&pg->refs, 1, __ATOMIC_RELEASE);

	ASSERT(refs != 0);
	if (unlikely(refs == 1)) {
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		page_release(pg);
	}
}

bool page_release_allocation(struct page_info *pg)
{
	uint16_t old = __atomic_fetch_and(&pg->flags, (uint16_t)~PAGE_ALLOCATED, __ATOMIC_ACQ_REL);

	if (!(old & PAGE_ALLOCATED)) {
		return false;
	}
	page_put(pg);
	return true;
}

struct page_info *page_alloc_domain(struct domain *d, unsigned int order, unsigned int flags)
{
	uint64_t count = BIT(order);
	struct page_info *pg = page_alloc_for(d, order, flags);

	if (!pg) {
		return NULL;
	}
	spin_lock(&d->page_lock);
	if (unlikely(d->dying != DOMAIN_ALIVE || d->tot_pages + count > d->max_pages)) {
		spin_unlock(&d->page_lock);
		page_free(pg, order);
		return NULL;
	}
	for (uint64_t i = 0; i < count; i++) {
		pg[i].owner = d;
		pg[i].flags = PAGE_ALLOCATED;
		list_add_tail(&pg[i].list, &d->page_list);
		__atomic_store_n(&pg[i].refs, 1, __ATOMIC_RELEASE);
	}
	d->tot_pages += count;
	page_claim_used(d, count);
	spin_unlock(&d->page_lock);
	return pg;
}

void page_assign(struct page_info *pg, struct domain *d)
{
	spin_lock(&d->page_lock);
	CHECK(!pg->owner && pg->refs == 0);
	pg->owner = d;
	pg->flags = PAGE_ALLOCATED;
	list_add_tail(&pg->list, &d->page_list);
	d->tot_pages++;
	__atomic_store_n(&pg->refs, 1, __ATOMIC_RELEASE);
	spin_unlock(&d->page_lock);
}

struct page_info *page_alloc_shared(struct domain *d)
{
	struct page_info *pg = page_alloc(0, ALLOC_ZERO);

	if (!pg) {
		return NULL;
	}
	spin_lock(&d->page_lock);
	pg->owner = d;
	pg->flags = PAGE_SHARED;
	list_add_tail(&pg->list, &d->shared_list);
	__atomic_store_n(&pg->refs, 1, __ATOMIC_RELEASE);
	spin_unlock(&d->page_lock);
	return pg;
}

int page_relinquish_list(struct domain *d)
{
	unsigned int done = 0;

	for (;;) {
		struct page_info *pg;
		uint16_t old;

		spin_lock(&d->page_lock);
		if (list_empty(&d->page_list)) {
			spin_unlock(&d->page_lock);
			return 0;
		}
		pg = list_first(&d->page_list, struct page_info, list);
		list_del(&pg->list);
		list_add_tail(&pg->list, &d->released_list);
		/* While it is on our list the frame is ours, so the bit is too. */
		old = __atomic_fetch_and(&pg->flags, (uint16_t)~PAGE_ALLOCATED, __ATOMIC_ACQ_REL);
		spin_unlock(&d->page_lock);
		if (old & PAGE_ALLOCATED) {
			page_put(pg);
		}
		if (++done % 64 == 0 && hypercall_should_preempt()) {
			return -ERESTART;
		}
	}
}

static void orphan_list(struct list_head *l)
{
	while (!list_empty(l)) {
		struct page_info *pg = list_first(l, struct page_info, list);

		list_del(&pg->list);
		WRITE_ONCE(pg->owner, NULL);
	}
}

void page_orphan_all(struct domain *d)
{
	spin_lock(&d->page_lock);
	orphan_list(&d->page_list);
	orphan_list(&d->released_list);
	orphan_list(&d->shared_list);
	d->tot_pages = 0;
	spin_unlock(&d->page_lock);
}
