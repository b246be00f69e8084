/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where frames and their page_info are: in arrays (memory.c), with checks. Included by hv/page.h, which says what they do. */
struct page_info *mfn_to_page(mfn_t m);
mfn_t page_to_mfn(const struct page_info *pg);
void *hpa_to_virt(hpa_t a);
