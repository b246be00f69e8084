/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

static inline void arch_copy_forward(void *dst, const void *src, size_t n)
{
	volatile uint8_t *to = dst;
	const uint8_t *from = src;

	while (n--) {
		*to++ = *from++;
	}
}

static inline void arch_copy_backward(void *dst, const void *src, size_t n)
{
	volatile uint8_t *to = dst;
	const uint8_t *from = src;

	while (n--) {
		to[n] = from[n];
	}
}

static inline void arch_fill(void *dst, uint8_t c, size_t n)
{
	volatile uint8_t *to = dst;

	while (n--) {
		*to++ = c;
	}
}
