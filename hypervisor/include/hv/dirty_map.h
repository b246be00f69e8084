/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A set of frame numbers: those of a guest that were written. A tree whose leaves are pages of
 * bits, so it costs a bit for each frame of the 128 MiB pieces of guest memory in which there ever
 * was one, and next to nothing for holes.
 *
 * Any number of CPUs may add at the same time, and one of the others look or take, without a lock:
 * what is added once the taker has passed stays for the next time. Pages of the tree stay until
 * dirty_map_destroy.
 */
#include <hv/types.h>

#define DIRTY_LEAF_SHIFT  15 /* bits of a page */
#define DIRTY_LEAF_FRAMES BIT(DIRTY_LEAF_SHIFT)
#define DIRTY_FRAME_BITS  36 /* frame numbers have no more */
#define DIRTY_TOP_COUNT	  (1u << (DIRTY_FRAME_BITS - DIRTY_LEAF_SHIFT - 2 * 9))

struct dirty_map {
	void *top[DIRTY_TOP_COUNT];
	bool failed;	/* for want of memory something could not be added */
	uint64_t count; /* atomic; how many frames are in it */
};

/* Adds count frames from first on; those beyond what the map can hold are left out. A full barrier.
 */
void dirty_map_add(struct dirty_map *m, uint64_t first, uint64_t count);
/* Adds (again) those of the 64 frames from first on (a multiple of 64) whose bits are set. */
void dirty_map_put(struct dirty_map *m, uint64_t first, uint64_t bits);
/* The 64 frames from first on (a multiple of 64) as bits; take also removes them. */
uint64_t dirty_map_peek(const struct dirty_map *m, uint64_t first);
uint64_t dirty_map_take(struct dirty_map *m, uint64_t first);
/*
 * Removes all that is in the leaf at or after *first and moves *first behind it: a piece of bounded
 * length of the removal of everything. False when there is no more.
 */
bool dirty_map_clear_some(struct dirty_map *m, uint64_t *first);
/* Frees all pages. Nobody uses the map any more. */
void dirty_map_destroy(struct dirty_map *m);
