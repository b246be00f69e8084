/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Grant tables v1 and v2 (common/grant*.c).
 *
 * Lock order: domain->page_lock is never held here. grant->lock (rwlock, table geometry and version) ->
 * the active entry's own lock -> maptrack locks. Two domains' grant locks are never held together, save in
 * order of address.
 */
#include <hv/addr.h>
#include <hv/types.h>

struct domain;
struct page_info;
struct hypercall_args;

/* max_version 1 or 2. */
int grant_init(struct domain *d, uint32_t max_frames, uint32_t max_maptrack, unsigned int max_version);
/* Unmaps all that d has mapped of others; preemptible (-ERESTART). */
int grant_relinquish_mappings(struct domain *d);
void grant_destroy(struct domain *d);

/* For XENMAPSPACE_grant_table: frame idx (with XENMAPIDX_grant_table_status: status) as a page of d with a
 * reference taken; grows the table up to its limit as the ABI says. */
int grant_frame_for_map(struct domain *d, unsigned long untrusted_idx, struct page_info **out);
/* For acquire_resource: first frame number and count of the table of d. */
int grant_resource_frames(struct domain *d, unsigned int id, uint64_t frame, unsigned int count,
			  uint64_t *mfns);
unsigned int grant_resource_max(struct domain *d, unsigned int id);
/* XEN_DOMCTL_set_gnttab_limits style: only before the first use. */
int grant_set_limits(struct domain *d, uint32_t max_frames, uint32_t max_maptrack);
/* Tool stack: seeds reserved entries (console, xenstore) is done by libxc through acquire_resource. */

long hypercall_grant_table_op(const struct hypercall_args *a);
