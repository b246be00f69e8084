/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Devices follow the map of their domain (p2m_dma.c). All under p2m->lock, but for init and destroy; without devices
 * nothing happens.
 */
#include <hv/p2m.h>

struct domain;

int p2m_dma_init(struct domain *d);
void p2m_dma_destroy(struct domain *d);
/*
 * g..g + 2^order - 1 have become m.. with type t. *flush: iommu_flush is due before a frame that was there goes.
 * -ENOMEM: nothing of it is mapped.
 */
int p2m_dma_follow(struct domain *d, uint64_t g, uint64_t m, unsigned int order, enum p2m_type t, bool *flush);
/* Devices of the service VM d may send interrupts by message. Boot, lock not needed. -ENOMEM. */
int p2m_dma_map_doorbells(struct domain *d);
/* A grant mapping of frame m comes, or one of that type goes. Before, and after, follow. */
int p2m_dma_grant(struct domain *d, uint64_t m, enum p2m_type t, bool *flush);
void p2m_dma_ungrant(struct domain *d, uint64_t m, enum p2m_type t, bool *flush);

static inline bool p2m_is_grant(enum p2m_type t)
{
	return t == P2M_GRANT_RW || t == P2M_GRANT_RO;
}
