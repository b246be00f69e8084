/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the device tree says of SMMUs and of the masters in front of them: units with registers and
 * interrupts, `iommus` of masters, `iommu-map` of PCI host bridges (Linux, bindings/iommu/iommu.txt
 * and bindings/pci/pci-iommu.txt). A word that is not understood gives nothing: streams that are
 * not named here are nobody's.
 */
#include "smmu_v3.h"
#include <hv/lib.h>
#include <hv/log.h>

#define EDGES	   3u /* of an interrupt's flags */
#define PCI_IDS	   0x10000u
#define LINES_MAX  16u /* that a bad tree is worth */
#define MAP_CELLS  4u  /* requester id, unit, stream, count */
#define WORD_CELLS 2u  /* unit, stream */

static void set_name(const struct fdt *t, int node, char *to)
{
	snprintf(to, SMMU_NAME_SIZE, "%s", fdt_name(t, node));
}

/* Units -------------------------------------------------------------------------------------------
 */

/* Which of a list of strings text is; -1. */
static int place_in_list(const struct fdt *t, int node, const char *name, const char *text)
{
	struct fdt_prop p;
	size_t len;
	int i = 0;

	if (!fdt_get(t, node, name, &p) || !p.len || p.data[p.len - 1]) {
		return -1;
	}
	for (uint32_t at = 0; at < p.len; at += (uint32_t)len + 1, i++) {
		len = strlen((const char *)p.data + at);
		if (!strcmp((const char *)p.data + at, text)) {
			return i;
		}
	}
	return -1;
}

static struct smmu_line line_of(const struct fdt *t, int node, const char *name)
{
	int i = place_in_list(t, node, "interrupt-names", name);
	struct smmu_line line = {0};
	uint32_t intid, flags;

	if (i < 0) {
		i = place_in_list(t, node, "interrupt-names", "combined");
	}
	/* SPIs alone: a PPI of a unit would be a fault of the tree. */
	if (i >= 0 && fdt_gic_irq(t, node, (unsigned int)i, &intid, &flags) && intid >= 32) {
		line.intid = intid;
		line.edge = flags & EDGES;
	}
	return line;
}

static void add_unit(const struct fdt *t, int node, struct smmu_tree *out)
{
	struct smmu_node *u = &out->units[out->unit_count];

	*u = (struct smmu_node){0};
	set_name(t, node, u->name);
	u->phandle = fdt_get_u32(t, node, "phandle", fdt_get_u32(t, node, "linux,phandle", 0));
	if (!fdt_reg(t, node, 0, &u->regs.base, &u->regs.size) || u->regs.size < SMMU_SIZE ||
	    fdt_get_u32(t, node, "#iommu-cells", 0) != 1) {
		log_warn("IOMMU: the device tree's %s has no sound registers or stream numbers\n",
			 u->name);
		out->refused++;
		return;
	}
	u->event = line_of(t, node, "eventq");
	u->error = line_of(t, node, "gerror");
	out->unit_count++;
}

static void find_units(const struct fdt *t, struct smmu_tree *out)
{
	for (int node = fdt_root(t); node >= 0; node = fdt_next_node(t, node, NULL)) {
		if (!fdt_compatible(t, node, "arm,smmu-v3") || !fdt_available(t, node)) {
			continue;
		}
		if (out->unit_count == SMMU_UNITS_MAX) {
			log_warn("IOMMU: more than %u SMMUs: the others stay as they are\n",
				 SMMU_UNITS_MAX);
			return;
		}
		add_unit(t, node, out);
	}
}

/* -1: another kind of unit, or nothing. */
static int unit_by_phandle(const struct smmu_tree *s, uint32_t phandle)
{
	for (unsigned int i = 0; i < s->unit_count; i++) {
		if (phandle && s->units[i].phandle == phandle) {
			return (int)i;
		}
	}
	return -1;
}

/* Masters -----------------------------------------------------------------------------------------
 */

/* Why it is refused; NULL. */
static const char *add_range(struct smmu_tree *s, const struct smmu_range *r)
{
	if (!r->count || r->count - 1 > UINT32_MAX - r->first) {
		return "streams that cannot be";
	}
	if (s->range_count == SMMU_RANGES_MAX) {
		return "too many streams";
	}
	s->ranges[s->range_count++] = *r;
	return NULL;
}

/* `iommus`: pairs of a unit and a stream. What follows another kind of unit cannot be read. */
static const char *read_words(struct smmu_tree *s, const struct fdt_prop *p, struct smmu_range *r,
			      bool *seen)
{
	const char *why = NULL;

	if (!p->len || p->len % 4) {
		return "not cells";
	}
	for (uint32_t at = 0; at < p->len && !why; at += 4 * WORD_CELLS) {
		int unit = unit_by_phandle(s, fdt_u32(p->data + at));

		if (unit < 0) {
			return NULL;
		}
		if (p->len - at < 4 * WORD_CELLS) {
			return "not pairs of cells";
		}
		r->unit = (unsigned int)unit;
		r->first = fdt_u32(p->data + at + 4);
		r->count = 1;
		*seen = true;
		why = add_range(s, r);
	}
	return why;
}

/* `iommu-map`: which requester ids are which streams. */
static const char *read_map(struct smmu_tree *s, const struct fdt_prop *p, uint32_t segment,
			    struct smmu_range *r, bool *seen)
{
	const char *why = NULL;

	if (!p->len || p->len % (4 * MAP_CELLS)) {
		return "not four cells an entry";
	}
	for (uint32_t at = 0; at < p->len && !why; at += 4 * MAP_CELLS) {
		uint32_t rid = fdt_u32(p->data + at);
		int unit = unit_by_phandle(s, fdt_u32(p->data + at + 4));

		if (unit < 0) {
			continue;
		}
		r->unit = (unsigned int)unit;
		r->first = fdt_u32(p->data + at + 8);
		r->count = fdt_u32(p->data + at + 12);
		if (rid >= PCI_IDS || r->count > PCI_IDS - rid) {
			return "requester ids that cannot be";
		}
		r->pci = true;
		r->rid = segment << 16 | rid;
		*seen = true;
		why = add_range(s, r);
	}
	return why;
}

/* As far as a tree tells: kinds of devices that do DMA, by the names that trees give them. */
static bool may_be_master(const struct fdt *t, int node)
{
	static const char *const kinds[] = {
	    "ethernet", "mmc",	      "usb",   "sata", "dma-controller",
	    "gpu",	"nvme",	      "sdhci", "dma",  "display-controller",
	    "crypto",	"virtio_mmio"};
	const char *type = fdt_get_string(t, node, "device_type");
	const char *name = fdt_name(t, node), *end = strchr(name, '@');
	size_t len = end ? (size_t)(end - name) : strlen(name);

	/* What has no registers is no device. */
	if (!fdt_has(t, node, "reg")) {
		return false;
	}
	if (fdt_has(t, node, "dma-coherent") || fdt_has(t, node, "#dma-cells") ||
	    (type && !strcmp(type, "pci"))) {
		return true;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strlen(kinds[i]) == len && !memcmp(kinds[i], name, len)) {
			return true;
		}
	}
	return false;
}

static void read_master(const struct fdt *t, int node, struct smmu_tree *s)
{
	unsigned int before = s->range_count;
	struct smmu_range r = {0};
	const char *why = NULL;
	bool seen = false;
	struct fdt_prop p;

	set_name(t, node, r.name);
	if (fdt_get(t, node, "iommus", &p)) {
		why = read_words(s, &p, &r, &seen);
	}
	if (!why && fdt_get(t, node, "iommu-map", &p)) {
		why = read_map(s, &p, fdt_get_u32(t, node, "linux,pci-domain", 0) & 0xffff, &r,
			       &seen);
	}
	if (why) {
		if (s->refused++ < LINES_MAX) {
			log_warn("IOMMU: the device tree gives %s %s: its DMA is refused\n", r.name,
				 why);
		}
		s->range_count = before;
		return;
	}
	if (!seen && may_be_master(t, node)) {
		if (!s->outside++) {
			set_name(t, node, s->first_outside);
		}
	}
}

void smmu_tree_parse(const struct fdt *t, int own, struct smmu_tree *out)
{
	out->unit_count = out->range_count = out->refused = out->outside = 0;
	find_units(t, out);
	for (int node = fdt_root(t); node >= 0; node = fdt_next_node(t, node, NULL)) {
		if (node != own && fdt_available(t, node) &&
		    !fdt_compatible(t, node, "arm,smmu-v3")) {
			read_master(t, node, out);
		}
	}
}
