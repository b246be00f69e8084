/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"
#include <hv/bitops.h>
#include <hv/lib.h>

TEST(bitops_set_clear_test)
{
	unsigned long map[2] = { 0, 0 };

	set_bit(0, map);
	set_bit(63, map);
	__set_bit(64, map);
	CHECK_EQ(map[0], 1UL | 1UL << 63);
	CHECK_EQ(map[1], 1);
	CHECK_TRUE(test_bit(64, map) && !test_bit(65, map));
	CHECK_TRUE(!test_and_set_bit(100, map) && test_and_set_bit(100, map));
	CHECK_TRUE(test_and_clear_bit(100, map) && !test_and_clear_bit(100, map));
	clear_bit(63, map);
	__clear_bit(64, map);
	CHECK_EQ(map[0], 1);
	CHECK_EQ(map[1], 0);
}

TEST(bitops_find)
{
	unsigned long map[3] = { 0, 0, 0 };

	CHECK_EQ(find_next_bit(map, 192, 0), 192);
	CHECK_EQ(find_next_zero_bit(map, 192, 5), 5);
	set_bit(130, map);
	CHECK_EQ(find_next_bit(map, 192, 0), 130);
	CHECK_EQ(find_next_bit(map, 192, 130), 130);
	CHECK_EQ(find_next_bit(map, 192, 131), 192);
	CHECK_EQ(find_next_bit(map, 130, 0), 130);
	CHECK_EQ(find_next_bit(map, 192, 200), 192);
	memset(map, 0xff, sizeof(map));
	CHECK_EQ(find_next_zero_bit(map, 192, 0), 192);
	clear_bit(191, map);
	CHECK_EQ(find_next_zero_bit(map, 192, 7), 191);
	CHECK_EQ(find_next_zero_bit(map, 191, 7), 191);
}

TEST(bitops_words)
{
	CHECK_EQ(lowest_bit(0x80), 7);
	CHECK_EQ(lowest_bit(1UL << 63), 63);
	CHECK_EQ(highest_bit(1), 0);
	CHECK_EQ(highest_bit(~0UL), 63);
	CHECK_EQ(popcount(0), 0);
	CHECK_EQ(popcount(~0UL), 64);
	CHECK_EQ(popcount(0x8000000000000101UL), 3);
}

TEST(bitops_walk)
{
	unsigned long map[2] = { 1UL << 3 | 1UL << 60, 1UL << 1 };
	unsigned int i, seen = 0, sum = 0;

	for_each_set_bit (i, map, 128) {
		seen++;
		sum += i;
	}
	CHECK_EQ(seen, 3);
	CHECK_EQ(sum, 3 + 60 + 65);
}
