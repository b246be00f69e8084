/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Beyond hv/p2m.h (arch/arm-common/p2m.c). */
#include <hv/p2m.h>

/*
 * The type at g with no change of it under way: entries that change are absent for a moment, and a vCPU may fault just
 * then. Takes p2m->lock.
 */
enum p2m_type p2m_type_settled(struct domain *d, gfn_t g);
/*
 * A short read of d's own memory without a reference: copy stands for the bytes at [src, src + n) of one page when the
 * entry is the same after as before, for it is taken out before its frame may leave d. False: not plain RAM of d's.
 */
bool p2m_read_own(struct domain *d, void *dst, gpa_t src, size_t n);
/* [first, first + count) as the guest's RAM has it, to the point of coherency (XEN_DOMCTL_cacheflush). Preemptible: *first moves. */
int p2m_cache_flush(struct domain *d, uint64_t *first, uint64_t end);
