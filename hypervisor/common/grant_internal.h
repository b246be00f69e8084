/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the files of grant tables share; nobody else includes it. Lock order: hv/grant.h. */
#include <hv/domain.h>
#include <hv/grant.h>
#include <hv/guest_access.h>
#include <hv/p2m.h>
#include <hv/page.h>
#include <xen/grant_table.h>

#define GRANT_V1_PER_FRAME	(PAGE_SIZE / sizeof(struct grant_entry_v1))
#define GRANT_V2_PER_FRAME	(PAGE_SIZE / sizeof(union grant_entry_v2))
#define GRANT_STATUS_PER_FRAME	(PAGE_SIZE / sizeof(grant_status_t))
/* Frames of v2 entries that one frame of status words serves. */
#define GRANT_FRAMES_PER_STATUS	(GRANT_STATUS_PER_FRAME / GRANT_V2_PER_FRAME)

#define GRANT_PIN_MAX		0xfff0u

enum grant_kind {
	GRANT_FULL,
	GRANT_SUB_PAGE,
	GRANT_TRANSITIVE,
};

/* The hypervisor's side of a grant entry. All but lock is meaningless while nobody pins it. */
struct active_grant {
	struct spinlock lock;
	struct page_info *page;		/* with one reference; NULL: transitive */
	uint64_t gfn;			/* where the granter had it */
	uint16_t readers, writers;	/* pins: mappings and copies in progress */
	uint16_t domid;			/* who pins it */
	uint16_t start, length;		/* bytes of the page that the grant is for */
	uint8_t kind;			/* enum grant_kind */
	bool writable;			/* the granter itself may write to page */
};

/* One grant of another domain that this domain has mapped. Free ones are linked through ref. */
struct maptrack {
	struct domain *granter;		/* kept alive by the pin */
	uint64_t gfn;			/* where it is mapped */
	uint32_t ref;
	uint32_t flags;			/* GNTMAP_*; 0: not in use */
};

#define MAPTRACK_PER_PAGE	128u
/* The unit of the administrator's limit, as the ABI's reference counts. */
#define MAPTRACK_PER_FRAME	256u
#define MAPTRACK_NONE		(~0u)

static_assert(sizeof(struct maptrack) * MAPTRACK_PER_PAGE <= PAGE_SIZE, "a page of them");

struct grant_table {
	struct rwlock lock;		/* covers the next seven to change; contents of frames are the guest's */
	unsigned int version, max_version;
	uint32_t frame_count, max_frames;
	uint32_t status_count;		/* kept when the guest goes back to v1 */
	struct page_info **frames, **status_frames;
	void **shared;			/* [max_frames] hypervisor's view of frames */
	grant_status_t **status;
	struct active_grant **active;	/* [max_frames] chunks of GRANT_V1_PER_FRAME */

	struct spinlock maptrack_lock;
	struct maptrack **maptrack;	/* pages, set once */
	uint32_t maptrack_count;	/* (maptrack_lock to change) entries in pages so far */
	uint32_t maptrack_limit;
	uint32_t maptrack_free;		/* (maptrack_lock) head of the free list */
	uint32_t relinquish_next;
};

/* Geometry; gt->lock is held. */
static inline uint32_t grant_entry_count(const struct grant_table *gt)
{
	return gt->frame_count * (gt->version == 1 ? GRANT_V1_PER_FRAME : GRANT_V2_PER_FRAME);
}

static inline struct active_grant *grant_active(const struct grant_table *gt, uint32_t ref)
{
	return &gt->active[ref / GRANT_V1_PER_FRAME][ref % GRANT_V1_PER_FRAME];
}

static inline struct grant_entry_v1 *grant_entry_v1(const struct grant_table *gt, uint32_t ref)
{
	struct grant_entry_v1 *e = gt->shared[ref / GRANT_V1_PER_FRAME];

	return e + ref % GRANT_V1_PER_FRAME;
}

static inline union grant_entry_v2 *grant_entry_v2(const struct grant_table *gt, uint32_t ref)
{
	union grant_entry_v2 *e = gt->shared[ref / GRANT_V2_PER_FRAME];

	return e + ref % GRANT_V2_PER_FRAME;
}

static inline grant_status_t *grant_status_v2(const struct grant_table *gt, uint32_t ref)
{
	return &gt->status[ref / GRANT_STATUS_PER_FRAME][ref % GRANT_STATUS_PER_FRAME];
}

static inline struct grant_entry_header *grant_header(const struct grant_table *gt, uint32_t ref)
{
	return gt->version == 1 ? (struct grant_entry_header *)grant_entry_v1(gt, ref)
				: &grant_entry_v2(gt, ref)->hdr;
}

static inline bool grant_pinned(const struct active_grant *act)
{
	return act->readers || act->writers;
}

/* grant_pin.c: pinning. gt->lock (read) and act->lock are held. -------------------------------------- */

enum grant_use {
	GRANT_FOR_MAP,
	GRANT_FOR_COPY,
	GRANT_FOR_COPY_NO_TRANSIT,	/* second leg of a transitive one */
};

/* What a pin gave up, to be put when no lock is held. */
struct grant_release {
	struct page_info *page;
	struct domain *granter;
};

/*
 * One more pin of ref of rd for domid. Returns GNTST_*. A first pin marks the guest's entry, resolves the
 * frame and takes the references.
 */
int grant_pin(struct domain *rd, uint32_t ref, struct active_grant *act, uint16_t domid,
	      bool readonly, enum grant_use use);
void grant_unpin(struct domain *rd, uint32_t ref, struct active_grant *act, bool readonly,
		 struct grant_release *out);
void grant_release_finish(const struct grant_release *r);
/* The page at gfn of d when it is d's own memory and allows the access. Returns GNTST_*. No lock needed. */
int grant_get_page(struct domain *d, uint64_t untrusted_gfn, bool readonly, struct page_info **out);

/* grant.c: gt->lock is held for writing. Frames up to count (at least one). 0, -EINVAL, -ENOMEM. */
int grant_grow(struct domain *d, uint32_t count);

/* Operations on the guest's array of count structs: how many are done (< count: stepped aside), or -errno. */
long grant_map_array(gva_t uop, uint32_t count);
long grant_unmap_array(gva_t uop, uint32_t count);
/*
 * Where an operation goes on is above its number, as the ABI's reference has it: a restarted call is made by the guest.
 * No table has so many entries that they would not fit.
 */
#define GRANT_OP_ARG_SHIFT	12
long grant_cache_flush(const struct hypercall_args *a, uint32_t ref);
/* Operations on a single struct; 0 or -errno. */
long grant_copy_one(gva_t where);
long grant_swap_one(gva_t where);
long grant_setup_table(gva_t uop);
long grant_query_size(gva_t uop);
long grant_set_version(gva_t uop);
long grant_get_version(gva_t uop);
