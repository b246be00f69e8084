/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Short reads of a domain's own RAM without a reference, and the few large mappings that a vCPU's
 * last ones went through. For guest_walk.c and guest_access.c.
 *
 * A slot of a p2m table stays memory until the domain is gone, and an entry is taken out before its
 * frame may leave the domain. So an entry that is the same after the read as before proves that
 * what was read was the domain's; otherwise the bytes are thrown away. For the same reason a cached
 * slot needs no invalidation: it counts as long as it holds the cached entry.
 */
#include <hv/cpu.h>
#include <hv/p2m.h>
#include <hv/vcpu.h>

struct p2m_own_frame {
	const char *page;
	const uint64_t *slot;
	uint64_t entry;
};

/* By the tables (p2m.c); a large mapping goes into v's cache when d is v's domain. v is current.
 * False: not P2M_RAM_RW. */
bool p2m_own_frame_look(struct vcpu *v, struct domain *d, uint64_t g, struct p2m_own_frame *out);

static inline struct p2m_cached *p2m_cache_entry(struct vcpu *v, uint64_t g)
{
	return &v->arch.p2m_cache[(g >> ORDER_2M) % P2M_CACHE_SIZE];
}

/* The cached mapping that g lies in; NULL: none. The content counts while p2m_cached_still after
 * it. */
static inline const struct p2m_cached *p2m_cached_frame(struct vcpu *v, const struct domain *d,
							uint64_t g)
{
	const struct p2m_cached *c = p2m_cache_entry(v, g);

	return likely(c->tag == (g >> ORDER_2M) + 1) && likely(v->domain == d) &&
		       likely(READ_ONCE(*c->slot) == c->entry)
		   ? c
		   : NULL;
}

static inline const char *p2m_cached_page(const struct p2m_cached *c, uint64_t g)
{
	return c->base + ((g & 511) << PAGE_SHIFT);
}

static inline bool p2m_cached_still(const struct p2m_cached *c)
{
	return READ_ONCE(*c->slot) == c->entry;
}

/* After the read by way of p2m_own_frame_look: does it count? */
static inline bool p2m_own_frame_still(const struct p2m_own_frame *f)
{
	return READ_ONCE(*f->slot) == f->entry;
}
