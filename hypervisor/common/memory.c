/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_op, first half: how many frames a domain has. The second half (what stands where) is memory_map.c.
 *
 * Lists of extents may be long: progress is kept in the command's upper bits, so that a preempted call goes on
 * where it was.
 */
#include <hv/ctl.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/memory.h>
#include <hv/p2m.h>
#include <hv/page.h>
#include <xen/memory.h>

#define GUEST_ORDER_MAX		ORDER_2M
#define SERVICE_ORDER_MAX	ORDER_1G
#define ON_DEMAND_ORDER_MAX	20	/* no memory is needed for these */
#define BATCH			32
#define REMOVE_TRIES		8

/* A reservation call in progress. */
struct reservation {
	struct domain *d;
	gva_t list;
	uint64_t count, done;		/* extents */
	unsigned int order, alloc_flags, address_bits;
	bool on_demand, preempted;
	/* Part of the list that was read already. */
	uint64_t chunk[BATCH], chunk_start, chunk_count;
};

static unsigned int order_max(void)
{
	return current->domain->is_service ? SERVICE_ORDER_MAX : GUEST_ORDER_MAX;
}

/* Extent number i of the list; the list is read in pieces. */
static int extent_at(struct reservation *r, uint64_t i, uint64_t *untrusted_frame)
{
	if (i < r->chunk_start || i >= r->chunk_start + r->chunk_count) {
		uint64_t n = MIN(r->count - i, (uint64_t)BATCH);

		r->chunk_count = 0;
		/* When the end of the piece is not there, its beginning may be. */
		if (guest_read(r->chunk, gva_index(r->list, i, 8), n * 8)) {
			n = 1;
			if (guest_read(r->chunk, gva_index(r->list, i, 8), 8)) {
				return -EFAULT;
			}
		}
		r->chunk_start = i;
		r->chunk_count = n;
	}
	*untrusted_frame = r->chunk[i - r->chunk_start];
	return 0;
}

/* Between extents: true when the call has to step aside. */
static bool step_aside(struct reservation *r, uint64_t first)
{
	if (r->done != first && hypercall_should_preempt()) {
		r->preempted = true;
		return true;
	}
	return false;
}

static void extent_free(struct page_info *pg, unsigned int order)
{
	for (uint64_t i = 0; i < BIT(order); i++) {
		page_release_allocation(&pg[i]);
	}
}

static struct page_info *extent_alloc(struct reservation *r)
{
	struct page_info *pg = page_alloc_domain(r->d, r->order, r->alloc_flags);

	if (pg && r->address_bits &&
	    ((page_to_mfn(pg).v + BIT(r->order)) << PAGE_SHIFT) > BIT(r->address_bits)) {
		/* Lower than 4 GiB was asked for, which the allocator does not know: as if it had none. */
		extent_free(pg, r->order);
		return NULL;
	}
	return pg;
}

static void increase(struct reservation *r)
{
	uint64_t first = r->done;

	if (r->order > order_max()) {
		return;
	}
	for (; r->done < r->count && !step_aside(r, first); r->done++) {
		if (!extent_alloc(r)) {
			return;
		}
	}
}

/*
 * What such a domain gave up stayed its own, see removal_finish. Frames with a use of their own
 * (grant tables) are not memory, whoever asks.
 */
static int populate_direct(struct reservation *r, uint64_t untrusted_gfn)
{
	uint64_t count = 1UL << r->order;

	if (untrusted_gfn >= page_max_mfn().v || count > page_max_mfn().v - untrusted_gfn) {
		return -EINVAL;
	}
	for (uint64_t i = 0; i < count; i++) {
		struct page_info *pg = mfn_to_page(mfn(untrusted_gfn + i));

		if (!mfn_valid(mfn(untrusted_gfn + i)) || !page_get(pg, r->d)) {
			return -EINVAL;
		}
		page_put(pg);
		if (pg->flags & PAGE_SHARED) {
			return -EINVAL;
		}
	}
	return p2m_populate(r->d, gfn(untrusted_gfn), mfn(untrusted_gfn), r->order);
}

static int populate_one(struct reservation *r, uint64_t untrusted_gfn)
{
	struct page_info *pg;
	int err;

	if (r->on_demand) {
		return p2m_pod_mark(r->d, gfn(untrusted_gfn), r->order);
	}
	if (r->d->direct_mapped) {
		return populate_direct(r, untrusted_gfn);
	}
	pg = extent_alloc(r);
	if (!pg) {
		return -ENOMEM;
	}
	/* Own memory that stood there stays allocated but is nowhere to be seen, as the ABI has it. */
	err = p2m_populate(r->d, gfn(untrusted_gfn), page_to_mfn(pg), r->order);
	if (err) {
		extent_free(pg, r->order);
	}
	return err;
}

static void populate(struct reservation *r)
{
	uint64_t first = r->done, untrusted_gfn;

	if (r->order > (r->on_demand ? ON_DEMAND_ORDER_MAX : order_max())) {
		return;
	}
	/* A domain cannot promise itself memory. */
	if (r->on_demand && r->d == current->domain) {
		return;
	}
	for (; r->done < r->count && !step_aside(r, first); r->done++) {
		if (extent_at(r, r->done, &untrusted_gfn) || populate_one(r, untrusted_gfn)) {
			return;
		}
	}
}

/* Frames that were taken out of a map and are freed after one common shoot-down. */
struct removal {
	struct domain *d;
	struct page_info *pages[BATCH];
	unsigned int count;
	bool flush;
};

static void removal_finish(struct removal *rm)
{
	if (rm->flush) {
		p2m_flush(rm->d);
		rm->flush = false;
	}
	for (unsigned int i = 0; i < rm->count; i++) {
		if (!rm->d->direct_mapped && !p2m_pod_keep(rm->d, rm->pages[i])) {
			page_release_allocation(rm->pages[i]);
		}
		page_put(rm->pages[i]);
	}
	rm->count = 0;
}

/* -EAGAIN: the entry changes under us. */
static int try_remove(struct removal *rm, uint64_t g)
{
	struct page_info *pg;
	enum p2m_type t;
	mfn_t m = p2m_lookup(rm->d, gfn(g), &t, NULL);
	int err;

	if (t == P2M_INVALID) {
		return -ENOENT;
	}
	if (t == P2M_POD) {
		return p2m_pod_drop(rm->d, gfn(g), 0) ? 0 : -EAGAIN;
	}
	if (t == P2M_MMIO) {
		return -EPERM;
	}
	pg = mfn_to_page(m);
	/* A frame that d has granted to itself is not here as its memory. */
	if ((t != P2M_RAM_RW && t != P2M_RAM_RO) || !page_get(pg, rm->d)) {
		return -ENXIO;
	}
	/* A shared page's entry holds a reference of its own. */
	err = p2m_remove_if_noflush(rm->d, gfn(g), m, t, &rm->flush);
	if (err) {
		page_put(pg);
		return err == -EINVAL ? -EAGAIN : err;
	}
	if (pg->flags & PAGE_SHARED) {
		/* The flush that the batch's end makes covers this entry too. */
		removal_finish(rm);
		page_put(pg);
		page_put(pg);
		return 0;
	}
	rm->pages[rm->count++] = pg;
	if (rm->count == BATCH) {
		removal_finish(rm);
	}
	return 0;
}

static int remove_one(struct removal *rm, uint64_t g)
{
	int err = -EAGAIN;

	/* The search for zeroes (p2m_pod.c) takes a frame out of the map and may put it back. A
	 * guest that does nothing wrong must not see that. */
	for (unsigned int i = 0; i < REMOVE_TRIES && err == -EAGAIN; i++) {
		err = try_remove(rm, g);
	}
	return err == -EAGAIN ? -EINVAL : err;
}

int memory_remove_frame(struct domain *d, gfn_t g)
{
	struct removal rm = { .d = d };
	int err = remove_one(&rm, g.v);

	removal_finish(&rm);
	return err;
}

static void decrease(struct reservation *r)
{
	uint64_t first = r->done, untrusted_gfn;
	struct removal rm = { .d = r->d };

	if (r->order > order_max()) {
		return;
	}
	for (; r->done < r->count && !step_aside(r, first); r->done++) {
		uint64_t i;

		if (extent_at(r, r->done, &untrusted_gfn)) {
			break;
		}
		if (r->order && p2m_pod_drop(r->d, gfn(untrusted_gfn), r->order)) {
			continue;
		}
		for (i = 0; i < BIT(r->order); i++) {
			if (remove_one(&rm, untrusted_gfn + i)) {
				break;
			}
		}
		if (i < BIT(r->order)) {
			break;
		}
	}
	removal_finish(&rm);
}

/* False: the flags cannot be met. */
static bool reservation_flags(struct reservation *r, unsigned int untrusted_flags)
{
	unsigned int bits = XENMEMF_get_address_bits(untrusted_flags);

	r->on_demand = untrusted_flags & XENMEMF_populate_on_demand;
	if (!bits || bits >= 64 || BIT(bits) >= page_max_mfn().v << PAGE_SHIFT) {
		return true;
	}
	if (bits <= PAGE_SHIFT) {
		return false;
	}
	r->address_bits = bits;
	/* Nearer than 4 GiB the allocator cannot be told; extent_alloc looks at what came. */
	if (bits <= 32) {
		r->alloc_flags |= ALLOC_LOW;
	}
	return true;
}

/* These calls return how many extents are done, whatever went wrong. */
static long memory_reservation_op(unsigned int op, uint64_t start, gva_t arg)
{
	struct xen_memory_reservation untrusted_r;
	struct reservation r = { .done = start };
	struct hypercall_args again = { { 0, arg.v } };

	if (guest_read_obj(&untrusted_r, arg) ||
	    untrusted_r.nr_extents > UINT32_MAX >> MEMOP_EXTENT_SHIFT ||
	    start >= untrusted_r.nr_extents) {
		return (long)start;
	}
	r.d = domain_get_by_id(untrusted_r.domid);
	if (!r.d) {
		return (long)start;
	}
	r.count = untrusted_r.nr_extents;
	r.order = untrusted_r.extent_order;
	r.list = handle_gva(untrusted_r.extent_start);
	if ((r.d == current->domain || domain_may_control(current->domain, r.d)) &&
	    r.d->dying == DOMAIN_ALIVE && reservation_flags(&r, untrusted_r.mem_flags)) {
		if (op == XENMEM_increase_reservation) {
			increase(&r);
		} else if (op == XENMEM_decrease_reservation) {
			decrease(&r);
		} else {
			populate(&r);
		}
	}
	domain_put(r.d);
	if (r.preempted) {
		again.v[0] = op | r.done << MEMOP_EXTENT_SHIFT;
		return hypercall_restart(&again);
	}
	return (long)r.done;
}

static long memory_stat_op(unsigned int op, gva_t arg)
{
	struct xen_memory_domain untrusted_dom;
	struct domain *d;
	long rc = -EPERM;

	if (guest_read_obj(&untrusted_dom, arg)) {
		return -EFAULT;
	}
	d = domain_get_by_id(untrusted_dom.domid);
	if (!d) {
		return -ESRCH;
	}
	if (d == current->domain || domain_may_control(current->domain, d)) {
		switch (op) {
		case XENMEM_current_reservation:
			rc = (long)d->tot_pages;
			break;
		case XENMEM_maximum_reservation:
			rc = (long)MIN(d->max_pages, (uint64_t)UINT32_MAX);
			break;
		default:
			rc = (long)p2m_max_gfn(d).v;
			break;
		}
	}
	domain_put(d);
	return rc;
}

static long memory_claim_op(gva_t arg)
{
	struct xen_memory_reservation untrusted_r;
	struct domain *d;
	long rc = -EPERM;

	if (guest_read_obj(&untrusted_r, arg)) {
		return -EFAULT;
	}
	if (!handle_null(untrusted_r.extent_start) || untrusted_r.extent_order ||
	    untrusted_r.mem_flags) {
		return -EINVAL;
	}
	d = domain_get_other(untrusted_r.domid);
	if (!d) {
		return -EINVAL;
	}
	if (current->domain->is_service) {
		rc = page_claim(d, untrusted_r.nr_extents);
	}
	domain_put(d);
	return rc;
}

static long memory_pod_op(unsigned int op, gva_t arg)
{
	struct xen_pod_target untrusted_target;
	struct hypercall_args again = { { op, arg.v } };
	struct p2m_pod_info info;
	struct domain *d;
	long rc = -EPERM;

	if (guest_read_obj(&untrusted_target, arg)) {
		return -EFAULT;
	}
	d = domain_get_by_id(untrusted_target.domid);
	if (!d) {
		return -ESRCH;
	}
	if (current->domain->is_service) {
		rc = 0;
		if (op == XENMEM_set_pod_target) {
			rc = untrusted_target.target_pages > d->max_pages ?
				     -EINVAL : p2m_pod_set_target(d, untrusted_target.target_pages);
		}
	}
	if (!rc) {
		p2m_pod_get_info(d, &info);
		untrusted_target.tot_pages = d->tot_pages;
		untrusted_target.pod_cache_pages = info.cache;
		untrusted_target.pod_entries = info.entries;
		rc = guest_write_obj(arg, &untrusted_target);
	}
	domain_put(d);
	return rc == -ERESTART ? hypercall_restart(&again) : rc;
}

/* For PV guests alone: a translated one hears so once its arguments make sense. */
static long memory_exchange_op(gva_t arg)
{
	struct xen_memory_exchange untrusted_x;

	if (guest_read_obj(&untrusted_x, arg)) {
		return -EFAULT;
	}
	if (MAX(untrusted_x.in.extent_order, untrusted_x.out.extent_order) > order_max()) {
		return -EPERM;
	}
	if (untrusted_x.nr_exchanged > untrusted_x.in.nr_extents ||
	    untrusted_x.in.domid != untrusted_x.out.domid ||
	    untrusted_x.in.nr_extents >> (63 - untrusted_x.in.extent_order) ||
	    untrusted_x.out.nr_extents >> (63 - untrusted_x.out.extent_order) ||
	    untrusted_x.in.nr_extents << untrusted_x.in.extent_order !=
		    untrusted_x.out.nr_extents << untrusted_x.out.extent_order) {
		return -EINVAL;
	}
	return -EOPNOTSUPP;
}

long hypercall_memory_op(const struct hypercall_args *a)
{
	unsigned int op = a->v[0] & MEMOP_CMD_MASK;
	uint64_t start = a->v[0] >> MEMOP_EXTENT_SHIFT;
	gva_t arg = gva(a->v[1]);

	switch (op) {
	case XENMEM_increase_reservation:
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		return memory_reservation_op(op, start, arg);
	case XENMEM_add_to_physmap:
		return memory_add_op(start, arg);
	case XENMEM_add_to_physmap_batch:
		return memory_add_batch_op(start, arg);
	case XENMEM_acquire_resource:
		return memory_acquire_op(start, arg);
	default:
		break;
	}
	/* The others keep no progress in the command. */
	if (start) {
		return -EINVAL;
	}
	switch (op) {
	case XENMEM_maximum_ram_page:
		return (long)page_max_mfn().v;
	case XENMEM_current_reservation:
	case XENMEM_maximum_reservation:
	case XENMEM_maximum_gpfn:
		return memory_stat_op(op, arg);
	case XENMEM_claim_pages:
		return memory_claim_op(arg);
	case XENMEM_set_pod_target:
	case XENMEM_get_pod_target:
		return memory_pod_op(op, arg);
	case XENMEM_exchange:
		return memory_exchange_op(arg);
	default:
		return memory_map_op(op, arg);
	}
}
