/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest-physical map as an array. */
#include <asm/fake.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/p2m.h>

struct entry {
	uint64_t mfn;
	enum p2m_type type;
};

struct p2m {
	struct spinlock lock;
	struct entry entries[FAKE_GFN_COUNT];
};

int p2m_init(struct domain *d)
{
	d->p2m = hv_alloc(sizeof(*d->p2m));
	return d->p2m ? 0 : -ENOMEM;
}

int p2m_teardown(struct domain *d)
{
	hv_free(d->p2m);
	d->p2m = NULL;
	return 0;
}

int p2m_set_noflush(struct domain *d, gfn_t g, mfn_t m, unsigned int order, enum p2m_type t, bool *flush)
{
	struct p2m *p = d->p2m;

	if (g.v >= FAKE_GFN_COUNT || g.v + (1UL << order) > FAKE_GFN_COUNT) {
		return -EINVAL;
	}
	spin_lock(&p->lock);
	for (uint64_t i = 0; i < 1UL << order; i++) {
		struct entry *e = &p->entries[g.v + i];

		*flush |= e->type != P2M_INVALID;
		*e = (struct entry){ t == P2M_INVALID ? 0 : m.v + i, t };
	}
	spin_unlock(&p->lock);
	return 0;
}

int p2m_set(struct domain *d, gfn_t g, mfn_t m, unsigned int order, enum p2m_type t)
{
	bool flush = false;
	int rc = p2m_set_noflush(d, g, m, order, t, &flush);

	if (flush) {
		p2m_flush(d);
	}
	return rc;
}

int p2m_set_if_empty(struct domain *d, gfn_t g, mfn_t m, enum p2m_type t)
{
	struct p2m *p = d->p2m;
	int rc = -EEXIST;

	if (g.v >= FAKE_GFN_COUNT) {
		return -EINVAL;
	}
	spin_lock(&p->lock);
	if (p->entries[g.v].type == P2M_INVALID) {
		p->entries[g.v] = (struct entry){ m.v, t };
		rc = 0;
	}
	spin_unlock(&p->lock);
	return rc;
}

int p2m_remove_if_noflush(struct domain *d, gfn_t g, mfn_t m, enum p2m_type t, bool *flush)
{
	struct p2m *p = d->p2m;
	int rc = -EINVAL;

	if (g.v >= FAKE_GFN_COUNT) {
		return -EINVAL;
	}
	spin_lock(&p->lock);
	if (p->entries[g.v].type == t && p->entries[g.v].mfn == m.v) {
		p->entries[g.v] = (struct entry){ 0, P2M_INVALID };
		*flush = true;
		rc = 0;
	}
	spin_unlock(&p->lock);
	return rc;
}

int p2m_remove_if(struct domain *d, gfn_t g, mfn_t m, enum p2m_type t)
{
	bool flush = false;
	int rc = p2m_remove_if_noflush(d, g, m, t, &flush);

	if (flush) {
		p2m_flush(d);
	}
	return rc;
}

void p2m_flush(struct domain *d)
{
	__atomic_add_fetch(&d->arch.flushes, 1, __ATOMIC_RELAXED);
}

mfn_t p2m_lookup(struct domain *d, gfn_t g, enum p2m_type *t, unsigned int *order)
{
	struct p2m *p = d->p2m;
	mfn_t m = INVALID_MFN;

	*t = P2M_INVALID;
	if (order) {
		*order = 0;
	}
	if (g.v < FAKE_GFN_COUNT) {
		spin_lock(&p->lock);
		*t = p->entries[g.v].type;
		m = *t == P2M_INVALID ? INVALID_MFN : mfn(p->entries[g.v].mfn);
		spin_unlock(&p->lock);
	}
	return m;
}

struct page_info *p2m_get_page(struct domain *d, gfn_t g, enum p2m_type *t)
{
	enum p2m_type type;
	struct page_info *pg = NULL;

	if (g.v < FAKE_GFN_COUNT) {
		struct p2m *p = d->p2m;

		/* Entry and reference under one lock: the contract's "look again" made simple. */
		spin_lock(&p->lock);
		type = p->entries[g.v].type;
		if (p2m_is_ram(type)) {
			pg = mfn_to_page(mfn(p->entries[g.v].mfn));
			if (!page_get(pg, NULL)) {
				pg = NULL;
			}
		}
		spin_unlock(&p->lock);
		if (t) {
			*t = type;
		}
	} else if (t) {
		*t = P2M_INVALID;
	}
	return pg;
}

/* No entry is ever populated on demand. */
int p2m_pod_mark(struct domain *d, gfn_t g, unsigned int order)
{
	return -ENOTEMPTY;
}

int p2m_pod_set_target(struct domain *d, uint64_t target)
{
	return -ENOTEMPTY;
}

void p2m_pod_get_info(struct domain *d, struct p2m_pod_info *info)
{
	*info = (struct p2m_pod_info){ 0 };
}

bool p2m_pod_drop(struct domain *d, gfn_t g, unsigned int order)
{
	return false;
}

bool p2m_pod_keep(struct domain *d, struct page_info *pg)
{
	return false;
}

/* Frames that were marked, by number. */
void p2m_log_dirty_mark(struct domain *d, gfn_t g)
{
	if (g.v < FAKE_GFN_COUNT) {
		d->arch.dirty[g.v] = true;
	}
}

bool p2m_log_dirty_on(const struct domain *d)
{
	return d->log_dirty;
}

long p2m_vram_track(struct domain *d, gfn_t first, uint32_t count, gva_t bitmap)
{
	return -ENOMEM;
}
