/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log-dirty: which frames of a domain are written, for live migration and for the display of a
 * device model.
 *
 * The leaf of a watched frame lacks the bit without which a write is noticed (p2m_watch_bit): the
 * write bit, so that the guest's write faults, or, where the CPU lists writes itself (PML), the
 * dirty bit. The type stays P2M_RAM_RW: for all but the guest's own writes nothing has changed. A
 * large leaf is watched as a whole and split by the first write; when there is no memory for that,
 * all of it counts as written.
 *
 * What is given out as written is watched again, under p2m->lock together with the taking of its
 * bit; then all CPUs flush; then the caller gets the bits. So a write through an old translation is
 * in the frame when the caller comes to copy it, and every later one sets the bit anew. Nothing
 * depends on the domain standing still. The hypervisor's own writes come first and are marked
 * afterwards (domain_frame_written), for the same reason. What it keeps mapped and may write at any
 * time is marked when the caller says that this is the last round (LOGDIRTY_FINAL).
 *
 * Locks: domctl_lock for the operations, p2m->lock for entries, none to mark.
 */
#include <hv/bitops.h>
#include <hv/ctl.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/grant.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/sched.h>
#include "p2m_internal.h"

#define CHUNK_FRAMES 4096ul /* dealt with under the lock at a time */
#define CHUNK_WORDS  (CHUNK_FRAMES / BITS_PER_LONG)

/* A piece of somebody's bitmap on its way to the caller. */
struct chunk {
	unsigned long words[CHUNK_WORDS];
};

/* Leaves -------------------------------------------------------------------------------------- */

/* (lock) The next write through the leaf will be noticed. True when it was not watched before. */
static bool watch(const struct p2m *p, uint64_t *slot, unsigned int level)
{
	uint64_t e = READ_ONCE(*slot), bit = p2m_watch_bit(p, level);

	if (p2m_entry_type(e) != P2M_RAM_RW || !(e & bit)) {
		return false;
	}
	/* The CPU may be setting bits of its own. */
	__atomic_fetch_and(slot, ~bit, __ATOMIC_SEQ_CST);
	return true;
}

/* (lock) Whoever has an old translation that forbids the write faults once more and walks again. */
static void release(uint64_t *slot)
{
	uint64_t e = READ_ONCE(*slot);

	if (p2m_entry_type(e) == P2M_RAM_RW && !(e & P2M_PTE_WRITE)) {
		__atomic_fetch_or(slot, P2M_PTE_WRITE, __ATOMIC_SEQ_CST);
	}
}

/* (lock) The leaf in which g's walk ends, NULL when that is none. */
static uint64_t *leaf_slot(const struct p2m *p, uint64_t g, unsigned int *level)
{
	uint64_t *slot = p2m_slot(p, g, level);

	return slot && *slot ? slot : NULL;
}

/* (lock) Watches the frames of a word's bits. True when CPUs may still write without notice. */
static bool watch_bits(const struct p2m *p, uint64_t first, unsigned long bits)
{
	bool flush = false;

	for (; bits; bits &= bits - 1) {
		unsigned int level = 1;
		uint64_t *slot = leaf_slot(p, first + lowest_bit(bits), &level);

		flush |= slot && watch(p, slot, level);
	}
	return flush;
}

/* Watches (or releases) some of the leaves from dirty.next on and moves that behind them. */
static void sweep_some(struct p2m *p, bool watching)
{
	uint64_t g = p->dirty.next, end;
	unsigned int level = 1;
	uint64_t *slot;

	spin_lock(&p->lock);
	slot = p2m_slot(p, g, &level);
	end = level == 1 ? (g | 511) + 1 : (g | ((1UL << (9 * (level - 1))) - 1)) + 1;
	for (unsigned int i = 0; slot && i < (level == 1 ? end - g : 1); i++) {
		if (!slot[i]) {
			continue;
		}
		if (watching) {
			(void)watch(p, &slot[i], level);
		} else {
			release(&slot[i]);
		}
	}
	p->dirty.next = end;
	spin_unlock(&p->lock);
}

/* All of the map. -ERESTART. */
static int sweep(struct domain *d, bool watching)
{
	struct p2m *p = d->p2m;
	unsigned int steps = 0;

	/* What comes beyond this meanwhile is marked as it comes. */
	while (p->dirty.next <= READ_ONCE(p->max_gfn)) {
		sweep_some(p, watching);
		if (++steps % 16 == 0 && hypercall_should_preempt()) {
			return -ERESTART;
		}
	}
	return 0;
}

/* Marks --------------------------------------------------------------------------------------- */

static bool listing(const struct p2m_dirty *y)
{
	uint8_t state = READ_ONCE(y->state);

	return state == DIRTY_PROTECTING || state == DIRTY_ON;
}

bool p2m_log_dirty_on(const struct domain *d)
{
	return listing(&d->p2m->dirty);
}

static void mark_range(struct domain *d, uint64_t g, uint64_t count)
{
	struct p2m_dirty *y = &d->p2m->dirty;
	struct p2m_vram *v = __atomic_load_n(&y->vram, __ATOMIC_ACQUIRE);

	if (listing(y)) {
		dirty_map_add(&y->map, g, count);
	}
	if (v) {
		uint64_t from = MAX(g, v->first), to = MIN(g + count, v->first + v->count);

		for (; from < to; from++) {
			set_bit((unsigned int)(from - v->first), v->bits);
		}
	}
}

void p2m_log_dirty_mark(struct domain *d, gfn_t g)
{
	if (d->log_dirty && d->p2m) {
		mark_range(d, g.v, 1);
	}
}

void p2m_dirty_changed(struct domain *d, uint64_t g, uint64_t count)
{
	mark_range(d, g, count);
}

void p2m_log_dirty_fault(struct domain *d, gfn_t g)
{
	struct p2m *p = d->p2m;
	unsigned int level = 1;
	uint64_t *slot;

	spin_lock(&p->lock);
	slot = leaf_slot(p, g.v, &level);
	if (slot && p2m_entry_type(*slot) == P2M_RAM_RW && !(*slot & P2M_PTE_WRITE)) {
		uint64_t span;

		if (level > 1 && d->log_dirty && p2m_split(p, g.v) == 0) {
			level = 1;
			slot = leaf_slot(p, g.v, &level);
		}
		span = 1UL << (9 * (level - 1));
		mark_range(d, g.v & ~(span - 1), span);
		/* With a bit of the CPU's clear, it lists the frame once more: no harm. */
		release(slot);
	}
	spin_unlock(&p->lock);
}

/* On and off ---------------------------------------------------------------------------------- */

static void no_op(void *arg)
{
}

static uint64_t tell_vendor(struct domain *d, enum vmm_log_dirty what)
{
	uint64_t bit = 0;

	if (vmm->log_dirty) {
		domain_pause(d);
		bit = vmm->log_dirty(d, what);
		domain_unpause(d);
	}
	return bit;
}

/* (p2m->lock) */
static void update_flag(struct domain *d)
{
	WRITE_ONCE(d->log_dirty, listing(&d->p2m->dirty) || d->p2m->dirty.vram);
}

static void set_state(struct domain *d, enum dirty_state state, uint64_t hardware_bit)
{
	struct p2m *p = d->p2m;

	spin_lock(&p->lock);
	p->dirty.hardware_bit = hardware_bit;
	WRITE_ONCE(p->dirty.state, state);
	update_flag(d);
	spin_unlock(&p->lock);
	p->dirty.next = 0;
}

static int enable(struct domain *d)
{
	struct p2m_dirty *y = &d->p2m->dirty;
	int err;

	/* Devices write without anybody noticing. */
	if (y->state == DIRTY_ON || d->iommu) {
		return -EINVAL;
	}
	if (y->state == DIRTY_OFF) {
		set_state(d, DIRTY_CLEARING, 0);
		y->map.failed = false;
	}
	if (y->state == DIRTY_CLEARING) {
		while (dirty_map_clear_some(&y->map, &y->next)) {
			if (hypercall_should_preempt()) {
				return -ERESTART;
			}
		}
		set_state(d, DIRTY_PROTECTING, tell_vendor(d, LOG_DIRTY_START));
		/* Whoever is in the middle of a write and has not seen the flag is done with it
		 * after this. */
		cpu_call(READ_ONCE(cpu_online_map) & ~BIT(this_cpu()->id), no_op, NULL);
	}
	err = sweep(d, true);
	if (!err) {
		p2m_flush(d);
		WRITE_ONCE(y->state, DIRTY_ON);
	}
	return err;
}

/* (p2m->lock) All of it counts as written. */
static void vram_mark_all(struct p2m_vram *v)
{
	for (uint64_t i = 0; v && i < BITS_TO_LONGS(v->count); i++) {
		WRITE_ONCE(v->bits[i], ~0UL);
	}
}

static int disable(struct domain *d)
{
	struct p2m *p = d->p2m;
	int err;

	if (p->dirty.state == DIRTY_OFF) {
		return 0;
	}
	if (p->dirty.state == DIRTY_ON) {
		(void)tell_vendor(d, LOG_DIRTY_STOP);
		set_state(d, DIRTY_STOPPING, 0);
	}
	err = sweep(d, false);
	if (!err) {
		set_state(d, DIRTY_OFF, 0);
		/* Its frames are not watched any more, until it is asked for again. */
		spin_lock(&p->lock);
		vram_mark_all(p->dirty.vram);
		spin_unlock(&p->lock);
	}
	return err;
}

/* The lists ----------------------------------------------------------------------------------- */

/* What the hypervisor may write at any time. -ERESTART. */
static int mark_pinned(struct domain *d)
{
	struct p2m_dirty *y = &d->p2m->dirty;
	struct vcpu *v;

	if (!y->next_pin) {
		for_each_vcpu(d, v)
		{
			vcpu_mark_pinned(v);
		}
		event_mark_pinned(d);
	}
	while (grant_mark_pinned(d, &y->next_pin)) {
		if (hypercall_should_preempt()) {
			return -ERESTART;
		}
	}
	return 0;
}

/* Takes (or looks at) count frames from first, a multiple of 64, on. */
static void fetch(struct domain *d, uint64_t first, uint64_t count, bool clean, struct chunk *c)
{
	struct p2m *p = d->p2m;
	bool flush = false;

	spin_lock(&p->lock);
	for (uint64_t i = 0; i < BITS_TO_LONGS(count); i++) {
		uint64_t g = first + i * BITS_PER_LONG;

		if (!clean) {
			c->words[i] = dirty_map_peek(&p->dirty.map, g);
			continue;
		}
		c->words[i] = dirty_map_take(&p->dirty.map, g);
		flush |= watch_bits(p, g, c->words[i]);
	}
	spin_unlock(&p->lock);
	if (flush) {
		p2m_flush(d);
	}
}

static void put_back(struct domain *d, uint64_t first, uint64_t count, const struct chunk *c)
{
	for (uint64_t i = 0; i < BITS_TO_LONGS(count); i++) {
		dirty_map_put(&d->p2m->dirty.map, first + i * BITS_PER_LONG, c->words[i]);
	}
}

static int give_chunk(struct domain *d, const struct xen_domctl_shadow_op *s, bool clean)
{
	struct p2m_dirty *y = &d->p2m->dirty;
	uint64_t first = y->next, count = MIN(s->pages - first, CHUNK_FRAMES);
	unsigned int given = (unsigned int)ROUND_UP(count, 8UL) % BITS_PER_LONG;
	struct chunk c;

	fetch(d, first, count, clean, &c);
	if (clean && given) {
		/* The caller's bitmap ends, in whole bytes, before our word does. */
		unsigned long *last = &c.words[count / BITS_PER_LONG];

		dirty_map_put(&y->map, first + (count & ~(BITS_PER_LONG - 1UL)),
			      *last & ~(BIT(given) - 1));
		*last &= BIT(given) - 1;
	}
	if (!handle_null(s->dirty_bitmap) &&
	    guest_write(gva(handle_gva(s->dirty_bitmap).v + first / 8), c.words,
			DIV_ROUND_UP(count, 8UL))) {
		if (clean) {
			put_back(d, first, count, &c);
		}
		return -EFAULT;
	}
	y->next += count;
	return 0;
}

static int give(struct domain *d, struct xen_domctl_shadow_op *s)
{
	struct p2m_dirty *y = &d->p2m->dirty;
	bool clean = s->op == XEN_DOMCTL_SHADOW_OP_CLEAN;

	if (s->mode & ~XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL) {
		return -EINVAL;
	}
	if (!y->busy) {
		y->next = 0;
		y->next_pin = 0;
		y->pins_done = false;
	}
	if (!y->pins_done) {
		if ((s->mode & XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL) && mark_pinned(d)) {
			return -ERESTART;
		}
		if (y->hardware_bit) {
			(void)tell_vendor(d, LOG_DIRTY_FLUSH);
		}
		y->dirty_count = (uint32_t)MIN(READ_ONCE(y->map.count), (uint64_t)UINT32_MAX);
		y->pins_done = true;
	}
	s->stats.fault_count = 0;
	s->stats.dirty_count = y->dirty_count;
	if (READ_ONCE(y->map.failed)) {
		return -ENOMEM;
	}
	while (y->next < s->pages) {
		int err = give_chunk(d, s, clean);

		if (err) {
			return err;
		}
		if (y->next < s->pages && hypercall_should_preempt()) {
			return -ERESTART;
		}
	}
	return 0;
}

static int dispatch(struct domain *d, struct xen_domctl_shadow_op *s)
{
	switch (s->op) {
	case XEN_DOMCTL_SHADOW_OP_ENABLE:
		return s->mode & XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY ? enable(d) : -EINVAL;
	case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
		return enable(d);
	case XEN_DOMCTL_SHADOW_OP_OFF:
		return disable(d);
	case XEN_DOMCTL_SHADOW_OP_CLEAN:
	case XEN_DOMCTL_SHADOW_OP_PEEK:
		return give(d, s);
	case XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION:
		return p2m_set_pool(d, (uint64_t)s->mb << 20);
	default:
		return -EINVAL;
	}
}

int p2m_shadow_op(struct domain *d, struct xen_domctl_shadow_op *s)
{
	struct p2m_dirty *y = &d->p2m->dirty;
	uint64_t bitmap = handle_gva(s->dirty_bitmap).v;
	int rc;

	/* What was preempted goes on when it comes again; until then nothing else is begun. */
	if (y->busy &&
	    (s->op != y->op || s->mode != y->mode || s->pages != y->pages || bitmap != y->bitmap)) {
		return -EBUSY;
	}
	rc = dispatch(d, s);
	y->busy = rc == -ERESTART;
	y->op = s->op;
	y->mode = s->mode;
	y->pages = s->pages;
	y->bitmap = bitmap;
	return rc;
}

/* The display --------------------------------------------------------------------------------- */

static void vram_free(struct rcu_head *head)
{
	hv_free(container_of(head, struct p2m_vram, rcu));
}

/* Puts v (or NULL) in the place of what there is. */
static void vram_replace(struct domain *d, struct p2m_vram *v)
{
	struct p2m *p = d->p2m;
	struct p2m_vram *old;

	spin_lock(&p->lock);
	old = p->dirty.vram;
	__atomic_store_n(&p->dirty.vram, v, __ATOMIC_RELEASE);
	update_flag(d);
	spin_unlock(&p->lock);
	if (old) {
		/* Somebody may be marking in it. */
		rcu_defer(&old->rcu, vram_free);
	}
}

/* Those of the 64 frames from g on, counted from the range's first, that are in the range. */
static unsigned long in_range(const struct p2m_vram *v, uint64_t g)
{
	return v->count - g < BITS_PER_LONG ? BIT(v->count - g) - 1 : ~0UL;
}

/* A range of which nothing is known yet: all of it is given as written, and watched from now on. */
static long vram_begin(struct domain *d, gfn_t first, uint32_t count, gva_t bitmap)
{
	struct p2m_vram *v = hv_alloc(sizeof(*v) + BITS_TO_LONGS(count) * sizeof(v->bits[0]));
	struct chunk c;

	if (!v) {
		return -ENOMEM;
	}
	v->first = first.v;
	v->count = count;
	vram_replace(d, v);
	for (uint64_t done = 0; done < count; done += CHUNK_FRAMES) {
		spin_lock(&d->p2m->lock);
		for (uint64_t g = done; g < MIN(done + CHUNK_FRAMES, (uint64_t)count);
		     g += BITS_PER_LONG) {
			(void)watch_bits(d->p2m, first.v + g, in_range(v, g));
		}
		spin_unlock(&d->p2m->lock);
	}
	p2m_flush(d);
	memset(c.words, 0xff, sizeof(c.words));
	for (uint64_t done = 0; done < count; done += CHUNK_FRAMES) {
		uint64_t n = MIN(count - done, CHUNK_FRAMES);

		if (guest_write(gva(bitmap.v + done / 8), c.words, DIV_ROUND_UP(n, 8UL))) {
			/* The next call begins anew. */
			vram_replace(d, NULL);
			return -EFAULT;
		}
	}
	return 0;
}

/* What was written in a piece of the range since the last time. */
static long vram_give(struct domain *d, struct p2m_vram *v, uint64_t done, gva_t bitmap)
{
	uint64_t n = MIN(v->count - done, CHUNK_FRAMES);
	unsigned long *bits = &v->bits[done / BITS_PER_LONG];
	bool flush = false;
	struct chunk c;

	spin_lock(&d->p2m->lock);
	for (uint64_t i = 0; i < BITS_TO_LONGS(n); i++) {
		uint64_t g = done + i * BITS_PER_LONG;

		c.words[i] = __atomic_exchange_n(&bits[i], 0, __ATOMIC_SEQ_CST) & in_range(v, g);
		flush |= watch_bits(d->p2m, v->first + g, c.words[i]);
	}
	spin_unlock(&d->p2m->lock);
	if (flush) {
		p2m_flush(d);
	}
	if (guest_write(gva(bitmap.v + done / 8), c.words, DIV_ROUND_UP(n, 8UL))) {
		for (uint64_t i = 0; i < BITS_TO_LONGS(n); i++) {
			__atomic_fetch_or(&bits[i], c.words[i], __ATOMIC_SEQ_CST);
		}
		return -EFAULT;
	}
	return 0;
}

long p2m_vram_track(struct domain *d, gfn_t first, uint32_t count, gva_t bitmap)
{
	struct p2m_vram *v = __atomic_load_n(&d->p2m->dirty.vram, __ATOMIC_ACQUIRE);
	long rc = 0;

	if (!count) {
		vram_replace(d, NULL);
		return 0;
	}
	if (!v || v->first != first.v || v->count != count) {
		return vram_begin(d, first, count, bitmap);
	}
	if (d->p2m->dirty.hardware_bit) {
		(void)tell_vendor(d, LOG_DIRTY_FLUSH);
	}
	for (uint64_t done = 0; !rc && done < count; done += CHUNK_FRAMES) {
		rc = vram_give(d, v, done, bitmap);
	}
	return rc;
}

void p2m_dirty_destroy(struct p2m *p)
{
	dirty_map_destroy(&p->dirty.map);
	hv_free(p->dirty.vram);
}
