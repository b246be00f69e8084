/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Short copies from and to the memory of the current vCPU's domain where the CPU itself does both stages of the
 * translation (guest_walk.c). va to va + n stands within one page, n is 64 at most. False: nothing was done (what was read may
 * be anything), the long way knows more: a page of another domain, an entry that is just changing, a fault.
 */
#include <hv/addr.h>
#include <hv/lib.h>
#include <hv/types.h>

#define GUEST_COPY_SHORT 64

bool guest_read_short(void *dst, gva_t va, size_t n);
bool guest_write_short(gva_t va, const void *src, size_t n);

/* Words of natural size in one access each, for the page's other users may be changing it. */
static inline void guest_copy_words(void *dst, const void *src, size_t n)
{
	/* Not every CPU loads 64 bits from any address. */
	switch (IS_ALIGNED((uintptr_t)dst | (uintptr_t)src, n) ? n : 0) {
	case 4:
		WRITE_ONCE(*(uint32_t *)dst, READ_ONCE(*(const uint32_t *)src));
		break;
	case 8:
		WRITE_ONCE(*(uint64_t *)dst, READ_ONCE(*(const uint64_t *)src));
		break;
	case 16:
		WRITE_ONCE(((uint64_t *)dst)[0], READ_ONCE(((const uint64_t *)src)[0]));
		WRITE_ONCE(((uint64_t *)dst)[1], READ_ONCE(((const uint64_t *)src)[1]));
		break;
	default:
		memcpy(dst, src, n);
		break;
	}
	barrier();
}
