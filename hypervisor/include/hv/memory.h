/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* memory_op: how much a domain has (common/memory.c) and what stands where (common/memory_map.c). */
#include <hv/addr.h>

struct domain;

/* The command's upper bits count the extents that are done. */
#define MEMOP_EXTENT_SHIFT	6
#define MEMOP_CMD_MASK		((1u << MEMOP_EXTENT_SHIFT) - 1)

/*
 * Takes what d has at g out of its map; its own memory is freed. -ENOENT (nothing there), -EPERM (device
 * memory), -ENXIO (another domain's), -EINVAL (it changed meanwhile).
 */
int memory_remove_frame(struct domain *d, gfn_t g);

/* Of hypercall_memory_op. */
long memory_add_op(uint64_t start, gva_t arg);
long memory_add_batch_op(uint64_t start, gva_t arg);
long memory_acquire_op(uint64_t start, gva_t arg);
long memory_map_op(unsigned int op, gva_t arg);
/* The map of memory as firmware would give it to a domain: XENMEM_memory_map and its setting. */
long arch_memory_map_op(unsigned int op, gva_t arg);
