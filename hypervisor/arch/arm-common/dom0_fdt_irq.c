/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the machine has Broadcom's interrupt controllers and the service VM a GIC in their place:
 * the GIC's node, which takes over the phandle of the one for devices, and interrupts of other
 * nodes in a GIC's numbers. The CPUs' own controller is not there.
 */
#include "dom0_build.h"
#include <asm/bcm2836.h>
#include <asm/gic.h>
#include <asm/platform.h>
#include <asm/vgic.h>
#include <hv/lib.h>

#define GIC_CELLS  3u
#define SPI_CELL   0u
#define PPI_CELL   1u
#define PPI_FIRST  16u
#define LEVEL_HIGH 4u
#define PPI_FLAGS  0xf08u /* all CPUs, low: as timers' trees have it */
#define ENTRIES	   32u

/* One interrupt; false: nothing that a GIC could have, or one that the hypervisor keeps. */
static bool translated(const struct fdt *t, const struct fdt_irq *irq, uint32_t *cells)
{
	uint32_t intid = bcm2836_intid(t, irq);

	cells[0] = intid < VGIC_PRIVATE ? PPI_CELL : SPI_CELL;
	cells[1] = intid - (intid < VGIC_PRIVATE ? PPI_FIRST : VGIC_PRIVATE);
	cells[2] = intid < VGIC_PRIVATE ? PPI_FLAGS : LEVEL_HIGH;
	return intid && !(intid >= VGIC_PRIVATE && gic_is_own(intid));
}

/* Half of a list would mean other things than the whole: that, or nothing. False: not ours. */
static bool put_translated(struct fdt_writer *w, const struct fdt *t, int node, uint32_t len)
{
	uint32_t cells[GIC_CELLS * ENTRIES], done = 0;
	unsigned int n = 0;
	struct fdt_irq irq;

	if (!fdt_irq(t, node, 0, &irq) || !bcm2836_is_controller(t, irq.parent)) {
		return false;
	}
	for (; fdt_irq(t, node, n, &irq); n++) {
		if (n == ENTRIES || !translated(t, &irq, cells + GIC_CELLS * n)) {
			return true;
		}
		done += 4 * irq.cells;
	}
	if (done == len) {
		fdt_put_cells(w, "interrupts", cells, GIC_CELLS * n);
	}
	return true;
}

/* Entries that may have several controllers: each is written with its own. */
static void put_extended(struct fdt_writer *w, const struct fdt *t, int node, uint32_t gic_phandle,
			 uint32_t len)
{
	uint32_t cells[(1 + GIC_CELLS) * ENTRIES], done = 0;
	unsigned int at = 0;
	struct fdt_irq irq;

	for (unsigned int n = 0; fdt_irq(t, node, n, &irq); n++) {
		bool ours = bcm2836_is_controller(t, irq.parent);

		if (at + 1 + MAX(irq.cells, GIC_CELLS) > ARRAY_SIZE(cells)) {
			return;
		}
		done += 4 + 4 * irq.cells;
		cells[at++] = ours ? gic_phandle : fdt_u32(irq.spec - 4);
		if (ours) {
			if (!translated(t, &irq, cells + at)) {
				return;
			}
			at += GIC_CELLS;
			continue;
		}
		for (uint32_t i = 0; i < irq.cells; i++) {
			cells[at++] = fdt_u32(irq.spec + 4 * i);
		}
	}
	if (done == len) {
		fdt_put_cells(w, "interrupts-extended", cells, at);
	}
}

bool dom0_put_interrupts(struct fdt_writer *w, const struct fdt *t, int node,
			 const struct fdt_prop *p, uint32_t gic_phandle)
{
	const char *name = p->name;
	uint32_t phandle;

	if (!platform.gic.local.size) {
		return false;
	}
	if (!strcmp(name, "interrupt-parent")) {
		phandle = fdt_get_u32(t, node, name, 0);
		if (!bcm2836_is_controller(t, fdt_by_phandle(t, phandle))) {
			return false;
		}
		fdt_put_u32(w, name, gic_phandle);
		return true;
	}
	if (!strcmp(name, "interrupts-extended")) {
		put_extended(w, t, node, gic_phandle, p->len);
		return true;
	}
	if (strcmp(name, "interrupts")) {
		return false;
	}
	/* The longer form is what counts, if there are both. */
	return fdt_has(t, node, "interrupts-extended") || put_translated(w, t, node, p->len);
}

void dom0_put_played_gic(struct fdt_writer *w, const struct fdt *t, uint32_t gic_phandle)
{
	const struct platform_gic *g = &platform.gic;
	const uint64_t regs[4] = {g->dist.base, g->dist.size, g->cpu.base, g->cpu.size};
	uint32_t cells[8];
	unsigned int counts[2], at = 0;
	char name[48];

	if (!fdt_cells(t, fdt_root(t), &counts[0], &counts[1]) || !counts[1]) {
		w->failed = true;
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(regs); i++) {
		if (counts[i % 2] == 2) {
			cells[at++] = (uint32_t)(regs[i] >> 32);
		}
		cells[at++] = (uint32_t)regs[i];
	}
	snprintf(name, sizeof(name), "interrupt-controller@%" PRIx64, g->dist.base);
	fdt_node(w, name);
	fdt_put_string(w, "compatible", "arm,gic-400");
	fdt_put_u32(w, "#address-cells", 0);
	fdt_put_u32(w, "#interrupt-cells", GIC_CELLS);
	fdt_put(w, "interrupt-controller", NULL, 0);
	fdt_put_cells(w, "reg", cells, at);
	fdt_put_u32(w, "phandle", gic_phandle);
	fdt_end_node(w);
}
