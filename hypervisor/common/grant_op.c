/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grant table hypercall: operations over arrays, preemptible between two elements. */
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/lib.h>

#include "grant_internal.h"

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
	[GNTTABOP_copy] = { sizeof(struct gnttab_copy), NULL, grant_copy_one },
	[GNTTABOP_swap_grant_ref] = { sizeof(struct gnttab_swap_grant_ref), NULL, grant_swap_one },
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
	case GNTTABOP_set_version:
		return grant_set_version(uop);
	case GNTTABOP_get_version:
		return grant_get_version(uop);
	default:
		return -ENOSYS;
	}
}

/*
 * What works on machine frames or page tables (transfer, unmap_and_replace, get_status_frames, dump_table) does not exist
 * for a translated domain, whatever its arguments.
 */
static bool exists(uint32_t cmd)
{
	switch (cmd) {
	case GNTTABOP_map_grant_ref:
	case GNTTABOP_unmap_grant_ref:
	case GNTTABOP_setup_table:
	case GNTTABOP_copy:
	case GNTTABOP_query_size:
	case GNTTABOP_set_version:
	case GNTTABOP_get_version:
	case GNTTABOP_swap_grant_ref:
		return true;
	case GNTTABOP_cache_flush:
		return arch_grant_cache_flush;
	default:
		return false;
	}
}

long hypercall_grant_table_op(const struct hypercall_args *a)
{
	uint32_t cmd = (uint32_t)a->v[0], count = (uint32_t)a->v[2], more = cmd >> GRANT_OP_ARG_SHIFT;

	if ((cmd & (BIT(GRANT_OP_ARG_SHIFT) - 1)) == GNTTABOP_cache_flush) {
		cmd = GNTTABOP_cache_flush;
	}
	if (!exists(cmd)) {
		return -ENOSYS;
	}
	if ((int32_t)count < 0) {
		return -EINVAL;
	}
	if (cmd == GNTTABOP_cache_flush) {
		return grant_cache_flush(a, more);
	}
	if (cmd < ARRAY_SIZE(array_ops) && array_ops[cmd].size) {
		return array_hypercall(a, &array_ops[cmd], count);
	}
	return single_hypercall(cmd, gva(a->v[1]), count);
}
