/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Addresses are boxed so that the compiler refuses a mix of kinds. The named functions below are the
 * only conversions.
 *   mfn_t: machine frame number, an index of a 4 KiB frame of physical memory.
 *   gfn_t: guest frame number, the same within one domain's physical address space.
 *   hpa_t: machine (host-physical) byte address.       gpa_t: guest-physical byte address.
 *   gva_t: an address in the *current* vCPU's linear address space.
 */
#include <hv/types.h>

typedef struct { uint64_t v; } mfn_t;
typedef struct { uint64_t v; } gfn_t;
typedef struct { uint64_t v; } hpa_t;
typedef struct { uint64_t v; } gpa_t;
typedef struct { uint64_t v; } gva_t;

#define PAGE_SHIFT	12
/* Like the mask of 64 bits, for addresses of any kind. */
#define PAGE_SIZE	BIT(PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define ORDER_4K	0
#define ORDER_2M	9
#define ORDER_1G	18

#define INVALID_MFN	((mfn_t){ ~0ULL })
#define INVALID_GFN	((gfn_t){ ~0ULL })

static inline mfn_t mfn(uint64_t v) { return (mfn_t){ v }; }
static inline gfn_t gfn(uint64_t v) { return (gfn_t){ v }; }
static inline hpa_t hpa(uint64_t v) { return (hpa_t){ v }; }
static inline gpa_t gpa(uint64_t v) { return (gpa_t){ v }; }
static inline gva_t gva(uint64_t v) { return (gva_t){ v }; }

static inline bool mfn_eq(mfn_t a, mfn_t b) { return a.v == b.v; }
static inline bool gfn_eq(gfn_t a, gfn_t b) { return a.v == b.v; }
static inline mfn_t mfn_add(mfn_t m, uint64_t n) { return mfn(m.v + n); }
static inline gfn_t gfn_add(gfn_t g, uint64_t n) { return gfn(g.v + n); }
static inline hpa_t mfn_to_hpa(mfn_t m) { return hpa(m.v << PAGE_SHIFT); }
static inline mfn_t hpa_to_mfn(hpa_t h) { return mfn(h.v >> PAGE_SHIFT); }
static inline gpa_t gfn_to_gpa(gfn_t g) { return gpa(g.v << PAGE_SHIFT); }
static inline gfn_t gpa_to_gfn(gpa_t g) { return gfn(g.v >> PAGE_SHIFT); }
