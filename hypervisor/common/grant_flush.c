/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GNTTABOP_cache_flush: for drivers whose devices do not look into the caches, and that cannot
 * flush by themselves what they have no mapping of. The memory is named by its machine address, as
 * grant mapping gave it (dev_bus_addr): the caller's own, or what a grant that the caller has in
 * use is for. Which one, nothing says, so all of the granter's are looked at.
 */
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/lib.h>

#include "grant_internal.h"

/* Entries looked at between two looks at whether somebody waits for this CPU. */
#define SEARCH_BATCH 1024u

/* Does ld use an entry for pg from *ref on? gt->lock is held. 0, -EINVAL: none, -ERESTART: *ref is
 * where to go on. */
static int search(const struct grant_table *gt, const struct domain *ld, const struct page_info *pg,
		  uint32_t *ref)
{
	uint32_t count = grant_entry_count(gt);

	for (uint32_t i = *ref; i < count; i++) {
		struct active_grant *act = grant_active(gt, i);
		bool found;

		if (i > *ref && i % SEARCH_BATCH == 0 && hypercall_should_preempt()) {
			*ref = i;
			return -ERESTART;
		}
		spin_lock(&act->lock);
		found = grant_pinned(act) && act->domid == ld->id && act->page == pg;
		spin_unlock(&act->lock);
		if (found) {
			return 0;
		}
	}
	return -EINVAL;
}

/* pg is somebody's, with a reference of ours. */
static int flush_page(const struct domain *ld, struct page_info *pg,
		      const struct gnttab_cache_flush *op, uint32_t *ref)
{
	const struct domain *owner = READ_ONCE(pg->owner);
	char *p = (char *)page_to_virt(pg) + op->offset;
	int rc = 0;

	if (!owner || !owner->grant) {
		return -EPERM;
	}
	if (owner != ld) {
		read_lock(&owner->grant->lock);
		rc = search(owner->grant, ld, pg, ref);
		read_unlock(&owner->grant->lock);
	}
	if (rc) {
		return rc;
	}
	/*
	 * Lines are never thrown away: what was there before them may be another domain's, scrubbed
	 * in the cache alone. A line that is cleaned before a transfer holds nothing that could
	 * overwrite what the device brings.
	 */
	if (op->op & GNTTAB_CACHE_INVAL) {
		arch_cache_clean_invalidate(p, op->length);
	} else {
		arch_cache_clean(p, op->length);
	}
	return 0;
}

static int flush_one(const struct gnttab_cache_flush *op, uint32_t *ref)
{
	struct page_info *pg;
	mfn_t m;
	int rc;

	if (op->offset >= PAGE_SIZE || op->length > PAGE_SIZE - op->offset ||
	    (op->op & ~(uint32_t)(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL))) {
		return -EINVAL;
	}
	if (!op->length || !op->op) {
		return 0;
	}
	m = hpa_to_mfn(hpa(op->a.dev_bus_addr));
	if (!mfn_valid(m)) {
		return -EINVAL;
	}
	pg = mfn_to_page(m);
	if (!page_get(pg, NULL)) {
		return -EPERM;
	}
	rc = flush_page(current->domain, pg, op, ref);
	page_put(pg);
	return rc;
}

long grant_cache_flush(const struct hypercall_args *a, uint32_t ref)
{
	gva_t uop = gva(a->v[1]);
	uint32_t count = (uint32_t)a->v[2];

	for (uint32_t i = 0; i < count; i++) {
		gva_t where = gva_index(uop, i, sizeof(struct gnttab_cache_flush));
		struct gnttab_cache_flush untrusted_op;
		struct hypercall_args rest = *a;
		int rc = -ERESTART;

		if (!i || !hypercall_should_preempt()) {
			if (guest_read_obj(&untrusted_op, where)) {
				return -EFAULT;
			}
			rc = flush_one(&untrusted_op, &ref);
		}
		if (rc == -ERESTART) {
			rest.v[0] = (uint64_t)ref << GRANT_OP_ARG_SHIFT | GNTTABOP_cache_flush;
			rest.v[1] = where.v;
			rest.v[2] = count - i;
			return hypercall_restart(&rest);
		}
		if (rc) {
			return rc;
		}
		ref = 0;
	}
	return 0;
}
