/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

/* A set of 64-bit numbers as sorted, merged ranges; own lock inside (a leaf). At most 1,024 ranges. */
struct rangeset;

struct rangeset *rangeset_create(const char *name);	/* NULL: no memory */
void rangeset_destroy(struct rangeset *r);		/* NULL allowed */
int rangeset_add(struct rangeset *r, uint64_t first, uint64_t last);	/* -ENOMEM, -E2BIG, -EINVAL */
int rangeset_remove(struct rangeset *r, uint64_t first, uint64_t last);
bool rangeset_contains(struct rangeset *r, uint64_t first, uint64_t last);
bool rangeset_overlaps(struct rangeset *r, uint64_t first, uint64_t last);
