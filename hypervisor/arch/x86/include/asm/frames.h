/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where frames and their page_info are: fixed places of the address space (asm/paging.h). Included by hv/page.h, which says what they do. */
#include <asm/paging.h>

static inline struct page_info *mfn_to_page(mfn_t m)
{
	return (struct page_info *)FRAMETABLE_BASE + m.v;
}

static inline mfn_t page_to_mfn(const struct page_info *pg)
{
	return mfn((uint64_t)(pg - (const struct page_info *)FRAMETABLE_BASE));
}

static inline void *hpa_to_virt(hpa_t a)
{
	return (void *)(DIRECTMAP_BASE + a.v);
}
