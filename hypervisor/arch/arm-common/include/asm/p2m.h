/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Beyond hv/p2m.h (arch/arm-common/p2m.c). */
#include <hv/p2m.h>

/*
 * The type at g with no change of it under way: entries that change are absent for a moment, and a vCPU may fault just
 * then. Takes p2m->lock.
 */
enum p2m_type p2m_type_settled(struct domain *d, gfn_t g);
/* [first, first + count) as the guest's RAM has it, to the point of coherency (XEN_DOMCTL_cacheflush). Preemptible: *first moves. */
int p2m_cache_flush(struct domain *d, uint64_t *first, uint64_t end);
