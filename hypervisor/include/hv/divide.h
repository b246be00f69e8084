/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the compiler calls for / and % of 64 bits on a CPU of 32 (lib/divide.c). d must not be 0: that is a panic. */
#include <hv/types.h>

uint64_t divide_u64(uint64_t n, uint64_t d, uint64_t *rem);
/* As C divides: towards zero, and the remainder has the sign of n. INT64_MIN / -1 is INT64_MIN. */
int64_t divide_s64(int64_t n, int64_t d, int64_t *rem);

/* (a * b) >> 32, of the full product's bits; above 64 bits it wraps. */
static inline uint64_t multiply_shift32(uint64_t a, uint64_t b)
{
	uint64_t high = a >> 32, low = (uint32_t)a;

	return high * b + low * (b >> 32) + (low * (uint32_t)b >> 32);
}
