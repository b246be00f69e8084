/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The FIFO ABI: a 32-bit word per port in pages that the guest gives (pending, masked, linked, next port), and
 * per vCPU a control block with the heads of 16 queues, one for each priority.
 *
 * The guest may write anything into words and control blocks at any time. So the hypervisor takes nothing
 * from there but single bits: the tail of a queue is kept here, a link is only ever written, and each
 * attempt to write one is bounded. At worst the guest loses its own events.
 *
 * Locks (all with interrupts off): a queue's lock covers its tail and, for a channel that was linked there
 * last, last_queue; two queues' locks in order of address. Pages and control blocks come under
 * events.lock and go when no channel is open, so that nobody can be delivering.
 */
#include <hv/bitops.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/p2m.h>
#include <hv/page.h>

#include "event_internal.h"

#define WORDS_PER_PAGE	(PAGE_SIZE / sizeof(event_word_t))
#define ARRAY_PAGES	(EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE)
/* How often a channel may change its queue under our eyes before its event is dropped. */
#define QUEUE_TRIES	4
/* How often the guest may change a word that we are about to link from. */
#define LINK_TRIES	4

#define WORD_PENDING	(1U << EVTCHN_FIFO_PENDING)
#define WORD_MASKED	(1U << EVTCHN_FIFO_MASKED)
#define WORD_LINKED	(1U << EVTCHN_FIFO_LINKED)
#define WORD_BUSY	(1U << EVTCHN_FIFO_BUSY)
#define WORD_LINK	((uint32_t)EVTCHN_FIFO_LINK_MASK)

#define PRIORITY_BITS	4
static_assert(EVENT_FIFO_QUEUES == 1 << PRIORITY_BITS, "last_queue holds a vCPU and a priority");

struct domain_fifo {
	uint32_t word_count;		/* in pages so far */
	event_word_t *words[ARRAY_PAGES];
	struct page_info *pages[ARRAY_PAGES];
	uint64_t gfns[ARRAY_PAGES];	/* where the guest had them */
};

/* NULL: the guest has not given the page that port lies in. */
static event_word_t *word_of(const struct domain *d, uint32_t port)
{
	const struct domain_fifo *f = d->events.fifo;

	if (unlikely(port >= __atomic_load_n(&f->word_count, __ATOMIC_ACQUIRE))) {
		return NULL;
	}
	return &f->words[port / WORDS_PER_PAGE][port % WORDS_PER_PAGE];
}

static uint32_t word_set(event_word_t *w, uint32_t bits)
{
	return __atomic_fetch_or(w, bits, __ATOMIC_SEQ_CST);
}

static uint32_t word_clear(event_word_t *w, uint32_t bits)
{
	return __atomic_fetch_and(w, ~bits, __ATOMIC_SEQ_CST);
}

/* Word of the port, which may come while we look: then the event is kept until the page is there. */
static event_word_t *word_or_keep(struct domain *d, struct event_channel *c)
{
	event_word_t *w = word_of(d, c->port);

	if (likely(w)) {
		return w;
	}
	WRITE_ONCE(c->pending, true);
	smp_mb();
	return word_of(d, c->port);
}

/*
 * Makes port the successor of the tail's word. False when the guest has taken the tail off the queue, so
 * that port starts the queue anew.
 */
static bool link_after(event_word_t *w, uint32_t port)
{
	uint32_t old = READ_ONCE(*w);

	for (unsigned int i = 0; i <= LINK_TRIES; i++) {
		uint32_t linked = (old & ~(WORD_BUSY | WORD_LINK)) | port;

		if (!(old & WORD_LINKED)) {
			if (old & WORD_BUSY) {
				word_clear(w, WORD_BUSY);
			}
			return false;
		}
		if (__atomic_compare_exchange_n(w, &old, linked, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST)) {
			return true;
		}
		/* BUSY asks the guest not to unmask the event for now. */
		old = word_set(w, WORD_BUSY) | WORD_BUSY;
	}
	/* Nobody who keeps to the protocol changes the word so often. */
	word_clear(w, WORD_BUSY);
	return true;
}

static struct fifo_queue *queue_by_key(const struct domain *d, uint16_t key)
{
	const struct vcpu *v = d->vcpu[key >> PRIORITY_BITS];

	return &v->events.fifo->queue[key & (EVENT_FIFO_QUEUES - 1)];
}

/*
 * Locks the queue that c goes to and the one that it was on last, which is returned. NULL (nothing
 * locked) when the guest moves the channel about faster than this CPU can follow.
 */
static struct fifo_queue *lock_queues(struct domain *d, struct event_channel *c, struct fifo_queue *q)
{
	for (unsigned int i = 0; i < QUEUE_TRIES; i++) {
		uint16_t key = READ_ONCE(c->last_queue);
		struct fifo_queue *last = queue_by_key(d, key);

		spin_lock_two(&q->lock, &last->lock);
		if (likely(READ_ONCE(c->last_queue) == key)) {
			return last;
		}
		spin_unlock_two(&q->lock, &last->lock);
	}
	glog_warn("d%u: port %u changes its queue too often: event lost\n", d->id, c->port);
	return NULL;
}

/* Puts the port at the end of its queue unless it is on one. */
static void enqueue(struct domain *d, struct event_channel *c, struct vcpu *v, event_word_t *w)
{
	struct vcpu_fifo *vf = v->events.fifo;
	unsigned int priority = READ_ONCE(c->priority);
	struct fifo_queue *q = &vf->queue[priority];
	struct fifo_queue *last = lock_queues(d, c, q);
	struct evtchn_fifo_control_block *control = vf->control;

	if (!last) {
		return;
	}
	if (word_set(w, WORD_LINKED) & WORD_LINKED) {
		goto out;
	}
	/* The guest has taken it off, but the old queue's tail may still be this port. */
	if (last->tail == c->port) {
		last->tail = 0;
	}
	WRITE_ONCE(c->last_queue, (uint16_t)(v->id << PRIORITY_BITS | priority));
	if (!q->tail || !link_after(word_of(d, q->tail), c->port)) {
		WRITE_ONCE(control->head[priority], c->port);
		q->tail = c->port;
		if (!(__atomic_fetch_or(&control->ready, 1U << priority, __ATOMIC_SEQ_CST) &
		      1U << priority)) {
			event_mark_vcpu(v);
		}
	} else {
		q->tail = c->port;
	}
out:
	spin_unlock_two(&q->lock, &last->lock);
}

static void enqueue_if_possible(struct domain *d, struct event_channel *c, event_word_t *w)
{
	struct vcpu *v = d->vcpu[READ_ONCE(c->notify_vcpu)];
	struct vcpu_fifo *vf = __atomic_load_n(&v->events.fifo, __ATOMIC_ACQUIRE);

	if (unlikely(!vf || !__atomic_load_n(&vf->control, __ATOMIC_ACQUIRE))) {
		/* A guest initialises the vCPU's control block before it lets events go there. */
		return;
	}
	enqueue(d, c, v, w);
}

static void fifo_set_pending(struct domain *d, struct event_channel *c)
{
	event_word_t *w = word_or_keep(d, c);
	uint32_t old;

	if (unlikely(!w)) {
		return;
	}
	old = word_set(w, WORD_PENDING);
	/* Whoever clears MASKED or LINKED after this looks at PENDING. */
	if (!(old & (WORD_MASKED | WORD_LINKED))) {
		enqueue_if_possible(d, c, w);
	}
	if (!(old & WORD_PENDING)) {
		event_wake_pollers(d, c->port);
	}
}

static void fifo_clear_pending(struct domain *d, struct event_channel *c)
{
	event_word_t *w = word_of(d, c->port);

	if (w) {
		word_clear(w, WORD_PENDING);
	}
}

static void fifo_unmask(struct domain *d, struct event_channel *c)
{
	event_word_t *w = word_of(d, c->port);

	if (w && word_clear(w, WORD_MASKED) & WORD_PENDING) {
		fifo_set_pending(d, c);
	}
}

static bool word_has(const struct domain *d, const struct event_channel *c, uint32_t bit)
{
	const event_word_t *w = word_of(d, c->port);

	return w && READ_ONCE(*w) & bit;
}

static bool fifo_is_pending(struct domain *d, const struct event_channel *c)
{
	return word_has(d, c, WORD_PENDING);
}

static bool fifo_is_masked(struct domain *d, const struct event_channel *c)
{
	const event_word_t *w = word_of(d, c->port);

	return !w || READ_ONCE(*w) & WORD_MASKED;
}

static bool fifo_is_busy(struct domain *d, const struct event_channel *c)
{
	return word_has(d, c, WORD_LINKED);
}

static void fifo_open(struct domain *d, struct event_channel *c)
{
	c->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
}

static int fifo_set_priority(struct domain *d, struct event_channel *c, uint32_t priority)
{
	if (priority > EVTCHN_FIFO_PRIORITY_MIN) {
		return -EINVAL;
	}
	/* For events from now on: one that is pending stays where it is. */
	WRITE_ONCE(c->priority, (uint8_t)priority);
	return 0;
}

const struct event_ops event_fifo_ops = {
	.port_count = EVTCHN_FIFO_NR_CHANNELS,
	.open = fifo_open,
	.set_pending = fifo_set_pending,
	.clear_pending = fifo_clear_pending,
	.unmask = fifo_unmask,
	.is_pending = fifo_is_pending,
	.is_masked = fifo_is_masked,
	.is_busy = fifo_is_busy,
	.set_priority = fifo_set_priority,
};

/* A page of the guest's own, writable memory, with a reference; NULL when it is not that. */
static struct page_info *own_page(struct domain *d, uint64_t untrusted_gfn)
{
	enum p2m_type t;
	struct page_info *pg = p2m_get_page(d, gfn(untrusted_gfn), &t);

	if (pg && (pg->owner != d || t != P2M_RAM_RW)) {
		page_put(pg);
		pg = NULL;
	}
	return pg;
}

static int vcpu_fifo_create(struct vcpu *v)
{
	struct vcpu_fifo *vf;

	if (v->events.fifo) {
		return 0;
	}
	vf = hv_alloc(sizeof(*vf));
	if (!vf) {
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < EVENT_FIFO_QUEUES; i++) {
		spin_lock_init(&vf->queue[i].lock);
	}
	__atomic_store_n(&v->events.fifo, vf, __ATOMIC_RELEASE);
	return 0;
}

void event_mark_pinned(struct domain *d)
{
	struct domain_fifo *f;
	struct vcpu *v;

	spin_lock(&d->events.lock);
	f = d->events.fifo;
	for (uint32_t i = 0; f && i < f->word_count / WORDS_PER_PAGE; i++) {
		domain_frame_written(d, gfn(f->gfns[i]));
	}
	for_each_vcpu (d, v) {
		if (f && v->events.fifo && v->events.fifo->control) {
			domain_frame_written(d, gfn(v->events.fifo->control_gfn));
		}
	}
	spin_unlock(&d->events.lock);
}

void event_fifo_vcpu_destroy(struct vcpu *v)
{
	struct vcpu_fifo *vf = v->events.fifo;

	if (!vf) {
		return;
	}
	v->events.fifo = NULL;
	if (vf->control_page) {
		domain_frame_written(v->domain, gfn(vf->control_gfn));
		page_put(vf->control_page);
	}
	hv_free(vf);
}

void event_fifo_destroy(struct domain *d)
{
	struct domain_fifo *f = d->events.fifo;
	struct vcpu *v;

	d->events.ops = event_2l(d);
	for_each_vcpu (d, v) {
		event_fifo_vcpu_destroy(v);
	}
	/* Queues begin anew with the next switch. */
	for (uint32_t port = 1; channel_get(d, port); port++) {
		channel_get(d, port)->last_queue = 0;
	}
	if (!f) {
		return;
	}
	d->events.fifo = NULL;
	for (uint32_t i = 0; i < f->word_count / WORDS_PER_PAGE; i++) {
		domain_frame_written(d, gfn(f->gfns[i]));
		page_put(f->pages[i]);
	}
	hv_free(f);
}

/* events.lock is held. */
static int map_control(struct domain *d, struct vcpu *v, uint64_t untrusted_gfn, uint32_t offset)
{
	struct vcpu_fifo *vf = v->events.fifo;

	if (vf->control) {
		return -EINVAL;
	}
	vf->control_page = own_page(d, untrusted_gfn);
	if (!vf->control_page) {
		return -EINVAL;
	}
	vf->control_gfn = untrusted_gfn;
	__atomic_store_n(&vf->control, page_to_virt(vf->control_page) + offset, __ATOMIC_RELEASE);
	return 0;
}

/* Channels that are open already get what they would have got if opened now. */
static void take_over_channels(struct domain *d)
{
	struct event_channel *c;

	for (uint32_t port = 1; (c = channel_get(d, port)) != NULL; port++) {
		unsigned long flags = spin_lock_irq(&c->lock);

		if (channel_usable(c)) {
			if (event_2l(d)->is_pending(d, c)) {
				WRITE_ONCE(c->pending, true);
			}
			c->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
		}
		spin_unlock_irq(&c->lock, flags);
	}
}

/* First control block of the domain: it switches to FIFO. events.lock is held. */
static int switch_to_fifo(struct domain *d, struct vcpu *first, uint64_t untrusted_gfn,
			  uint32_t offset)
{
	struct vcpu *v;
	int rc = 0;

	d->events.fifo = hv_alloc(sizeof(*d->events.fifo));
	if (!d->events.fifo) {
		return -ENOMEM;
	}
	for_each_vcpu (d, v) {
		rc = rc ? rc : vcpu_fifo_create(v);
	}
	if (!rc) {
		rc = map_control(d, first, untrusted_gfn, offset);
	}
	if (rc) {
		event_fifo_destroy(d);
		return rc;
	}
	take_over_channels(d);
	__atomic_store_n(&d->events.ops, &event_fifo_ops, __ATOMIC_RELEASE);
	return 0;
}

int event_fifo_init_control(struct domain *d, uint32_t vcpu, uint64_t untrusted_gfn, uint32_t offset)
{
	struct vcpu *v = vcpu < d->max_vcpus ? d->vcpu[vcpu] : NULL;
	int rc;

	if (!v) {
		return -ENOENT;
	}
	/* It neither crosses a page nor splits its 8-byte words. */
	if (offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) || offset % 8) {
		return -EINVAL;
	}
	spin_lock(&d->events.lock);
	if (!d->events.fifo) {
		rc = switch_to_fifo(d, v, untrusted_gfn, offset);
	} else {
		rc = vcpu_fifo_create(v);
		rc = rc ? rc : map_control(d, v, untrusted_gfn, offset);
	}
	spin_unlock(&d->events.lock);
	return rc;
}

/* Events that came before their page did. */
static void raise_kept(struct domain *d, uint32_t first)
{
	for (uint32_t port = first; port < first + WORDS_PER_PAGE; port++) {
		struct event_channel *c = channel_get(d, port);
		unsigned long flags;

		if (!c) {
			return;
		}
		flags = spin_lock_irq(&c->lock);
		if (READ_ONCE(c->pending)) {
			WRITE_ONCE(c->pending, false);
			if (channel_usable(c)) {
				fifo_set_pending(d, c);
			}
		}
		spin_unlock_irq(&c->lock, flags);
	}
}

static int expand_locked(struct domain *d, uint64_t untrusted_gfn)
{
	struct domain_fifo *f = d->events.fifo;
	uint32_t slot = f->word_count / WORDS_PER_PAGE;
	uint32_t first = f->word_count;
	struct page_info *pg;

	if (slot >= ARRAY_PAGES) {
		return -ENOSPC;
	}
	pg = own_page(d, untrusted_gfn);
	if (!pg) {
		return -EINVAL;
	}
	f->pages[slot] = pg;
	f->gfns[slot] = untrusted_gfn;
	f->words[slot] = page_to_virt(pg);
	__atomic_store_n(&f->word_count, first + WORDS_PER_PAGE, __ATOMIC_SEQ_CST);
	smp_mb();
	raise_kept(d, first);
	return 0;
}

int event_fifo_expand_array(struct domain *d, uint64_t untrusted_gfn)
{
	int rc;

	spin_lock(&d->events.lock);
	rc = d->events.fifo ? expand_locked(d, untrusted_gfn) : -EOPNOTSUPP;
	spin_unlock(&d->events.lock);
	return rc;
}
