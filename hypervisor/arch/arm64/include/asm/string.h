/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

static inline void arch_copy_forward(void *dst, const void *src, size_t n)
{
	uint64_t a, b;

	__asm__ volatile("1:	subs	%2, %2, #16\n\t"
			 "b.lo	2f\n\t"
			 "ldp	%3, %4, [%1], #16\n\t"
			 "stp	%3, %4, [%0], #16\n\t"
			 "b	1b\n"
			 "2:	ands	%2, %2, #15\n\t"
			 "b.eq	4f\n"
			 "3:	ldrb	%w3, [%1], #1\n\t"
			 "strb	%w3, [%0], #1\n\t"
			 "subs	%2, %2, #1\n\t"
			 "b.ne	3b\n"
			 "4:"
			 : "+r"(dst), "+r"(src), "+r"(n), "=&r"(a), "=&r"(b)
			 :
			 : "memory", "cc");
}

static inline void arch_copy_backward(void *dst, const void *src, size_t n)
{
	uint64_t a;

	__asm__ volatile("	cbz	%2, 2f\n"
			 "1:	subs	%2, %2, #1\n\t"
			 "ldrb	%w3, [%1, %2]\n\t"
			 "strb	%w3, [%0, %2]\n\t"
			 "b.ne	1b\n"
			 "2:"
			 : "+r"(dst), "+r"(src), "+r"(n), "=&r"(a)
			 :
			 : "memory", "cc");
}

static inline void arch_fill(void *dst, uint8_t c, size_t n)
{
	uint64_t word = c * 0x0101010101010101UL;

	__asm__ volatile("1:	subs	%1, %1, #16\n\t"
			 "b.lo	2f\n\t"
			 "stp	%2, %2, [%0], #16\n\t"
			 "b	1b\n"
			 "2:	ands	%1, %1, #15\n\t"
			 "b.eq	4f\n"
			 "3:	strb	%w2, [%0], #1\n\t"
			 "subs	%1, %1, #1\n\t"
			 "b.ne	3b\n"
			 "4:"
			 : "+r"(dst), "+r"(n)
			 : "r"(word)
			 : "memory", "cc");
}
