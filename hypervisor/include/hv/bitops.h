/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

#define BITS_PER_LONG	(8 * __SIZEOF_LONG__)
#define BITS_TO_LONGS(n) DIV_ROUND_UP(n, BITS_PER_LONG)
#define BIT_OF_WORD(n)	(1UL << ((n) % BITS_PER_LONG))

/* Atomic bit operations on an array of longs; the test_and_ forms are full barriers. */
static inline void set_bit(unsigned int n, unsigned long *p)
{
	__atomic_or_fetch(p + n / BITS_PER_LONG, BIT_OF_WORD(n), __ATOMIC_SEQ_CST);
}

static inline void clear_bit(unsigned int n, unsigned long *p)
{
	__atomic_and_fetch(p + n / BITS_PER_LONG, ~BIT_OF_WORD(n), __ATOMIC_SEQ_CST);
}

static inline bool test_bit(unsigned int n, const unsigned long *p)
{
	return READ_ONCE(p[n / BITS_PER_LONG]) & BIT_OF_WORD(n);
}

static inline bool test_and_set_bit(unsigned int n, unsigned long *p)
{
	return __atomic_fetch_or(p + n / BITS_PER_LONG, BIT_OF_WORD(n), __ATOMIC_SEQ_CST) &
	       BIT_OF_WORD(n);
}

static inline bool test_and_clear_bit(unsigned int n, unsigned long *p)
{
	return __atomic_fetch_and(p + n / BITS_PER_LONG, ~BIT_OF_WORD(n),
				  __ATOMIC_SEQ_CST) &
	       BIT_OF_WORD(n);
}

/* The same without atomicity, for data under a lock. */
static inline void __set_bit(unsigned int n, unsigned long *p)
{
	p[n / BITS_PER_LONG] |= BIT_OF_WORD(n);
}

static inline void __clear_bit(unsigned int n, unsigned long *p)
{
	p[n / BITS_PER_LONG] &= ~BIT_OF_WORD(n);
}

/* x must not be 0. */
static inline unsigned int lowest_bit(unsigned long x)
{
	return (unsigned int)__builtin_ctzl(x);
}

static inline unsigned int highest_bit(uint64_t x)
{
	return 63 - (unsigned int)__builtin_clzll(x);
}

static inline unsigned int popcount(uint64_t x)
{
	unsigned int n = 0;

	for (; x; x &= x - 1) {
		n++;
	}
	return n;
}

/* First set (clear) bit at or after from; size when there is none. */
unsigned int find_next_bit(const unsigned long *p, unsigned int size, unsigned int from);
unsigned int find_next_zero_bit(const unsigned long *p, unsigned int size, unsigned int from);

#define for_each_set_bit(i, p, size)                                                               \
	for (i = find_next_bit(p, size, 0); i < (size); i = find_next_bit(p, size, (i) + 1))
