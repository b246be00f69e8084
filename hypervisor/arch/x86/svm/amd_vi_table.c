// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AMD-Vi: the device table: who a requester id belongs to.
 *
 * An entry that belongs to nobody is valid, has translation on, a page table in which nothing is
 * present and no rights: all DMA is refused and recorded. IV (interrupt map valid) is 0 in all
 * entries, and interrupt messages pass as they are, until amd_vi_refuse_interrupts.
 */
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/page.h>
#include "amd_vi.h"

struct ivrs_info *amd_ivrs;

static struct amd_segment segments[4];
static unsigned int segment_count;
static uint64_t *deny_root;

static struct amd_dte deny_entry(void)
{
	return (struct amd_dte){{DTE_VALID | DTE_TRANSLATION_VALID |
				 (uint64_t)iommu_caps.levels << DTE_MODE_SHIFT |
				 virt_to_hpa(deny_root).v}};
}

/* What firmware says about a requester id's interrupts and system messages. */
static void apply_settings(struct amd_dte *e, uint8_t flags)
{
	e->q[1] |= (uint64_t)((flags & IVRS_DTE_SYSMGT) >> 4) << DTE1_SYSMGT_SHIFT;
	e->q[2] |= (flags & IVRS_DTE_INIT_PASS ? DTE2_INIT_PASS : 0) |
		   (flags & IVRS_DTE_EINT_PASS ? DTE2_EINT_PASS : 0) |
		   (flags & IVRS_DTE_NMI_PASS ? DTE2_NMI_PASS : 0) |
		   (flags & IVRS_DTE_LINT0_PASS ? DTE2_LINT0_PASS : 0) |
		   (flags & IVRS_DTE_LINT1_PASS ? DTE2_LINT1_PASS : 0);
}

static const struct ivrs_device *find_range(uint16_t segment, uint16_t devid)
{
	const struct ivrs_device *all = NULL;

	for (unsigned int i = 0; i < amd_ivrs->device_count; i++) {
		const struct ivrs_device *r = &amd_ivrs->devices[i];

		if (amd_ivrs->units[r->unit].segment != segment || devid < r->first ||
		    devid > r->last) {
			continue;
		}
		if (r->first != 0 || r->last != 0xffff) {
			return r; /* says more than an entry for everything does */
		}
		all = r;
	}
	return all;
}

static int make_deny_root(void)
{
	if (!deny_root) {
		deny_root = page_alloc_virt();
		for (unsigned int i = 0; deny_root && i < 512; i++) {
			deny_root[i] = amd_format.absent;
		}
	}
	return deny_root ? 0 : -ENOMEM;
}

struct amd_segment *amd_segment_get(uint16_t segment, bool create)
{
	struct amd_segment *s;
	struct page_info *pg;
	struct amd_dte deny;

	for (unsigned int i = 0; i < segment_count; i++) {
		if (segments[i].segment == segment) {
			return &segments[i];
		}
	}
	if (!create || segment_count == ARRAY_SIZE(segments) || make_deny_root()) {
		return NULL;
	}
	pg = page_alloc(DTE_TABLE_ORDER, ALLOC_NO_SCRUB);
	if (!pg) {
		return NULL;
	}
	s = &segments[segment_count++];
	s->segment = segment;
	s->table = page_to_virt(pg);
	deny = deny_entry();
	for (unsigned int i = 0; i < DTE_COUNT; i++) {
		s->table[i] = deny;
	}
	for (unsigned int i = 0; i < amd_ivrs->device_count; i++) {
		const struct ivrs_device *r = &amd_ivrs->devices[i];

		for (unsigned int id = r->first; r->flags && id <= r->last; id++) {
			if (amd_ivrs->units[r->unit].segment == segment) {
				apply_settings(&s->table[id], r->flags);
			}
		}
	}
	return s;
}

int amd_vi_requesters(pci_sbdf_t dev, pci_sbdf_t *out, unsigned int max)
{
	uint16_t segment = (uint16_t)(dev.v >> 16), devid = (uint16_t)dev.v;
	const struct ivrs_device *r;

	if (!amd_segment_get(segment, false)) {
		return -ENODEV;
	}
	r = find_range(segment, devid);
	out[0] = dev;
	if (!r || !r->has_alias || r->alias == devid || max < 2) {
		/* An id that firmware does not list still has a device table entry: the table is
		 * whole. */
		return 1;
	}
	out[1] = (pci_sbdf_t){(uint32_t)segment << 16 | r->alias};
	return 2;
}

/*
 * The unit may read an entry at any time and only its first half changes meaning here. Going over
 * "deny" keeps a mixed state (new root, old owner's tag) from being used: rights come last.
 */
static void write_dte(struct amd_dte *e, struct amd_dte v)
{
	uint64_t rights = DTE_READ | DTE_WRITE;

	WRITE_ONCE(e->q[0], e->q[0] & ~rights);
	barrier();
	WRITE_ONCE(e->q[1], v.q[1]);
	barrier();
	WRITE_ONCE(e->q[0], v.q[0] & ~rights);
	barrier();
	WRITE_ONCE(e->q[0], v.q[0]);
}

int amd_vi_set(pci_sbdf_t requester, struct iommu_domain *dom, struct iommu_domain *old)
{
	struct amd_segment *s = amd_segment_get((uint16_t)(requester.v >> 16), false);
	uint16_t devid = (uint16_t)requester.v;
	struct amd_dte *e, v;

	if (!s) {
		return -ENODEV;
	}
	e = &s->table[devid];
	if (dom) {
		v.q[0] = DTE_VALID | DTE_TRANSLATION_VALID |
			 (uint64_t)dom->table.levels << DTE_MODE_SHIFT |
			 virt_to_hpa(dom->table.root).v | DTE_READ | DTE_WRITE;
		v.q[1] = (e->q[1] & ~0xffffUL) | dom->id;
	} else {
		v = deny_entry();
		v.q[1] = e->q[1] & ~0xffffUL;
	}
	write_dte(e, v);
	amd_vi_forget_device(s, devid);
	if (old) {
		amd_vi_flush(old, 0, 0);
	}
	if (dom && dom != old) {
		amd_vi_flush(dom, 0, 0);
	}
	return 0;
}

void amd_vi_refuse_interrupts(struct amd_segment *s)
{
	for (unsigned int id = 0; id < DTE_COUNT; id++) {
		uint64_t *q = &s->table[id].q[2];

		/* An IO-APIC has its table already; no other entry has bits of control. */
		WRITE_ONCE(*q, *q | DTE2_INTERRUPTS_VALID | DTE2_REFUSE);
	}
	for (unsigned int i = 0; i < amd_unit_count; i++) {
		const struct amd_unit *u = amd_units[i];

		if (u->segment == s) {
			s->table[u->info.devid].q[2] &= ~DTE2_INTERRUPTS_VALID;
		}
	}
}

void *amd_vi_irt(pci_sbdf_t requester)
{
	const struct amd_segment *s = amd_segment_get((uint16_t)(requester.v >> 16), false);
	uint64_t q = s ? s->table[(uint16_t)requester.v].q[2] : 0;

	return (q & DTE2_CONTROL) == DTE2_REMAP ? hpa_to_virt(hpa(q & DTE2_IRT_ADDRESS)) : NULL;
}

void amd_vi_set_irt(pci_sbdf_t requester, const void *irt)
{
	struct amd_segment *s = amd_segment_get((uint16_t)(requester.v >> 16), false);
	uint16_t devid = (uint16_t)requester.v;
	struct amd_dte *e = &s->table[devid];

	/* All of it stands in one of the four words: a unit never sees half. */
	WRITE_ONCE(e->q[2], (e->q[2] & ~(DTE2_CONTROL | DTE2_IRT_ADDRESS)) | DTE2_INTERRUPTS_VALID |
				DTE2_IRT_SIZE(IRT_SIZE_CODE) | virt_to_hpa(irt).v | DTE2_REMAP);
	amd_vi_forget_device(s, devid);
}
