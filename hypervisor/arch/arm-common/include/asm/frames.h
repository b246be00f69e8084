/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where frames and their page_info are: fixed places of the address space (asm/layout.h), from the first frame of RAM on. Included by hv/page.h, which says what they do. */
#include <asm/layout.h>

#define FRAMETABLE_FIRST (DIRECT_FIRST >> PAGE_SHIFT)

static inline struct page_info *mfn_to_page(mfn_t m)
{
	return (struct page_info *)(uintptr_t)FRAMETABLE_BASE + (m.v - FRAMETABLE_FIRST);
}

static inline mfn_t page_to_mfn(const struct page_info *pg)
{
	return mfn((uint64_t)(pg - (const struct page_info *)(uintptr_t)FRAMETABLE_BASE) + FRAMETABLE_FIRST);
}

static inline void *hpa_to_virt(hpa_t a)
{
	return (void *)(uintptr_t)(DIRECT_BASE + (a.v - DIRECT_FIRST));
}
