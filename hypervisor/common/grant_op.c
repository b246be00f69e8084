/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grant table hypercall: operations over arrays, preemptible between two elements. */
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/lib.h>

#include "grant_internal.h"

/* Low bits of cmd name the operation; above, the reference keeps the progress of a cache_flush. */
#define CMD_MASK	0xfffu

/*
 * Giving frames away is for untranslated domains. A translated one learns first whether it named memory of its own,
 * as from the reference.
 */
static long transfer_one(gva_t where)
{
	struct gnttab_transfer untrusted_op;
	struct page_info *pg;

	if (guest_read_obj(&untrusted_op, where)) {
		return -EFAULT;
	}
	untrusted_op.status = GNTST_bad_page;
	if (grant_get_page(current->domain, untrusted_op.mfn, true, &pg) == GNTST_okay) {
		page_put(pg);
		untrusted_op.status = GNTST_general_error;
	}
	return guest_write(gva(where.v + offsetof(struct gnttab_transfer, status)),
			   &untrusted_op.status, sizeof(untrusted_op.status))
		       ? -EFAULT
		       : 0;
}

/*
 * Caches are coherent with DMA here, and nothing below flushes lines of somebody's page: what the
 * reference would do is answered as it answers where it cannot.
 */
static long cache_flush_one(gva_t where)
{
	struct gnttab_cache_flush untrusted_op;

	if (guest_read_obj(&untrusted_op, where)) {
		return -EFAULT;
	}
	if (untrusted_op.offset >= PAGE_SIZE || untrusted_op.length > PAGE_SIZE ||
	    untrusted_op.offset + untrusted_op.length > PAGE_SIZE) {
		return -EINVAL;
	}
	if (!untrusted_op.length || !untrusted_op.op) {
		return 0;
	}
	if (untrusted_op.op & GNTTAB_CACHE_SOURCE_GREF) {
		return -EOPNOTSUPP;
	}
	if (untrusted_op.op & ~(GNTTAB_CACHE_INVAL | GNTTAB_CACHE_CLEAN)) {
		return -EINVAL;
	}
	return -EOPNOTSUPP;
}

/* How many of count are done, or -errno. */
static long for_each_op(gva_t uop, uint32_t count, size_t size, long (*one)(gva_t where))
{
	for (uint32_t i = 0; i < count; i++) {
		long rc;

		if (i && hypercall_should_preempt()) {
			return i;
		}
		rc = one(gva_index(uop, i, size));
		if (rc) {
			return rc;
		}
	}
	return count;
}

struct array_op {
	size_t size;
	long (*array)(gva_t uop, uint32_t count);	/* or */
	long (*one)(gva_t where);
};

static const struct array_op array_ops[] = {
	[GNTTABOP_map_grant_ref] = { sizeof(struct gnttab_map_grant_ref), grant_map_array, NULL },
	[GNTTABOP_unmap_grant_ref] = { sizeof(struct gnttab_unmap_grant_ref), grant_unmap_array, NULL },
	[GNTTABOP_unmap_and_replace] = { sizeof(struct gnttab_unmap_and_replace),
					 grant_unmap_replace_array, NULL },
	[GNTTABOP_transfer] = { sizeof(struct gnttab_transfer), NULL, transfer_one },
	[GNTTABOP_copy] = { sizeof(struct gnttab_copy), NULL, grant_copy_one },
	[GNTTABOP_swap_grant_ref] = { sizeof(struct gnttab_swap_grant_ref), NULL, grant_swap_one },
	[GNTTABOP_cache_flush] = { sizeof(struct gnttab_cache_flush), NULL, cache_flush_one },
};

static long array_hypercall(const struct hypercall_args *a, const struct array_op *op, uint32_t count)
{
	gva_t uop = gva(a->v[1]);
	long done = op->array ? op->array(uop, count) : for_each_op(uop, count, op->size, op->one);
	struct hypercall_args rest;

	if (done < 0 || done == count) {
		return MIN(done, 0L);
	}
	rest = *a;
	rest.v[1] = gva_index(uop, done, op->size).v;
	rest.v[2] = count - (uint32_t)done;
	return hypercall_restart(&rest);
}

static long single_hypercall(uint32_t cmd, gva_t uop, uint32_t count)
{
	switch (cmd) {
	case GNTTABOP_setup_table:
		return count == 1 ? grant_setup_table(uop) : -EINVAL;
	case GNTTABOP_query_size:
		return count == 1 ? grant_query_size(uop) : -EINVAL;
	case GNTTABOP_get_status_frames:
		return count == 1 ? grant_get_status_frames(uop) : -EINVAL;
	case GNTTABOP_set_version:
		return grant_set_version(uop);
	case GNTTABOP_get_version:
		return grant_get_version(uop);
	default:
		return -ENOSYS;		/* dump_table among them */
	}
}

long hypercall_grant_table_op(const struct hypercall_args *a)
{
	uint32_t cmd = (uint32_t)a->v[0], count = (uint32_t)a->v[2];

	if ((int32_t)count < 0) {
		return -EINVAL;
	}
	if (cmd & ~CMD_MASK && (cmd & CMD_MASK) != GNTTABOP_cache_flush) {
		return -EINVAL;
	}
	cmd &= CMD_MASK;
	if (cmd < ARRAY_SIZE(array_ops) && array_ops[cmd].size) {
		return array_hypercall(a, &array_ops[cmd], count);
	}
	return single_hypercall(cmd, gva(a->v[1]), count);
}
