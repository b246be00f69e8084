/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

/* Words where both ends are aligned, else bytes: a load of several registers faults at other addresses. */
static inline void arch_copy_forward(void *dst, const void *src, size_t n)
{
	if (!(((uintptr_t)dst | (uintptr_t)src) & 3)) {
		__asm__ volatile("1:	subs	%2, %2, #16\n\t"
				 "ldmhs	%1!, {r3, r4, r5, r12}\n\t"
				 "stmhs	%0!, {r3, r4, r5, r12}\n\t"
				 "bhs	1b\n\t"
				 "and	%2, %2, #15\n"
				 : "+r"(dst), "+r"(src), "+r"(n)
				 :
				 : "r3", "r4", "r5", "r12", "memory", "cc");
	}
	__asm__ volatile("1:	subs	%2, %2, #1\n\t"
			 "ldrbhs r3, [%1], #1\n\t"
			 "strbhs r3, [%0], #1\n\t"
			 "bhs	1b\n"
			 : "+r"(dst), "+r"(src), "+r"(n)
			 :
			 : "r3", "memory", "cc");
}

static inline void arch_copy_backward(void *dst, const void *src, size_t n)
{
	__asm__ volatile("1:	subs	%2, %2, #1\n\t"
			 "ldrbhs r3, [%1, %2]\n\t"
			 "strbhs r3, [%0, %2]\n\t"
			 "bhs	1b\n"
			 : "+r"(dst), "+r"(src), "+r"(n)
			 :
			 : "r3", "memory", "cc");
}

static inline void arch_fill(void *dst, uint8_t c, size_t n)
{
	uint32_t word = c * 0x01010101u;

	if (!((uintptr_t)dst & 3)) {
		__asm__ volatile("mov	r3, %2\n\t"
				 "mov	r4, %2\n\t"
				 "mov	r5, %2\n\t"
				 "mov	r12, %2\n"
				 "1:	subs	%1, %1, #16\n\t"
				 "stmhs	%0!, {r3, r4, r5, r12}\n\t"
				 "bhs	1b\n\t"
				 "and	%1, %1, #15\n"
				 : "+r"(dst), "+r"(n)
				 : "r"(word)
				 : "r3", "r4", "r5", "r12", "memory", "cc");
	}
	__asm__ volatile("1:	subs	%1, %1, #1\n\t"
			 "strbhs %2, [%0], #1\n\t"
			 "bhs	1b\n"
			 : "+r"(dst), "+r"(n)
			 : "r"(word)
			 : "memory", "cc");
}
