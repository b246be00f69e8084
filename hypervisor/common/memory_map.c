/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_op, second half: which frame stands where in a domain's physical map.
 *
 * References: an entry of type RAM for the domain's own memory holds none beyond the allocation's; one for a
 * PAGE_SHARED frame (shared info, grant table) and one of type FOREIGN hold a reference each.
 */
#include <hv/ctl.h>
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/grant.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/memory.h>
#include <hv/p2m.h>
#include <hv/page.h>
#include <xen/memory.h>
#include <xen/sysctl.h>

#define ACQUIRE_BATCH	32

static bool may_change(const struct domain *d)
{
	return d == current->domain || domain_may_control(current->domain, d);
}

/* Takes an entry of a frame that stays allocated out of the map and drops what the entry held. */
static int unhook(struct domain *d, gfn_t g, struct page_info *pg, enum p2m_type t)
{
	int err = p2m_remove_if(d, g, page_to_mfn(pg), t);

	if (!err && (t == P2M_FOREIGN || (pg->flags & PAGE_SHARED))) {
		page_put(pg);
	}
	return err;
}

/* Makes room at g: a shared page is unhooked, the domain's memory freed, device memory is replaced later. */
static int make_room(struct domain *d, gfn_t g, mfn_t coming)
{
	struct page_info *pg;
	enum p2m_type t;
	mfn_t m = p2m_lookup(d, g, &t, NULL);
	int err;

	if (!p2m_is_ram(t) || mfn_eq(m, coming)) {
		return 0;
	}
	pg = p2m_get_page(d, g, &t);
	if (!pg) {
		return 0;
	}
	err = (pg->flags & PAGE_SHARED) ? unhook(d, g, pg, t) : memory_remove_frame(d, g);
	page_put(pg);
	return err;
}

/* A page with a reference that the new entry takes over. */
static int map_held(struct domain *d, gfn_t g, struct page_info *pg, enum p2m_type t)
{
	int err = make_room(d, g, INVALID_MFN);

	if (!err) {
		err = p2m_set_if_empty(d, g, page_to_mfn(pg), t);
	}
	if (err) {
		page_put(pg);
	}
	return err;
}

/* Shared info is at one place at a time. (big_lock) */
static int add_shared_info(struct domain *d, gfn_t g)
{
	struct page_info *pg = virt_to_page(d->shared_info);
	gfn_t old = d->shared_info_gfn;
	enum p2m_type t;
	int err;

	if (gfn_eq(old, g) && mfn_eq(p2m_lookup(d, g, &t, NULL), page_to_mfn(pg))) {
		return 0;
	}
	page_get_again(pg);
	err = map_held(d, g, pg, P2M_RAM_RW);
	if (err) {
		return err;
	}
	d->shared_info_gfn = g;
	if (!gfn_eq(old, INVALID_GFN)) {
		/* Unless something else took its place meanwhile. */
		(void)unhook(d, old, pg, P2M_RAM_RW);
	}
	return 0;
}

static int add_grant_frame(struct domain *d, uint64_t untrusted_idx, gfn_t g)
{
	struct page_info *pg;
	int err = grant_frame_for_map(d, untrusted_idx, &pg);

	return err ? err : map_held(d, g, pg, P2M_RAM_RW);
}

/* Moves the domain's own frame from one place to another. */
static int add_own_frame(struct domain *d, gfn_t from, gfn_t to)
{
	enum p2m_type t;
	struct page_info *pg = p2m_get_page(d, from, &t);
	int err = -EINVAL;

	if (!pg) {
		return -EINVAL;
	}
	if (READ_ONCE(pg->owner) != d || (t != P2M_RAM_RW && t != P2M_RAM_RO) ||
	    (pg->flags & PAGE_SHARED)) {
		goto out;
	}
	err = gfn_eq(from, to) ? 0 : make_room(d, to, page_to_mfn(pg));
	if (err || gfn_eq(from, to)) {
		goto out;
	}
	err = p2m_remove_if(d, from, page_to_mfn(pg), t);
	if (!err) {
		err = p2m_set_if_empty(d, to, page_to_mfn(pg), t);
		/* The frame must not be lost by a failure; from may be taken by now, then it is. */
		if (err && p2m_set_if_empty(d, from, page_to_mfn(pg), t)) {
			page_release_allocation(pg);
		}
	}
out:
	page_put(pg);
	return err;
}

/* Another domain's memory into d's map. */
static int add_foreign(struct domain *d, uint16_t untrusted_domid, uint64_t untrusted_gfn, gfn_t g)
{
	struct page_info *pg;
	struct domain *f;
	enum p2m_type t;
	int err;

	if (!d->is_service && !d->target) {
		return -EPERM;
	}
	f = domain_get_other(untrusted_domid);
	if (!f) {
		return -ESRCH;
	}
	if (f == d || !domain_may_control(d, f)) {
		err = f == d ? arch_abi.own_frames_errno : -EPERM;
		goto out;
	}
	err = -EINVAL;
	pg = p2m_get_page(f, gfn(untrusted_gfn), &t);
	if (!pg) {
		goto out;
	}
	if (READ_ONCE(pg->owner) != f || (t != P2M_RAM_RW && t != P2M_RAM_RO)) {
		page_put(pg);
		goto out;
	}
	err = map_held(d, g, pg, P2M_FOREIGN);
out:
	domain_put(f);
	return err;
}

static int add_one(struct domain *d, unsigned int space, uint16_t foreign, uint64_t untrusted_idx,
		   gfn_t g)
{
	int err;

	if (d->dying != DOMAIN_ALIVE) {
		return -EINVAL;
	}
	switch (space) {
	case XENMAPSPACE_shared_info:
		if (untrusted_idx) {
			return -EINVAL;
		}
		spin_lock(&d->big_lock);
		err = add_shared_info(d, g);
		spin_unlock(&d->big_lock);
		return err;
	case XENMAPSPACE_grant_table:
		return add_grant_frame(d, untrusted_idx, g);
	case XENMAPSPACE_gmfn:
	case XENMAPSPACE_gmfn_range:
		if (!arch_abi.moves_frames) {
			return -ENOSYS;
		}
		return add_own_frame(d, gfn(untrusted_idx), g);
	case XENMAPSPACE_gmfn_foreign:
		return add_foreign(d, foreign, untrusted_idx, g);
	default:
		return -EINVAL;
	}
}

/* -EACCES and -EPERM in the ABI's order. */
static int add_permission(const struct domain *d, unsigned int space)
{
	if (space == XENMAPSPACE_dev_mmio &&
	    (!current->domain->is_service || d != current->domain)) {
		return -EACCES;
	}
	return may_change(d) ? 0 : -EPERM;
}

static long add_range(struct domain *d, const struct xen_add_to_physmap *x, uint64_t start, gva_t arg)
{
	struct hypercall_args again = { { 0, arg.v } };
	uint64_t done;

	if (x->size < start) {
		return -EILSEQ;
	}
	for (done = start; done < x->size; done++) {
		int err;

		if (done != start && hypercall_should_preempt()) {
			again.v[0] = XENMEM_add_to_physmap | done << MEMOP_EXTENT_SHIFT;
			return hypercall_restart(&again);
		}
		err = add_one(d, x->space, DOMID_INVALID, x->idx + done, gfn(x->gpfn + done));
		if (err) {
			return err;
		}
	}
	return 0;
}

long memory_add_op(uint64_t start, gva_t arg)
{
	struct xen_add_to_physmap untrusted_x;
	struct domain *d;
	long rc;

	if (start != (uint16_t)start) {
		return -EDOM;
	}
	if (guest_read_obj(&untrusted_x, arg)) {
		return -EFAULT;
	}
	if (untrusted_x.space == XENMAPSPACE_gmfn_foreign) {
		return -ENOSYS;
	}
	d = domain_get_by_id(untrusted_x.domid);
	if (!d) {
		return -ESRCH;
	}
	rc = add_permission(d, untrusted_x.space);
	if (!rc && untrusted_x.space == XENMAPSPACE_gmfn_range) {
		rc = add_range(d, &untrusted_x, start, arg);
	} else if (!rc) {
		rc = add_one(d, untrusted_x.space, DOMID_INVALID, untrusted_x.idx,
			     gfn(untrusted_x.gpfn));
	}
	domain_put(d);
	return rc;
}

/* One element of a batch; its own result goes to the guest's list. */
static int add_batch_one(struct domain *d, const struct xen_add_to_physmap_batch *b, uint64_t i)
{
	uint64_t untrusted_idx, untrusted_gfn;
	int32_t result;

	if (guest_read_obj(&untrusted_idx, gva_index(handle_gva(b->idxs), i, 8)) ||
	    guest_read_obj(&untrusted_gfn, gva_index(handle_gva(b->gpfns), i, 8))) {
		return -EFAULT;
	}
	result = add_one(d, b->space, b->u.foreign_domid, untrusted_idx, gfn(untrusted_gfn));
	return guest_write_obj(gva_index(handle_gva(b->errs), i, sizeof(result)), &result);
}

static long add_batch(struct domain *d, const struct xen_add_to_physmap_batch *b, uint64_t start,
		      gva_t arg)
{
	struct hypercall_args again = { { 0, arg.v } };

	if (b->size < start) {
		return -EILSEQ;
	}
	for (uint64_t i = start; i < b->size; i++) {
		int err;

		if (i != start && hypercall_should_preempt()) {
			again.v[0] = XENMEM_add_to_physmap_batch | i << MEMOP_EXTENT_SHIFT;
			return hypercall_restart(&again);
		}
		err = add_batch_one(d, b, i);
		if (err) {
			return err;
		}
	}
	return 0;
}

long memory_add_batch_op(uint64_t start, gva_t arg)
{
	struct xen_add_to_physmap_batch untrusted_b;
	struct domain *d;
	long rc;

	if (start != (uint16_t)start) {
		return -EDOM;
	}
	if (guest_read_obj(&untrusted_b, arg)) {
		return -EFAULT;
	}
	if (untrusted_b.space == XENMAPSPACE_gmfn_range) {
		return -EOPNOTSUPP;
	}
	d = domain_get_by_id(untrusted_b.domid);
	if (!d) {
		return -ESRCH;
	}
	rc = add_permission(d, untrusted_b.space);
	if (!rc) {
		rc = add_batch(d, &untrusted_b, start, arg);
	}
	domain_put(d);
	return rc;
}

static long remove_op(gva_t arg)
{
	struct xen_remove_from_physmap untrusted_x;
	struct page_info *pg;
	struct domain *d;
	enum p2m_type t;
	long rc = -EPERM;

	if (guest_read_obj(&untrusted_x, arg)) {
		return -EFAULT;
	}
	d = domain_get_by_id(untrusted_x.domid);
	if (!d) {
		return -ESRCH;
	}
	if (may_change(d)) {
		pg = p2m_get_page(d, gfn(untrusted_x.gpfn), &t);
		rc = -ENOENT;
		if (pg) {
			/* A grant's entry is its handle's: it goes by unmapping the grant. */
			rc = t == P2M_GRANT_RW || t == P2M_GRANT_RO ?
				     -EINVAL : unhook(d, gfn(untrusted_x.gpfn), pg, t);
			page_put(pg);
		}
	}
	domain_put(d);
	return rc;
}

/* Resources of other domains -------------------------------------------------------------------------- */

/* Maps frames [start, start + n) of the request; how many were mapped is added to *done. */
static long acquire_some(struct domain *d, const struct xen_mem_acquire_resource *x, uint64_t start,
			 unsigned int n, uint64_t *done)
{
	uint64_t mfns[ACQUIRE_BATCH], untrusted_gfns[ACQUIRE_BATCH];
	long rc = grant_resource_frames(d, x->id, x->frame + start, n, mfns);

	if (rc) {
		return rc;
	}
	if (guest_read(untrusted_gfns, gva_index(handle_gva(x->frame_list), start, 8), n * 8)) {
		return -EFAULT;
	}
	for (unsigned int i = 0; i < n; i++) {
		struct page_info *pg = mfn_to_page(mfn(mfns[i]));

		if (!page_get(pg, d)) {
			return -EINVAL;
		}
		rc = map_held(current->domain, gfn(untrusted_gfns[i]), pg, P2M_FOREIGN);
		if (rc) {
			return rc;
		}
		(*done)++;
	}
	return 0;
}

static long acquire(struct domain *d, struct xen_mem_acquire_resource *x, uint64_t start, gva_t arg)
{
	struct hypercall_args again = { { 0, arg.v } };
	uint64_t done = start;
	uint32_t max;

	switch (x->type) {
	case XENMEM_resource_grant_table:
		max = grant_resource_max(d, x->id);
		break;
	case XENMEM_resource_ioreq_server:
		/* No domain has any. */
		return -ENOENT;
	case XENMEM_resource_vmtrace_buf:
		max = 0;
		break;
	default:
		return -EOPNOTSUPP;
	}
	if (!max) {
		return -EINVAL;
	}
	if (handle_null(x->frame_list)) {
		if (x->nr_frames) {
			return -EINVAL;
		}
		x->nr_frames = max;
		return guest_write(gva(arg.v + offsetof(struct xen_mem_acquire_resource, nr_frames)),
				   &x->nr_frames, sizeof(x->nr_frames));
	}
	if (x->nr_frames > UINT32_MAX >> MEMOP_EXTENT_SHIFT || start >= x->nr_frames) {
		return -EINVAL;
	}
	while (done < x->nr_frames) {
		unsigned int n = (unsigned int)MIN(x->nr_frames - done, (uint64_t)ACQUIRE_BATCH);
		long rc = acquire_some(d, x, done, n, &done);

		if (rc) {
			/* The caller must know that part of it is mapped. */
			return done ? -EIO : rc;
		}
		if (done < x->nr_frames && hypercall_should_preempt()) {
			again.v[0] = XENMEM_acquire_resource | done << MEMOP_EXTENT_SHIFT;
			return hypercall_restart(&again);
		}
	}
	return 0;
}

long memory_acquire_op(uint64_t start, gva_t arg)
{
	struct xen_mem_acquire_resource untrusted_x;
	struct domain *d;
	long rc;

	if (!current->domain->is_service) {
		return -EACCES;
	}
	if (guest_read_obj(&untrusted_x, arg)) {
		return -EFAULT;
	}
	if (untrusted_x.pad || (untrusted_x.nr_frames &&
				untrusted_x.frame + untrusted_x.nr_frames - 1 < untrusted_x.frame)) {
		return -EINVAL;
	}
	/* By its number alone is the caller told that it means itself. */
	if (untrusted_x.domid == current->domain->id) {
		return -EPERM;
	}
	d = domain_get_other(untrusted_x.domid);
	if (!d) {
		return -ESRCH;
	}
	rc = d->dying == DOMAIN_ALIVE ? acquire(d, &untrusted_x, start, arg) : -EINVAL;
	domain_put(d);
	return rc;
}

/* The rest ------------------------------------------------------------------------------------------ */

static long vnuma_op(gva_t arg)
{
	struct xen_vnuma_topology_info untrusted_t;
	struct domain *d;
	long rc;

	if (guest_read_obj(&untrusted_t, arg)) {
		return -EFAULT;
	}
	if (untrusted_t.pad) {
		return -EINVAL;
	}
	d = domain_get_by_id(untrusted_t.domid);
	if (!d) {
		return -ESRCH;
	}
	/* No domain has a virtual NUMA topology. */
	rc = may_change(d) ? -EOPNOTSUPP : -EPERM;
	domain_put(d);
	return rc;
}

/* No device with memory of its own demand is given to guests: there is nothing to avoid. */
static long reserved_device_op(gva_t arg)
{
	struct xen_reserved_device_memory_map untrusted_map;

	if (guest_read_obj(&untrusted_map, arg)) {
		return -EFAULT;
	}
	if (untrusted_map.flags & ~XENMEM_RDM_ALL) {
		return -EINVAL;
	}
	untrusted_map.nr_entries = 0;
	return guest_write_obj(arg, &untrusted_map);
}

static long access_op(gva_t arg)
{
	struct xen_mem_access_op untrusted_op;
	struct domain *d;
	long rc;

	if (guest_read_obj(&untrusted_op, arg)) {
		return -EFAULT;
	}
	if (untrusted_op.domid == current->domain->id) {
		return -EPERM;
	}
	d = domain_get_other(untrusted_op.domid);
	if (!d) {
		return -ESRCH;
	}
	/* Nobody listens: monitor rings are not built. */
	rc = domain_may_control(current->domain, d) ? -ENODEV : -EPERM;
	domain_put(d);
	return rc;
}

long memory_map_op(unsigned int op, gva_t arg)
{
	switch (op) {
	case XENMEM_remove_from_physmap:
		return remove_op(arg);
	case XENMEM_get_vnumainfo:
		return vnuma_op(arg);
	case XENMEM_reserved_device_memory_map:
		return reserved_device_op(arg);
	case XENMEM_access_op:
		return access_op(arg);
	case XENMEM_memory_map:
	case XENMEM_set_memory_map:
		return arch_memory_map_op(op, arg);
	default:
		/* Sharing and paging are not built; the machine's own maps are not for translated domains. */
		return -ENOSYS;
	}
}
