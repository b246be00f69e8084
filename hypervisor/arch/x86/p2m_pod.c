/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Populate on demand. A domain that starts with memory < maxmem has a map of maxmem, but frames for memory only: they
 * wait in a cache and go to the places that the guest touches first. Its balloon driver then gives back as many places
 * as there are frames too few. When the cache is empty before that, the guest has broken its promise and is crashed.
 *
 * While frames are short they are given out one by one, for 2 MiB at once would waste them on a single touch.
 *
 * Frames in the cache belong to the domain (tot_pages counts them), are zero but for the chain's word, and are mapped
 * by nobody: only whoever holds p2m->lock looks at them.
 */
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/log.h>
#include "p2m_internal.h"

#define SUPER_FRAMES	(1UL << ORDER_2M)

/* (lock) */
static void push(uint64_t *chain, uint64_t m)
{
	*(uint64_t *)mfn_to_virt(mfn(m)) = *chain;
	*chain = m;
}

/* (lock) The chain is not empty. */
static uint64_t pop(uint64_t *chain)
{
	uint64_t m = *chain;
	uint64_t *word = mfn_to_virt(mfn(m));

	*chain = *word;
	*word = 0;
	return m;
}

/* (lock) One frame; P2M_POD_END when there is none. */
static uint64_t take_single(struct p2m_pod *pod)
{
	if (pod->singles == P2M_POD_END && pod->supers != P2M_POD_END) {
		uint64_t m = pop(&pod->supers);

		for (uint64_t i = SUPER_FRAMES; i > 0; i--) {
			push(&pod->singles, m + i - 1);
		}
	}
	if (pod->singles == P2M_POD_END) {
		return P2M_POD_END;
	}
	pod->cached--;
	return pop(&pod->singles);
}

/* (lock) Maps a frame at the slot of g, which is a POD leaf of the given level. */
static int populate(struct p2m *p, uint64_t g, uint64_t *slot, unsigned int level)
{
	struct p2m_pod *pod = &p->pod;
	uint64_t m;
	int err;

	if (level == 2 && pod->cached >= pod->entries && pod->supers != P2M_POD_END) {
		pod->cached -= SUPER_FRAMES;
		pod->entries -= SUPER_FRAMES;
		WRITE_ONCE(*slot, make_leaf(mfn(pop(&pod->supers)), P2M_RAM_RW, 2));
		return 0;
	}
	level = 1;
	err = p2m_descend(p, g, &level, false, &slot);
	if (err) {
		return err;
	}
	m = take_single(pod);
	if (m == P2M_POD_END) {
		return -ENODATA;
	}
	pod->entries--;
	/* There was nothing that a TLB could hold. */
	WRITE_ONCE(*slot, make_leaf(mfn(m), P2M_RAM_RW, 1));
	return 0;
}

bool p2m_pod_demand(struct domain *d, gfn_t g)
{
	struct p2m *p = d->p2m;
	unsigned int level = 1;
	uint64_t *slot;
	int err = 0;

	if (d->dying != DOMAIN_ALIVE) {
		return false;
	}
	spin_lock(&p->lock);
	slot = walk(p, g.v, &level);
	if (slot && entry_is_leaf(*slot, level) && entry_type(*slot) == P2M_POD) {
		err = populate(p, g.v, slot, level);
	}
	spin_unlock(&p->lock);
	if (err) {
		domain_crash(d, "no memory for guest frame %lx, which was promised on demand (%d)", g.v,
			     err);
	}
	return !err;
}

int p2m_pod_mark(struct domain *d, gfn_t g, unsigned int order)
{
	uint64_t count = 1UL << order;
	bool flush = false, taken = false;
	int err;

	/* A device could touch what is not there. */
	if (d->iommu) {
		return -EINVAL;
	}
	spin_lock(&d->p2m->lock);
	for (uint64_t i = 0; i < count && !taken;) {
		unsigned int level = 1;
		uint64_t *slot = walk(d->p2m, g.v + i, &level);
		uint64_t span = 1UL << (9 * (level - 1));

		taken = !slot || *slot;
		i += span - ((g.v + i) & (span - 1));
	}
	err = taken ? -EEXIST : p2m_set_locked(d, g, mfn(0), order, P2M_POD, &flush);
	if (!err) {
		d->p2m->pod.entries += count;
	}
	spin_unlock(&d->p2m->lock);
	return err;
}

/* Frees what the cache has beyond limit, a bounded number at a time. True: there is more. */
static bool shrink(struct domain *d, uint64_t limit)
{
	struct p2m_pod *pod = &d->p2m->pod;

	for (unsigned int i = 0; i < 64; i++) {
		uint64_t m = P2M_POD_END;

		spin_lock(&d->p2m->lock);
		if (pod->cached > limit) {
			m = take_single(pod);
		}
		spin_unlock(&d->p2m->lock);
		if (m == P2M_POD_END) {
			return false;
		}
		page_release_allocation(mfn_to_page(mfn(m)));
	}
	return true;
}

int p2m_pod_remove(struct domain *d, gfn_t g)
{
	struct p2m *p = d->p2m;
	unsigned int level = 1;
	uint64_t *slot, spare;
	int err;

	spin_lock(&p->lock);
	slot = walk(p, g.v, &level);
	if (!slot || !entry_is_leaf(*slot, level) || entry_type(*slot) != P2M_POD) {
		err = -EINVAL;
	} else {
		level = 1;
		err = p2m_descend(p, g.v, &level, true, &slot);
	}
	if (!err) {
		WRITE_ONCE(*slot, 0);
		p->pod.entries--;
	}
	spare = p->pod.entries;
	spin_unlock(&p->lock);
	/* Fewer places than frames: the frame too many (one, as places go one by one) is free. */
	(void)shrink(d, spare);
	return err;
}

bool p2m_pod_keep(struct domain *d, struct page_info *pg)
{
	struct p2m_pod *pod = &d->p2m->pod;
	bool keep;

	if (likely(!READ_ONCE(pod->entries)) || READ_ONCE(pg->refs) != 2) {
		/* No use for it, or somebody else still has it (the two: the allocation's, the caller's). */
		return false;
	}
	memset(page_to_virt(pg), 0, PAGE_SIZE);
	spin_lock(&d->p2m->lock);
	keep = pod->entries > pod->cached && d->dying == DOMAIN_ALIVE;
	if (keep) {
		push(&pod->singles, page_to_mfn(pg).v);
		pod->cached++;
	}
	spin_unlock(&d->p2m->lock);
	return keep;
}

/* One more piece for the cache, at most count frames. */
static int grow(struct domain *d, uint64_t count)
{
	struct p2m_pod *pod = &d->p2m->pod;
	struct page_info *pg = NULL;
	bool super = count >= SUPER_FRAMES;

	if (super) {
		pg = page_alloc_domain(d, ORDER_2M, 0);
	}
	if (!pg) {
		super = false;
		pg = page_alloc_domain(d, 0, 0);
	}
	if (!pg) {
		return -ENOMEM;
	}
	spin_lock(&d->p2m->lock);
	push(super ? &pod->supers : &pod->singles, page_to_mfn(pg).v);
	pod->cached += super ? SUPER_FRAMES : 1;
	spin_unlock(&d->p2m->lock);
	return 0;
}

int p2m_pod_set_target(struct domain *d, uint64_t target)
{
	uint64_t cached, entries, populated, want;
	unsigned int steps = 0;

	p2m_pod_counts(d, &cached, &entries);
	populated = d->tot_pages - MIN(cached, d->tot_pages);
	/* Nothing on demand, or less than there is: that is the balloon driver's. */
	if ((populated && !entries) || d->dying != DOMAIN_ALIVE || target < d->tot_pages) {
		return 0;
	}
	want = target - populated;
	if (populated) {
		want = MIN(want, entries);
	}
	for (; cached < want; p2m_pod_counts(d, &cached, &entries)) {
		int err = grow(d, want - cached);

		if (err) {
			return err;
		}
		if (++steps % 16 == 0 && hypercall_should_preempt()) {
			return -ERESTART;
		}
	}
	while (shrink(d, want)) {
		if (hypercall_should_preempt()) {
			return -ERESTART;
		}
	}
	return 0;
}

void p2m_pod_counts(struct domain *d, uint64_t *cached, uint64_t *entries)
{
	spin_lock(&d->p2m->lock);
	*cached = d->p2m->pod.cached;
	*entries = d->p2m->pod.entries;
	spin_unlock(&d->p2m->lock);
}
