/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grant tables: their frames, versions and limits, and the operations that ask about them. Pinning is in
 * grant_pin.c, mapping in grant_map.c, copying in grant_copy.c. Lock order: hv/grant.h.
 */
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <xen/memory.h>

#include "grant_internal.h"

#define DEFAULT_MAX_FRAMES	64u
#define DEFAULT_MAX_MAPTRACK	1024u
/* A domain's tables cost at most 5 pages of ours per frame of its own, and 32 bytes per mapping. */
#define MAX_FRAMES_LIMIT	1024u
#define MAX_MAPTRACK_LIMIT	16384u

static uint32_t status_frames_for(uint32_t frames)
{
	return DIV_ROUND_UP(frames, (uint32_t)GRANT_FRAMES_PER_STATUS);
}

static int apply_default_limits(uint32_t *max_frames, uint32_t *max_maptrack)
{
	if (*max_frames == ~0u) {
		*max_frames = DEFAULT_MAX_FRAMES;
	}
	if (*max_maptrack == ~0u) {
		*max_maptrack = DEFAULT_MAX_MAPTRACK;
	}
	if (*max_frames < 1 || *max_frames > MAX_FRAMES_LIMIT || *max_maptrack > MAX_MAPTRACK_LIMIT) {
		return -EINVAL;
	}
	return 0;
}

/* Arrays by the limits; on failure the caller frees what is there. */
static int alloc_arrays(struct grant_table *gt)
{
	uint32_t frames = gt->max_frames, status = status_frames_for(frames);
	uint32_t pages = DIV_ROUND_UP(gt->maptrack_limit, MAPTRACK_PER_PAGE);

	gt->frames = hv_alloc(frames * sizeof(gt->frames[0]));
	gt->shared = hv_alloc(frames * sizeof(gt->shared[0]));
	gt->active = hv_alloc(frames * sizeof(gt->active[0]));
	gt->status_frames = hv_alloc(status * sizeof(gt->status_frames[0]));
	gt->status = hv_alloc(status * sizeof(gt->status[0]));
	gt->maptrack = hv_alloc(MAX(pages, 1u) * sizeof(gt->maptrack[0]));
	if (!gt->frames || !gt->shared || !gt->active || !gt->status_frames || !gt->status ||
	    !gt->maptrack) {
		return -ENOMEM;
	}
	return 0;
}

static void free_arrays(struct grant_table *gt)
{
	hv_free(gt->frames);
	hv_free(gt->shared);
	hv_free(gt->active);
	hv_free(gt->status_frames);
	hv_free(gt->status);
	hv_free(gt->maptrack);
}

static void table_free(struct grant_table *gt)
{
	for (uint32_t i = 0; i < gt->frame_count; i++) {
		page_put(gt->frames[i]);
		hv_free(gt->active[i]);
	}
	for (uint32_t i = 0; i < gt->status_count; i++) {
		page_put(gt->status_frames[i]);
	}
	for (uint32_t i = 0; i < gt->maptrack_count / MAPTRACK_PER_PAGE; i++) {
		page_free_virt(gt->maptrack[i]);
	}
	free_arrays(gt);
	hv_free(gt);
}

int grant_init(struct domain *d, uint32_t max_frames, uint32_t max_maptrack, unsigned int max_version)
{
	struct grant_table *gt;
	int rc = apply_default_limits(&max_frames, &max_maptrack);

	if (rc || max_version < 1 || max_version > 2) {
		return -EINVAL;
	}
	gt = hv_alloc(sizeof(*gt));
	if (!gt) {
		return -ENOMEM;
	}
	gt->version = 1;
	gt->max_version = max_version;
	gt->max_frames = max_frames;
	gt->maptrack_limit = max_maptrack * MAPTRACK_PER_FRAME;
	gt->maptrack_free = MAPTRACK_NONE;
	spin_lock_init(&gt->maptrack_lock);
	d->grant = gt;
	rc = alloc_arrays(gt);
	if (!rc) {
		rc = grant_grow(d, 1);
	}
	if (rc) {
		grant_destroy(d);
	}
	return rc;
}

void grant_destroy(struct domain *d)
{
	if (d->grant) {
		table_free(d->grant);
		d->grant = NULL;
	}
}

int grant_set_limits(struct domain *d, uint32_t max_frames, uint32_t max_maptrack)
{
	struct grant_table *old = d->grant;
	int rc = apply_default_limits(&max_frames, &max_maptrack);
	bool used;

	if (rc) {
		return rc;
	}
	read_lock(&old->lock);
	used = old->frame_count > 1 || old->maptrack_count || old->version != 1;
	read_unlock(&old->lock);
	if (used) {
		return -EBUSY;
	}
	rc = grant_init(d, max_frames, max_maptrack, old->max_version);
	if (rc) {
		d->grant = old;
		return rc;
	}
	table_free(old);
	return 0;
}

static int status_grow(struct domain *d, uint32_t count)
{
	struct grant_table *gt = d->grant;

	while (gt->status_count < count) {
		struct page_info *pg = page_alloc_shared(d);

		if (!pg) {
			return -ENOMEM;
		}
		gt->status_frames[gt->status_count] = pg;
		gt->status[gt->status_count] = page_to_virt(pg);
		gt->status_count++;
	}
	return 0;
}

int grant_grow(struct domain *d, uint32_t count)
{
	struct grant_table *gt = d->grant;

	if (count > gt->max_frames) {
		return -EINVAL;
	}
	if (gt->version == 2) {
		int rc = status_grow(d, status_frames_for(MAX(count, gt->frame_count)));

		if (rc) {
			return rc;
		}
	}
	while (gt->frame_count < count) {
		uint32_t i = gt->frame_count;
		struct page_info *pg = page_alloc_shared(d);
		struct active_grant *active = hv_alloc(GRANT_V1_PER_FRAME * sizeof(*active));

		if (!pg || !active) {
			if (pg) {
				page_put(pg);
			}
			hv_free(active);
			return -ENOMEM;
		}
		gt->frames[i] = pg;
		gt->shared[i] = page_to_virt(pg);
		gt->active[i] = active;
		gt->frame_count++;
	}
	return 0;
}

/* Frame idx of the table, grown when it does not reach so far. The lock is held for writing. */
static int shared_frame(struct domain *d, uint64_t idx, struct page_info **out)
{
	struct grant_table *gt = d->grant;

	if (idx >= gt->max_frames) {
		return -EINVAL;
	}
	if (idx >= gt->frame_count && grant_grow(d, (uint32_t)idx + 1)) {
		return -EINVAL;
	}
	*out = gt->frames[idx];
	return 0;
}

static int status_frame(struct domain *d, uint64_t idx, struct page_info **out)
{
	struct grant_table *gt = d->grant;

	if (gt->version != 2 || idx >= status_frames_for(gt->max_frames)) {
		return -EINVAL;
	}
	if (idx >= gt->status_count) {
		uint32_t frames = (uint32_t)idx * GRANT_FRAMES_PER_STATUS + 1;

		if (grant_grow(d, frames)) {
			return -EINVAL;
		}
	}
	*out = gt->status_frames[idx];
	return 0;
}

int grant_frame_for_map(struct domain *d, uint64_t untrusted_idx, struct page_info **out)
{
	struct grant_table *gt = d->grant;
	int rc;

	write_lock(&gt->lock);
	if (gt->version == 2 && untrusted_idx & XENMAPIDX_grant_table_status) {
		rc = status_frame(d, untrusted_idx & ~(uint64_t)XENMAPIDX_grant_table_status, out);
	} else {
		rc = shared_frame(d, untrusted_idx, out);
	}
	if (!rc) {
		page_get_again(*out);
	}
	write_unlock(&gt->lock);
	return rc;
}

unsigned int grant_resource_max(struct domain *d, unsigned int id)
{
	switch (id) {
	case XENMEM_resource_grant_table_id_shared:
		return d->grant->max_frames;
	case XENMEM_resource_grant_table_id_status:
		return status_frames_for(d->grant->max_frames);
	default:
		return 0;
	}
}

int grant_resource_frames(struct domain *d, unsigned int id, uint64_t frame, unsigned int count,
			  uint64_t *mfns)
{
	struct grant_table *gt = d->grant;
	uint64_t last = frame + count - 1;
	struct page_info *pg;
	int rc;

	if (!count || last < frame || last >= grant_resource_max(d, id)) {
		return -EINVAL;
	}
	write_lock(&gt->lock);
	/* The last one first: it makes the table grow once. */
	rc = id == XENMEM_resource_grant_table_id_shared ? shared_frame(d, last, &pg)
							  : status_frame(d, last, &pg);
	for (unsigned int i = 0; !rc && i < count; i++) {
		pg = id == XENMEM_resource_grant_table_id_shared ? gt->frames[frame + i]
								  : gt->status_frames[frame + i];
		mfns[i] = page_to_mfn(pg).v;
	}
	write_unlock(&gt->lock);
	return rc;
}

static bool may_act_on(const struct domain *d)
{
	const struct domain *self = current->domain;

	return d == self || domain_may_control(self, d);
}

/* The domain of an operation, referenced, or NULL with the status that says why. */
static struct domain *subject(uint16_t domid, int16_t *status)
{
	struct domain *d = domain_get_by_id(domid);

	if (!d) {
		*status = GNTST_bad_domain;
		return NULL;
	}
	if (!may_act_on(d)) {
		domain_put(d);
		*status = GNTST_permission_denied;
		return NULL;
	}
	return d;
}

/*
 * The frame list of setup_table. There is no way back from a machine frame to where a translated guest has
 * mapped it, so each entry says that it is not known to be mapped anywhere.
 */
static int16_t write_frame_list(gva_t list, uint32_t count)
{
	const uint64_t unknown = ~0ULL;

	for (uint32_t i = 0; i < count; i++) {
		if (guest_write_obj(gva_index(list, i, sizeof(unknown)), &unknown)) {
			return GNTST_bad_virt_addr;
		}
	}
	return GNTST_okay;
}

static int16_t setup_table(struct domain *d, uint32_t count, gva_t list)
{
	struct grant_table *gt = d->grant;
	int rc;

	write_lock(&gt->lock);
	rc = grant_grow(d, count);
	write_unlock(&gt->lock);
	return rc ? GNTST_general_error : write_frame_list(list, count);
}

long grant_setup_table(gva_t uop)
{
	struct gnttab_setup_table untrusted_op;
	struct domain *d;

	if (guest_read_obj(&untrusted_op, uop)) {
		return -EFAULT;
	}
	d = subject(untrusted_op.dom, &untrusted_op.status);
	if (d) {
		untrusted_op.status = setup_table(d, untrusted_op.nr_frames,
						  gva((uintptr_t)untrusted_op.frame_list.p));
		domain_put(d);
	}
	return guest_write_obj(uop, &untrusted_op) ? -EFAULT : 0;
}

long grant_query_size(gva_t uop)
{
	struct gnttab_query_size untrusted_op;
	struct domain *d;

	if (guest_read_obj(&untrusted_op, uop)) {
		return -EFAULT;
	}
	d = subject(untrusted_op.dom, &untrusted_op.status);
	if (d) {
		read_lock(&d->grant->lock);
		untrusted_op.nr_frames = d->grant->frame_count;
		untrusted_op.max_nr_frames = d->grant->max_frames;
		read_unlock(&d->grant->lock);
		untrusted_op.status = GNTST_okay;
		domain_put(d);
	}
	return guest_write_obj(uop, &untrusted_op) ? -EFAULT : 0;
}

long grant_get_version(gva_t uop)
{
	struct gnttab_get_version untrusted_op;
	struct domain *d;

	if (guest_read_obj(&untrusted_op, uop)) {
		return -EFAULT;
	}
	d = domain_get_by_id(untrusted_op.dom);
	if (!d) {
		return -ESRCH;
	}
	if (!may_act_on(d)) {
		domain_put(d);
		return -EPERM;
	}
	untrusted_op.version = READ_ONCE(d->grant->version);
	domain_put(d);
	return guest_write_obj(uop, &untrusted_op) ? -EFAULT : 0;
}

/* The entries that survive a change of version, which the tool stack fills: in the wider format. */
struct reserved_entry {
	uint16_t flags, domid;
	uint64_t frame;
};

static void save_reserved(const struct grant_table *gt, uint32_t ref, struct reserved_entry *out)
{
	struct grant_entry_header *h = grant_header(gt, ref);
	uint16_t untrusted_flags = READ_ONCE(h->flags);

	if (gt->version == 1) {
		*out = (struct reserved_entry){ untrusted_flags, READ_ONCE(h->domid),
						READ_ONCE(grant_entry_v1(gt, ref)->frame) };
		return;
	}
	*out = (struct reserved_entry){ 0, 0, 0 };
	if ((untrusted_flags & GTF_type_mask) == GTF_permit_access) {
		out->flags = untrusted_flags | READ_ONCE(*grant_status_v2(gt, ref));
		out->domid = READ_ONCE(h->domid);
		out->frame = READ_ONCE(grant_entry_v2(gt, ref)->full_page.frame);
	}
}

static void restore_reserved(const struct grant_table *gt, uint32_t ref,
			     const struct reserved_entry *in)
{
	const uint16_t marks = GTF_reading | GTF_writing;

	if (gt->version == 1) {
		struct grant_entry_v1 *e = grant_entry_v1(gt, ref);

		e->domid = in->domid;
		e->frame = (uint32_t)in->frame;
		__atomic_store_n(&e->flags, in->flags, __ATOMIC_RELEASE);
	} else {
		union grant_entry_v2 *e = grant_entry_v2(gt, ref);

		*grant_status_v2(gt, ref) = in->flags & marks;
		e->full_page.hdr.domid = in->domid;
		e->full_page.frame = in->frame;
		__atomic_store_n(&e->full_page.hdr.flags, (uint16_t)(in->flags & ~marks),
				 __ATOMIC_RELEASE);
	}
}

/* Whether v1 can express the reserved v2 entries. */
static bool representable(const struct grant_table *gt)
{
	for (uint32_t ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++) {
		const union grant_entry_v2 *e = grant_entry_v2(gt, ref);
		uint16_t type = READ_ONCE(e->hdr.flags) & GTF_type_mask;

		if (type == GTF_transitive ||
		    (type == GTF_permit_access && READ_ONCE(e->full_page.frame) >> 32)) {
			return false;
		}
	}
	return true;
}

static bool in_use(const struct grant_table *gt)
{
	for (uint32_t ref = GNTTAB_NR_RESERVED_ENTRIES; ref < grant_entry_count(gt); ref++) {
		if (grant_pinned(grant_active(gt, ref))) {
			return true;
		}
	}
	return false;
}

/* The lock is held for writing, so nobody pins or unpins. */
static int change_version(struct domain *d, unsigned int version)
{
	struct grant_table *gt = d->grant;
	struct reserved_entry saved[GNTTAB_NR_RESERVED_ENTRIES];

	if (gt->version == version) {
		return 0;
	}
	if (in_use(gt)) {
		return -EBUSY;
	}
	if (version == 2) {
		if (status_grow(d, status_frames_for(gt->frame_count))) {
			return -ENOMEM;
		}
		for (uint32_t i = 0; i < gt->status_count; i++) {
			memset(gt->status[i], 0, PAGE_SIZE);
		}
	} else if (!representable(gt)) {
		return -ERANGE;
	}
	for (uint32_t ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++) {
		save_reserved(gt, ref, &saved[ref]);
	}
	for (uint32_t i = 0; i < gt->frame_count; i++) {
		memset(gt->shared[i], 0, PAGE_SIZE);
	}
	gt->version = version;
	for (uint32_t ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++) {
		restore_reserved(gt, ref, &saved[ref]);
	}
	return 0;
}

long grant_set_version(gva_t uop)
{
	struct domain *d = current->domain;
	struct grant_table *gt = d->grant;
	struct gnttab_set_version untrusted_op;
	uint32_t version;
	long rc;

	if (guest_read_obj(&untrusted_op, uop)) {
		return -EFAULT;
	}
	version = untrusted_op.version;
	if (version != 1 && version != 2) {
		rc = -EINVAL;
	} else if (version > gt->max_version) {
		rc = -ENOSYS;
	} else {
		write_lock(&gt->lock);
		rc = change_version(d, version);
		write_unlock(&gt->lock);
	}
	untrusted_op.version = READ_ONCE(gt->version);
	return guest_write_obj(uop, &untrusted_op) ? -EFAULT : rc;
}

/* The lock is held for writing. */
static int16_t swap(struct grant_table *gt, uint32_t a, uint32_t b)
{
	if (a >= grant_entry_count(gt) || b >= grant_entry_count(gt)) {
		return GNTST_bad_gntref;
	}
	if (a == b) {
		return GNTST_okay;
	}
	if (grant_pinned(grant_active(gt, a)) || grant_pinned(grant_active(gt, b))) {
		return GNTST_eagain;
	}
	if (gt->version == 1) {
		struct grant_entry_v1 kept = *grant_entry_v1(gt, a);

		*grant_entry_v1(gt, a) = *grant_entry_v1(gt, b);
		*grant_entry_v1(gt, b) = kept;
	} else {
		union grant_entry_v2 kept = *grant_entry_v2(gt, a);
		grant_status_t kept_status = *grant_status_v2(gt, a);

		*grant_entry_v2(gt, a) = *grant_entry_v2(gt, b);
		*grant_status_v2(gt, a) = *grant_status_v2(gt, b);
		*grant_entry_v2(gt, b) = kept;
		*grant_status_v2(gt, b) = kept_status;
	}
	return GNTST_okay;
}

long grant_swap_one(gva_t where)
{
	struct grant_table *gt = current->domain->grant;
	struct gnttab_swap_grant_ref untrusted_op;

	if (guest_read_obj(&untrusted_op, where)) {
		return -EFAULT;
	}
	write_lock(&gt->lock);
	untrusted_op.status = swap(gt, untrusted_op.ref_a, untrusted_op.ref_b);
	write_unlock(&gt->lock);
	return guest_write_obj(where, &untrusted_op) ? -EFAULT : 0;
}

/* The lock is held for reading. */
static void dump_entries(struct grant_table *gt)
{
	for (uint32_t ref = 0; ref < grant_entry_count(gt); ref++) {
		struct active_grant *act = grant_active(gt, ref);

		spin_lock(&act->lock);
		if (grant_pinned(act)) {
			log_info("  %5u: for d%u, %u readers, %u writers, frame %" PRIx64 "\n", ref,
				 act->domid, act->readers, act->writers,
				 act->page ? page_to_mfn(act->page).v : INVALID_MFN.v);
		}
		spin_unlock(&act->lock);
	}
}

void grant_dump(struct domain *d)
{
	struct grant_table *gt = d->grant;

	if (!gt) {
		return;
	}
	read_lock(&gt->lock);
	log_info("d%u: grant table v%u, %u of %u frames, %u of %u handles\n", d->id, gt->version,
		 gt->frame_count, gt->max_frames, gt->maptrack_count, gt->maptrack_limit);
	dump_entries(gt);
	read_unlock(&gt->lock);
}
