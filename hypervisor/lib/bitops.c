/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <hv/bitops.h>

static unsigned int find_next(const unsigned long *p, unsigned int size, unsigned int from,
			      unsigned long invert)
{
	while (from < size) {
		unsigned long w = (READ_ONCE(p[from / BITS_PER_LONG]) ^ invert) >>
				  (from % BITS_PER_LONG);

		if (w) {
			from += lowest_bit(w);
			return MIN(from, size);
		}
		from = ROUND_DOWN(from, BITS_PER_LONG) + BITS_PER_LONG;
	}
	return size;
}

unsigned int find_next_bit(const unsigned long *p, unsigned int size, unsigned int from)
{
	return find_next(p, size, from, 0);
}

unsigned int find_next_zero_bit(const unsigned long *p, unsigned int size, unsigned int from)
{
	return find_next(p, size, from, ~0UL);
}
