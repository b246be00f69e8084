/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The division of CPUs that have none of 64 bits, against the one of this machine. */
#include "unit.h"
#include <hv/divide.h>
#include <hv/lib.h>

static const uint64_t values[] = {
    0,
    1,
    2,
    3,
    10,
    1000,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x100000000,
    0x100000001,
    1000000000,
    10000000000,
    0xdeadbeefcafe,
    0x7fffffffffffffff,
    1ULL << 63,
    ~0ULL - 1,
    ~0ULL,
    0x123456789abcdef,
    0xffffffff00000000,
};

static void check_unsigned(uint64_t n, uint64_t d)
{
	uint64_t rem = 99;

	CHECK_EQ(divide_u64(n, d, &rem), n / d);
	CHECK_EQ(rem, n % d);
}

static void check_signed(int64_t n, int64_t d)
{
	int64_t rem = 99;

	CHECK_EQ(divide_s64(n, d, &rem), n / d);
	CHECK_EQ(rem, n % d);
}

TEST(divide_edges)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
		for (unsigned int j = 0; j < ARRAY_SIZE(values); j++) {
			int64_t n = (int64_t)values[i], d = (int64_t)values[j];

			if (!values[j]) {
				continue;
			}
			check_unsigned(values[i], values[j]);
			if (n != INT64_MIN) {
				check_signed(n, d);
				check_signed(n, (int64_t)(0 - values[j]));
			}
		}
	}
}

TEST(divide_many)
{
	uint64_t x = 88172645463325252ULL;

	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t n, d;

		/* Marsaglia's xorshift; shifted, so that lengths differ. */
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		n = x >> (i % 61);
		d = (x * 0x9e3779b97f4a7c15ULL) >> (i % 63);
		check_unsigned(n, d | 1);
		check_signed((int64_t)(n - (x >> 2)), (int64_t)((d >> 1) - (x >> 3)) | 1);
	}
}

TEST(divide_overflow)
{
	int64_t rem = 99;

	CHECK_EQ(divide_s64(INT64_MIN, -1, &rem), INT64_MIN);
	CHECK_EQ(rem, 0);
}

TEST(multiply_shift)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
		for (unsigned int j = 0; j < ARRAY_SIZE(values); j++) {
			unsigned __int128 full = (unsigned __int128)values[i] * values[j];

			CHECK_EQ(multiply_shift32(values[i], values[j]), (uint64_t)(full >> 32));
		}
	}
}
