/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

static inline void arch_copy_forward(void *dst, const void *src, size_t n)
{
	uint64_t a, b;

	/* 64 bytes at a time; then what the bits of the rest say. Where both lie close each load stands
	 * before the store that could change what it is for (lib/string.c). */
	__asm__ volatile("	subs	%2, %2, #64\n\t"
			 "b.lo	2f\n"
			 "1:	ldp	%3, %4, [%1], #16\n\t"
			 "stp	%3, %4, [%0], #16\n\t"
			 "ldp	%3, %4, [%1], #16\n\t"
			 "stp	%3, %4, [%0], #16\n\t"
			 "ldp	%3, %4, [%1], #16\n\t"
			 "stp	%3, %4, [%0], #16\n\t"
			 "ldp	%3, %4, [%1], #16\n\t"
			 "stp	%3, %4, [%0], #16\n\t"
			 "subs	%2, %2, #64\n\t"
			 "b.hs	1b\n"
			 "2:	tbz	%2, #5, 3f\n\t"
			 "ldp	%3, %4, [%1], #16\n\t"
			 "stp	%3, %4, [%0], #16\n\t"
			 "ldp	%3, %4, [%1], #16\n\t"
			 "stp	%3, %4, [%0], #16\n"
			 "3:	tbz	%2, #4, 4f\n\t"
			 "ldp	%3, %4, [%1], #16\n\t"
			 "stp	%3, %4, [%0], #16\n"
			 "4:	tbz	%2, #3, 5f\n\t"
			 "ldr	%3, [%1], #8\n\t"
			 "str	%3, [%0], #8\n"
			 "5:	tbz	%2, #2, 6f\n\t"
			 "ldr	%w3, [%1], #4\n\t"
			 "str	%w3, [%0], #4\n"
			 "6:	tbz	%2, #1, 7f\n\t"
			 "ldrh	%w3, [%1], #2\n\t"
			 "strh	%w3, [%0], #2\n"
			 "7:	tbz	%2, #0, 8f\n\t"
			 "ldrb	%w3, [%1]\n\t"
			 "strb	%w3, [%0]\n"
			 "8:"
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
