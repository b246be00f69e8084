/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Grant tables v1 and v2 (common/grant*.c).
 *
 * Lock order: grant->lock of one domain (rwlock: geometry and version) -> an active entry's lock ->
 * maptrack lock of the mapping domain, p2m->lock of the mapping domain. Two domains' grant locks are never
 * held together. None is taken in interrupt context.
 *
 * While an entry is pinned (mapped or being copied from or to) it holds a reference to the frame and one to
 * the granting domain, so a dead domain stays a zombie until the last of its grants is unmapped.
 */
#include <hv/addr.h>
#include <hv/types.h>

struct domain;
struct page_info;
struct hypercall_args;

/* max_version 1 or 2. A limit of ~0 asks for the default. -EINVAL: limits out of range. */
int grant_init(struct domain *d, uint32_t max_frames, uint32_t max_maptrack, unsigned int max_version);
/* Unmaps all that d has mapped of others; preemptible (-ERESTART). Before p2m_relinquish; d's vCPUs are off. */
int grant_relinquish_mappings(struct domain *d);
/*
 * Marks frames of d's that others may be writing to now, for a part of its grants from *next on, and moves that behind
 * them. False: there were no more.
 */
bool grant_mark_pinned(struct domain *d, uint32_t *next);
/* After the last reference to d is gone and an RCU grace period has passed. */
void grant_destroy(struct domain *d);

/* For XENMAPSPACE_grant_table: frame idx (with XENMAPIDX_grant_table_status: status) as a page of d with a
 * reference taken; grows the table up to its limit as the ABI says. */
int grant_frame_for_map(struct domain *d, uint64_t untrusted_idx, struct page_info **out);
/* For acquire_resource: frame numbers [frame, frame + count) of the table of d, growing it. The frames stay
 * as long as d does; the caller takes its own references. id: XENMEM_resource_grant_table_id_*. */
int grant_resource_frames(struct domain *d, unsigned int id, uint64_t frame, unsigned int count,
			  uint64_t *mfns);
/* Frames that id may grow to; 0: no such id. */
unsigned int grant_resource_max(struct domain *d, unsigned int id);
/* XEN_DOMCTL_set_gnttab_limits style: only before the first use. */
int grant_set_limits(struct domain *d, uint32_t max_frames, uint32_t max_maptrack);
/* Debug key: limits and the entries that are in use. Hypercall or main-loop context. */
void grant_dump(struct domain *d);
/* Tool stack: seeds reserved entries (console, xenstore) is done by libxc through acquire_resource. */

/* Arch: GNTTABOP_cache_flush exists, for there may be devices that do not look into the caches. */
extern const bool arch_grant_cache_flush;

long hypercall_grant_table_op(const struct hypercall_args *a);
