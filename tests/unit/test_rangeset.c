/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"
#include <asm/fake.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/rangeset.h>

#define SMALL	64u

static struct rangeset *fresh(void)
{
	struct rangeset *r;

	fake_memory_init();
	r = rangeset_create("test");
	CHECK_TRUE(r);
	return r;
}

TEST(rangeset_merges_and_splits)
{
	struct rangeset *r = fresh();

	CHECK_TRUE(!rangeset_contains(r, 0, 0) && !rangeset_overlaps(r, 0, UINT64_MAX));
	CHECK_EQ(rangeset_add(r, 10, 19), 0);
	CHECK_EQ(rangeset_add(r, 20, 29), 0);
	CHECK_TRUE(rangeset_contains(r, 10, 29) && !rangeset_contains(r, 10, 30));
	CHECK_EQ(rangeset_remove(r, 15, 24), 0);
	CHECK_TRUE(rangeset_contains(r, 10, 14) && rangeset_contains(r, 25, 29));
	CHECK_TRUE(!rangeset_overlaps(r, 15, 24) && rangeset_overlaps(r, 14, 15));
	CHECK_EQ(rangeset_add(r, 3, 2), -EINVAL);
	rangeset_destroy(r);
	rangeset_destroy(NULL);
}

TEST(rangeset_ends_of_the_world)
{
	struct rangeset *r = fresh();

	CHECK_EQ(rangeset_add(r, UINT64_MAX, UINT64_MAX), 0);
	CHECK_EQ(rangeset_add(r, 0, 0), 0);
	CHECK_TRUE(rangeset_contains(r, 0, 0) && rangeset_contains(r, UINT64_MAX, UINT64_MAX));
	CHECK_TRUE(!rangeset_overlaps(r, 1, UINT64_MAX - 1));
	CHECK_EQ(rangeset_add(r, 1, UINT64_MAX - 1), 0);
	CHECK_TRUE(rangeset_contains(r, 0, UINT64_MAX));
	CHECK_EQ(rangeset_remove(r, 0, UINT64_MAX), 0);
	CHECK_TRUE(!rangeset_overlaps(r, 0, UINT64_MAX));
	rangeset_destroy(r);
}

TEST(rangeset_limit)
{
	struct rangeset *r = fresh();

	for (uint64_t i = 0; i < 1024; i++) {
		CHECK_EQ(rangeset_add(r, i * 2, i * 2), 0);
	}
	CHECK_EQ(rangeset_add(r, 5000, 5000), -E2BIG);
	CHECK_EQ(rangeset_add(r, 1, 1), 0);
	CHECK_EQ(rangeset_add(r, 5000, 5000), 0);
	CHECK_TRUE(rangeset_contains(r, 0, 2) && !rangeset_contains(r, 2, 3));
	rangeset_destroy(r);
}

/* Against a bit per number. */
TEST(rangeset_random)
{
	struct rangeset *r = fresh();
	struct unit_random rnd = { 4711 };
	uint64_t model = 0;

	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t x = unit_random(&rnd);
		unsigned int first = x % SMALL, last = first + (x >> 8) % (SMALL - first);
		uint64_t mask = (last - first == 63 ? ~0ULL : (1ULL << (last - first + 1)) - 1) << first;

		if (x >> 63) {
			CHECK_EQ(rangeset_add(r, first, last), 0);
			model |= mask;
		} else {
			CHECK_EQ(rangeset_remove(r, first, last), 0);
			model &= ~mask;
		}
		first = (x >> 16) % SMALL;
		last = first + (x >> 24) % (SMALL - first);
		mask = (last - first == 63 ? ~0ULL : (1ULL << (last - first + 1)) - 1) << first;
		CHECK_EQ(rangeset_contains(r, first, last), (model & mask) == mask);
		CHECK_EQ(rangeset_overlaps(r, first, last), (model & mask) != 0);
	}
	rangeset_destroy(r);
}
