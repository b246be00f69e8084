/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

static inline void arch_copy_forward(void *dst, const void *src, size_t n)
{
	size_t words = n / 8;

	__asm__ volatile("rep movsq\n\t"
			 "mov %3, %%rcx\n\t"
			 "rep movsb"
			 : "+D"(dst), "+S"(src), "+c"(words)
			 : "r"(n % 8)
			 : "memory");
}

static inline void arch_copy_backward(void *dst, const void *src, size_t n)
{
	dst = (char *)dst + n - 1;
	src = (const char *)src + n - 1;
	__asm__ volatile("std\n\trep movsb\n\tcld" : "+D"(dst), "+S"(src), "+c"(n) : : "memory");
}

static inline void arch_fill(void *dst, uint8_t c, size_t n)
{
	size_t words = n / 8;

	__asm__ volatile("rep stosq\n\t"
			 "mov %2, %%rcx\n\t"
			 "rep stosb"
			 : "+D"(dst), "+c"(words)
			 : "r"(n % 8), "a"(c * 0x0101010101010101UL)
			 : "memory");
}
