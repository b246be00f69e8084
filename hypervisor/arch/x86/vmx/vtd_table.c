// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VT-d: root and context tables: who a requester id belongs to.
 *
 * A requester id without a context entry is refused and recorded by the unit, so nothing has to be
 * written to deny. Context tables are made at the first attachment of a bus and stay.
 */
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/page.h>
#include "vtd.h"

static struct vtd_segment segments[4];
static unsigned int segment_count;

static void clean(const void *p, size_t len)
{
	if (iommu_caps.clean) {
		arch_cache_clean(p, len);
	}
}

struct vtd_segment *vtd_segment_get(uint16_t segment, bool create)
{
	struct vtd_segment *s;

	for (unsigned int i = 0; i < segment_count; i++) {
		if (segments[i].segment == segment) {
			return &segments[i];
		}
	}
	if (!create || segment_count == ARRAY_SIZE(segments)) {
		return NULL;
	}
	s = &segments[segment_count];
	s->roots = page_alloc_virt();
	if (!s->roots) {
		return NULL;
	}
	s->segment = segment;
	clean(s->roots, PAGE_SIZE);
	segment_count++;
	return s;
}

static struct vtd_context *context_of(struct vtd_segment *s, uint16_t devid, bool create)
{
	struct vtd_root *root = &s->roots[devid >> 8];
	struct vtd_context *table;

	if (!(root->lo & CONTEXT_PRESENT)) {
		table = create ? page_alloc_virt() : NULL;
		if (!table) {
			return NULL;
		}
		clean(table, PAGE_SIZE);
		WRITE_ONCE(root->lo, virt_to_hpa(table).v | CONTEXT_PRESENT);
		clean(root, sizeof(*root));
	}
	table = hpa_to_virt(hpa(root->lo & PAGE_MASK));
	return &table[devid & 0xff];
}

int vtd_set(pci_sbdf_t requester, struct iommu_domain *dom, struct iommu_domain *old)
{
	struct vtd_segment *s = vtd_segment_get((uint16_t)(requester.v >> 16), false);
	uint16_t devid = (uint16_t)requester.v;
	struct vtd_context *c;

	if (!s) {
		return -ENODEV;
	}
	c = context_of(s, devid, dom != NULL);
	if (!c) {
		return dom ? -ENOMEM : 0;
	}
	if (c->lo & CONTEXT_PRESENT) {
		/* Not present in between: a unit must never see half of each. */
		unsigned int id = (unsigned int)(c->hi >> 8) & 0xffff;

		WRITE_ONCE(c->lo, 0);
		clean(c, sizeof(*c));
		vtd_forget_device(s, devid, id);
	}
	if (old) {
		vtd_flush(old, 0, 0);
	}
	if (!dom) {
		return 0;
	}
	/* Address width: 1 is 39 bits (3 levels), 2 is 48, 3 is 57. Translation type 0: no ATS. */
	WRITE_ONCE(c->hi, (uint64_t)dom->id << 8 | (dom->table.levels - 2));
	barrier();
	WRITE_ONCE(c->lo, virt_to_hpa(dom->table.root).v | CONTEXT_PRESENT);
	clean(c, sizeof(*c));
	/* Caching mode remembers absent entries under id 0. Else there is nothing to forget, but a
	 * unit with a write buffer has to be told, and the call does both. */
	vtd_forget_device(s, devid, 0);
	if (dom != old) {
		vtd_flush(dom, 0, 0);
	}
	return 0;
}
