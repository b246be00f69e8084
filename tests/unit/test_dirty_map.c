/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"
#include <asm/fake.h>
#include <hv/bitops.h>
#include <hv/dirty_map.h>
#include <hv/lib.h>
#include <pthread.h>

#define LAST_FRAME ((1UL << DIRTY_FRAME_BITS) - 1)

static struct dirty_map map;

static void fresh(void)
{
	fake_memory_init();
	dirty_map_destroy(&map);
}

TEST(dirty_map_holds_what_was_added)
{
	static const uint64_t frames[] = {
	    0, 1, 63, 64, 32767, 32768, 1UL << 24, (1UL << 33) - 1, 1UL << 33, LAST_FRAME};

	fresh();
	for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++) {
		CHECK_EQ(dirty_map_peek(&map, frames[i] & ~63UL) >> frames[i] % 64 & 1, 0);
		dirty_map_add(&map, frames[i], 1);
		CHECK_EQ(dirty_map_peek(&map, frames[i] & ~63UL) >> frames[i] % 64 & 1, 1);
		CHECK_EQ(map.count, i + 1);
		dirty_map_add(&map, frames[i], 1);
		CHECK_EQ(map.count, i + 1);
	}
	CHECK_EQ(dirty_map_take(&map, 0), 1UL << 63 | 3);
	CHECK_EQ(dirty_map_take(&map, 0), 0);
	CHECK_EQ(map.count, ARRAY_SIZE(frames) - 3);
	dirty_map_put(&map, 0, 5);
	CHECK_EQ(dirty_map_peek(&map, 0), 5);
	CHECK_EQ(map.count, ARRAY_SIZE(frames) - 1);
}

TEST(dirty_map_leaves_out_what_is_beyond)
{
	fresh();
	dirty_map_add(&map, LAST_FRAME + 1, 5);
	dirty_map_add(&map, UINT64_MAX - 70, 71);
	CHECK_EQ(map.count, 0);
	dirty_map_add(&map, LAST_FRAME - 1, 100);
	CHECK_EQ(map.count, 2);
	CHECK_EQ(dirty_map_take(&map, LAST_FRAME & ~63UL), 3UL << 62);
	CHECK_EQ(dirty_map_take(&map, LAST_FRAME + 1), 0);
	CHECK_TRUE(!map.failed);
}

TEST(dirty_map_ranges_are_exact)
{
	fresh();
	for (unsigned int first = 60; first < 70; first++) {
		for (unsigned int count = 0; count < 200; count++) {
			uint64_t base = DIRTY_LEAF_FRAMES -
					128; /* so that they cross from one leaf into the next */

			dirty_map_add(&map, base + first, count);
			CHECK_EQ(map.count, count);
			for (unsigned int i = 0; i < 320; i += 64) {
				unsigned long bits = dirty_map_take(&map, base + i);

				for (unsigned int b = 0; b < 64; b++) {
					CHECK_EQ(bits >> b & 1,
						 i + b >= first && i + b < first + count);
				}
			}
			CHECK_EQ(map.count, 0);
		}
	}
}

TEST(dirty_map_clears_leaf_by_leaf)
{
	uint64_t at = 0;
	unsigned int steps = 0;

	fresh();
	CHECK_TRUE(!dirty_map_clear_some(&map, &at));
	dirty_map_add(&map, 5, DIRTY_LEAF_FRAMES);
	dirty_map_add(&map, 1UL << 30, 1);
	dirty_map_add(&map, LAST_FRAME, 1);
	for (at = 0; dirty_map_clear_some(&map, &at); steps++) {
		CHECK_TRUE(steps < 4);
	}
	CHECK_EQ(steps, 4);
	CHECK_EQ(map.count, 0);
	CHECK_EQ(dirty_map_peek(&map, 64), 0);
	CHECK_EQ(dirty_map_peek(&map, LAST_FRAME & ~63UL), 0);
}

TEST(dirty_map_gives_its_memory_back)
{
	uint64_t before;

	fresh();
	before = page_free_count();
	dirty_map_add(&map, 0, 3 * DIRTY_LEAF_FRAMES);
	dirty_map_add(&map, LAST_FRAME, 1);
	/* three leaves and two tables; one of each kind for the last */
	CHECK_EQ(before - page_free_count(), 3 + 2 + 3);
	dirty_map_destroy(&map);
	CHECK_EQ(page_free_count(), before);
}

/* Adders and one taker: nothing is lost, and nothing comes that was not added. */
#define THREADS 3
#define ROUNDS	20000u

static unsigned int added[THREADS * 64];
static bool finished;

static void *adder(void *arg)
{
	uint64_t who = (uint64_t)(uintptr_t)arg;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int f = (i * 7 + i / 64) % 64;

		/* The three share words, and each has its own bits. */
		__atomic_add_fetch(&added[f * THREADS + who], 1, __ATOMIC_SEQ_CST);
		dirty_map_add(&map, 32700 + f * THREADS + who, 1);
	}
	return NULL;
}

static void take_all(uint64_t *seen)
{
	for (uint64_t first = 32640; first < 33024; first += 64) {
		unsigned long bits = dirty_map_take(&map, first);

		for (; bits; bits &= bits - 1) {
			uint64_t f = first + lowest_bit(bits);

			CHECK_TRUE(f >= 32700 && f < 32700 + ARRAY_SIZE(added));
			seen[f - 32700] = __atomic_load_n(&added[f - 32700], __ATOMIC_SEQ_CST);
		}
	}
}

static void *taker(void *arg)
{
	while (!__atomic_load_n(&finished, __ATOMIC_SEQ_CST)) {
		take_all(arg);
	}
	return NULL;
}

TEST(dirty_map_loses_nothing_to_a_taker)
{
	uint64_t seen[ARRAY_SIZE(added)] = {0};
	pthread_t threads[THREADS], t;

	fresh();
	CHECK_EQ(pthread_create(&t, NULL, taker, seen), 0);
	for (uintptr_t i = 0; i < THREADS; i++) {
		CHECK_EQ(pthread_create(&threads[i], NULL, adder, (void *)i), 0);
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	__atomic_store_n(&finished, true, __ATOMIC_SEQ_CST);
	pthread_join(t, NULL);
	take_all(seen);
	/* Whoever took a frame last saw all that had been written to it. */
	for (unsigned int i = 0; i < ARRAY_SIZE(added); i++) {
		CHECK_EQ(seen[i], added[i]);
	}
	CHECK_EQ(map.count, 0);
}
