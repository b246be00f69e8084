/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a domain's devices reach: its own memory and foreign frames at the addresses that its vCPUs
 * have for them; never registers of other devices, but for the pages that interrupt messages are
 * written to.
 *
 * Granted frames of a domain whose memory is 1:1 stand at their machine addresses: that is what
 * GNTTABOP_map_grant_ref answers as dev_bus_addr, and what Linux has its devices use. A frame may
 * be granted more than once, for reading and for writing, so mappings of it are counted. A foreign
 * frame's place may have the number of a granted one; the grant is then what devices see, until it
 * ends.
 *
 * Lock: p2m->lock; below it iommu_domain->lock and the allocator's.
 */
#include "p2m_dma.h"
#include <asm/msi.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/list.h>
#include <hv/page.h>

#define BUCKETS 128u

struct granted {
	struct list_head list;
	uint64_t frame;
	uint32_t readers, writers;
};

struct p2m_dma {
	struct list_head buckets[BUCKETS];
	unsigned int count;
};

int p2m_dma_init(struct domain *d)
{
	struct p2m_dma *dma;

	if (!d->iommu || !d->direct_mapped) {
		return 0;
	}
	dma = hv_alloc(sizeof(*dma));
	if (!dma) {
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < BUCKETS; i++) {
		list_init(&dma->buckets[i]);
	}
	d->arch.dma = dma;
	return 0;
}

void p2m_dma_destroy(struct domain *d)
{
	struct p2m_dma *dma = d->arch.dma;

	for (unsigned int i = 0; dma && i < BUCKETS; i++) {
		while (!list_empty(&dma->buckets[i])) {
			struct granted *e = list_first(&dma->buckets[i], struct granted, list);

			list_del(&e->list);
			hv_free(e);
		}
	}
	hv_free(dma);
	d->arch.dma = NULL;
}

static struct granted *find(struct p2m_dma *dma, uint64_t frame)
{
	struct granted *e;

	list_for_each(e, &dma->buckets[frame % BUCKETS], list)
	{
		if (e->frame == frame) {
			return e;
		}
	}
	return NULL;
}

/* Messages go to the machine's own frames, 1:1. */
static int map_doorbells(struct domain *d, uint64_t g, unsigned int order, bool *flush)
{
	mfn_t m;

	for (unsigned int i = 0; gic_msi_frame(i, &m); i++) {
		int err = m.v < g || (m.v - g) >> order
			      ? 0
			      : iommu_map_noflush(d, m.v, m, 0,
						  IOMMU_READ | IOMMU_WRITE | IOMMU_DEVICE, flush);

		if (err) {
			return err;
		}
	}
	return 0;
}

static bool holds_doorbell(const struct domain *d, uint64_t g, unsigned int order)
{
	mfn_t m;

	for (unsigned int i = 0; d->is_service && gic_msi_frame(i, &m); i++) {
		if (m.v >= g && !((m.v - g) >> order)) {
			return true;
		}
	}
	return false;
}

int p2m_dma_map_doorbells(struct domain *d)
{
	return map_doorbells(d, 0, 52 - PAGE_SHIFT, NULL);
}

/* What is behind the range from now on; rw 0: nothing, but for doorbells. */
static int enter(struct domain *d, uint64_t g, mfn_t m, unsigned int order, unsigned int rw,
		 bool *flush)
{
	bool doorbell = !rw && holds_doorbell(d, g, order);
	int err = 0;

	if (rw) {
		return iommu_map_noflush(d, g, m, order, rw, flush);
	}
	if (!doorbell || order) {
		err = iommu_unmap_noflush(d, g, order, flush);
	}
	return doorbell && !err ? map_doorbells(d, g, order, flush) : err;
}

/* Has devices see at dfn what grants and the map together say. */
static int refresh(struct domain *d, uint64_t dfn, bool *flush)
{
	const struct granted *e = find(d->arch.dma, dfn);
	unsigned int rw = 0;
	enum p2m_type t;
	mfn_t m = p2m_lookup(d, gfn(dfn), &t, NULL);

	/* A grant at dfn is seen at its frame's number alone. */
	if (!p2m_is_grant(t) && (!e || m.v == dfn)) {
		rw = iommu_rights(t);
	}
	if (e) {
		m = mfn(dfn);
		rw |= e->writers ? IOMMU_READ | IOMMU_WRITE : IOMMU_READ;
	}
	return enter(d, dfn, m, 0, rw, flush);
}

int p2m_dma_follow(struct domain *d, uint64_t g, uint64_t m, unsigned int order, enum p2m_type t,
		   bool *flush)
{
	unsigned int rw = iommu_rights(t);

	if (likely(!d->iommu)) {
		return 0;
	}
	if (d->arch.dma && !order && d->arch.dma->count) {
		return refresh(d, g, flush);
	}
	if (d->arch.dma && p2m_is_grant(t)) {
		rw = 0;
	}
	return enter(d, g, mfn(m), order, rw, flush);
}

int p2m_dma_grant(struct domain *d, uint64_t m, enum p2m_type t, bool *flush)
{
	struct p2m_dma *dma = d->arch.dma;
	struct granted *e;
	int err;

	if (likely(!dma)) {
		return 0;
	}
	e = find(dma, m);
	if (!e) {
		e = hv_alloc(sizeof(*e));
		if (!e) {
			return -ENOMEM;
		}
		e->frame = m;
		list_add(&e->list, &dma->buckets[m % BUCKETS]);
		dma->count++;
	}
	e->writers += t == P2M_GRANT_RW;
	e->readers += t == P2M_GRANT_RO;
	err = refresh(d, m, flush);
	if (err) {
		p2m_dma_ungrant(d, m, t, flush);
	}
	return err;
}

void p2m_dma_ungrant(struct domain *d, uint64_t m, enum p2m_type t, bool *flush)
{
	struct p2m_dma *dma = d->arch.dma;
	struct granted *e;

	if (likely(!dma)) {
		return;
	}
	e = find(dma, m);
	if (!e) {
		return;
	}
	e->writers -= t == P2M_GRANT_RW;
	e->readers -= t == P2M_GRANT_RO;
	if (!e->writers && !e->readers) {
		list_del(&e->list);
		hv_free(e);
		dma->count--;
	}
	/* Single pages are taken out without memory; what cannot be put there instead is absent. */
	(void)refresh(d, m, flush);
}
