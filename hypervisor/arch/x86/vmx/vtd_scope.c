// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VT-d: which devices the units see. All units of a segment share their tables, so it does not
 * matter which unit sees a device, only that one does: a device that none sees is not confined and
 * must not be given away.
 *
 * Also the ids that DMA carries: behind a bridge from PCI Express to PCI it is the bridge's, for
 * the old bus has no requester ids.
 */
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <asm/dom0.h>
#include "vtd.h"

#define PCI_HEADER_BRIDGE   1
#define PCI_CAP_EXPRESS	    0x10
#define EXPRESS_PCIE_TO_PCI 7

struct bridge {
	uint32_t sbdf;
	uint8_t secondary, subordinate;
	bool express; /* has a PCI Express capability */
	bool to_pci;  /* PCI Express above, PCI below */
};

static struct bridge bridges[VTD_BRIDGES_MAX];
static unsigned int bridge_count;

static void read_express(struct bridge *b)
{
	unsigned int at = pci_read(b->sbdf, 0x34, 1) & 0xfc;

	for (unsigned int i = 0; at >= 0x40 && i < 48; i++) {
		if (pci_read(b->sbdf, at, 1) == PCI_CAP_EXPRESS) {
			b->express = true;
			b->to_pci =
			    (pci_read(b->sbdf, at + 2, 2) >> 4 & 0xf) == EXPRESS_PCIE_TO_PCI;
			return;
		}
		at = pci_read(b->sbdf, at + 1, 1) & 0xfc;
	}
}

static void note_bridge(uint32_t sbdf, void *arg)
{
	struct bridge *b;

	if ((pci_read(sbdf, 0x0e, 1) & 0x7f) != PCI_HEADER_BRIDGE) {
		return;
	}
	if (bridge_count == VTD_BRIDGES_MAX) {
		log_warn("VT-d: more than %u PCI bridges\n", VTD_BRIDGES_MAX);
		return;
	}
	b = &bridges[bridge_count++];
	*b = (struct bridge){
	    .sbdf = sbdf,
	    .secondary = (uint8_t)pci_read(sbdf, 0x19, 1),
	    .subordinate = (uint8_t)pci_read(sbdf, 0x1a, 1),
	};
	read_express(b);
}

void vtd_scope_init(void)
{
	pci_for_each(note_bridge, NULL);
}

static const struct bridge *bridge_to(uint16_t segment, uint8_t bus)
{
	for (unsigned int i = 0; i < bridge_count; i++) {
		if (bridges[i].sbdf >> 16 == segment && bridges[i].secondary == bus && bus) {
			return &bridges[i];
		}
	}
	return NULL;
}

static const struct bridge *bridge_at(uint32_t sbdf)
{
	for (unsigned int i = 0; i < bridge_count; i++) {
		if (bridges[i].sbdf == sbdf) {
			return &bridges[i];
		}
	}
	return NULL;
}

/* Where a scope's path leads; false when there is no such bridge on the way. */
static bool follow_path(const struct dmar_scope *s, uint16_t segment, uint32_t *end)
{
	uint32_t at = (uint32_t)segment << 16 | (uint32_t)s->start_bus << 8 | s->path[0];

	for (unsigned int i = 1; i < s->path_count; i++) {
		const struct bridge *b = bridge_at(at);

		if (!b) {
			return false;
		}
		at = (uint32_t)segment << 16 | (uint32_t)b->secondary << 8 | s->path[i];
	}
	*end = at;
	return true;
}

/* Does the scope name dev, itself or by a bridge above it? */
static bool scope_has(const struct dmar_scope *s, uint16_t segment, uint16_t devid)
{
	const struct bridge *b;
	uint32_t at;

	if (!follow_path(s, segment, &at)) {
		return false;
	}
	if ((uint16_t)at == devid) {
		return true;
	}
	b = s->type == DMAR_SCOPE_BRIDGE ? bridge_at(at) : NULL;
	return b && devid >> 8 >= b->secondary && devid >> 8 <= b->subordinate;
}

static bool unit_sees(const struct dmar_unit *u, pci_sbdf_t dev)
{
	if (u->segment != dev.v >> 16) {
		return false;
	}
	for (unsigned int i = 0; i < u->scope_count; i++) {
		const struct dmar_scope *s = &vtd_dmar->scopes[u->scope_first + i];

		if ((s->type == DMAR_SCOPE_ENDPOINT || s->type == DMAR_SCOPE_BRIDGE) &&
		    scope_has(s, u->segment, (uint16_t)dev.v)) {
			return true;
		}
	}
	return u->include_all;
}

static unsigned int add(pci_sbdf_t *out, unsigned int count, unsigned int max, uint32_t sbdf)
{
	for (unsigned int i = 0; i < count; i++) {
		if (out[i].v == sbdf) {
			return count;
		}
	}
	if (count < max) {
		out[count++] = (pci_sbdf_t){sbdf};
	}
	return count;
}

int vtd_requesters(pci_sbdf_t dev, pci_sbdf_t *out, unsigned int max)
{
	uint16_t segment = (uint16_t)(dev.v >> 16);
	uint8_t bus = (uint8_t)(dev.v >> 8);
	unsigned int count = 0;
	const struct bridge *b;
	bool seen = false;

	for (unsigned int i = 0; i < vtd_unit_count && !seen; i++) {
		seen = unit_sees(&vtd_units[i]->info, dev);
	}
	if (!seen) {
		return -ENODEV;
	}
	count = add(out, count, max, dev.v);
	/* Up to the root: at most as many steps as there are bridges, whatever their registers say.
	 */
	for (unsigned int i = 0; i < bridge_count && (b = bridge_to(segment, bus)); i++) {
		if (b->to_pci) {
			count = add(out, count, max, (uint32_t)segment << 16 | (uint32_t)bus << 8);
		}
		if (b->to_pci || !b->express) {
			count = add(out, count, max, b->sbdf);
		}
		bus = (uint8_t)(b->sbdf >> 8);
	}
	return (int)count;
}

/*
 * The bridge nearest to the root decides: behind one from PCI Express to PCI a message carries an
 * id of one of the buses below it, behind an old one the bridge's own.
 */
uint64_t vtd_message_source(pci_sbdf_t dev)
{
	uint16_t segment = (uint16_t)(dev.v >> 16);
	uint8_t bus = (uint8_t)(dev.v >> 8);
	uint64_t source = IRTE_VERIFY_ID | (uint16_t)dev.v;
	const struct bridge *b;

	for (unsigned int i = 0; i < bridge_count && (b = bridge_to(segment, bus)); i++) {
		if (b->to_pci) {
			source = IRTE_VERIFY_BUS | (uint64_t)b->secondary << 8 | b->subordinate;
		} else if (!b->express) {
			source = IRTE_VERIFY_ID | (uint16_t)b->sbdf;
		}
		bus = (uint8_t)(b->sbdf >> 8);
	}
	return source;
}

int vtd_ioapic(uint8_t id, pci_sbdf_t *requester)
{
	for (unsigned int i = 0; i < vtd_dmar->unit_count; i++) {
		const struct dmar_unit *u = &vtd_dmar->units[i];

		for (unsigned int j = 0; j < u->scope_count; j++) {
			const struct dmar_scope *s = &vtd_dmar->scopes[u->scope_first + j];

			if (s->type == DMAR_SCOPE_IOAPIC && s->enumeration_id == id &&
			    follow_path(s, u->segment, &requester->v)) {
				return 0;
			}
		}
	}
	return -ENODEV;
}
