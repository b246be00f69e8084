/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Division of 64 bits by shifts and differences, for CPUs that have none. */
#include <hv/divide.h>
#include <hv/lib.h>

uint64_t divide_u64(uint64_t n, uint64_t d, uint64_t *rem)
{
	uint64_t q = 0;

	CHECK(d);
	if (!((n | d) >> 32)) {
		*rem = (uint32_t)n % (uint32_t)d;
		return (uint32_t)n / (uint32_t)d;
	}
	if (n >= d) {
		unsigned int shift = (unsigned int)(__builtin_clzll(d) - __builtin_clzll(n));

		d <<= shift;
		for (;; shift--, d >>= 1) {
			if (n >= d) {
				n -= d;
				q |= (uint64_t)1 << shift;
			}
			if (!shift) {
				break;
			}
		}
	}
	*rem = n;
	return q;
}

int64_t divide_s64(int64_t n, int64_t d, int64_t *rem)
{
	uint64_t r;
	uint64_t q = divide_u64(n < 0 ? 0 - (uint64_t)n : (uint64_t)n,
				d < 0 ? 0 - (uint64_t)d : (uint64_t)d, &r);

	/* Towards zero; the remainder has the sign of n. */
	*rem = (int64_t)(n < 0 ? 0 - r : r);
	return (int64_t)((n < 0) != (d < 0) ? 0 - q : q);
}
