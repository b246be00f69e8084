/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service VM's device tree: the machine's, less what the hypervisor keeps, with memory, CPUs,
 * firmware interface and /chosen of its own and the node that says it runs on us (Linux,
 * Documentation/devicetree/bindings/arm/xen.txt).
 */
#include "dom0_build.h"
#include <asm/bcm2836.h>
#include <asm/irq.h>
#include <asm/platform.h>
#include <asm/vgic.h>
#include <hv/dom0_memory.h>
#include <hv/domain.h>
#include <hv/fdt.h>
#include <hv/lib.h>
#include <hv/log.h>

#define LEVEL_LOW    8u
#define CPU_MASK_ALL 0xf00u
#define PPI_CELL     1u
#define PPI_FIRST    16u

static struct fdt_writer writer;

struct copy {
	struct fdt_writer *w;
	const struct fdt *t;
	const struct domain *d;
	const struct dom0_tree *what;
	uint32_t gic_phandle;
};

/* What is not copied ------------------------------------------------------------------------------
 */

static bool any_compatible(const struct fdt *t, int node, const char *const *names,
			   unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (fdt_compatible(t, node, names[i])) {
			return true;
		}
	}
	return false;
}

/* The counters of any core: "arm,cortex-a9-pmu". */
static bool is_pmu(const struct fdt *t, int node)
{
	static const char first[] = "arm,cortex-", last[] = "-pmu";
	struct fdt_prop p;
	size_t len;

	if (!fdt_get(t, node, "compatible", &p) || !p.len || p.data[p.len - 1]) {
		return false;
	}
	for (uint32_t at = 0; at < p.len; at += (uint32_t)len + 1) {
		const char *name = (const char *)p.data + at;

		len = strlen(name);
		if (len > sizeof(first) + sizeof(last) - 2 &&
		    !strncmp(name, first, sizeof(first) - 1) &&
		    !strcmp(name + len - (sizeof(last) - 1), last)) {
			return true;
		}
	}
	return fdt_compatible(t, node, "arm,armv8-pmuv3");
}

/* Performance counters are not virtualised, DMA remapping and boot modules are ours. */
static bool is_kept_back(const struct fdt *t, int node)
{
	static const char *const names[] = {
	    "arm,smmu-v1", "arm,smmu-v2", "arm,smmu-v3",      "arm,mmu-400",
	    "arm,mmu-401", "arm,mmu-500", "multiboot,module", "xen,xen",
	};

	return node == platform.uart.node || is_pmu(t, node) ||
	       any_compatible(t, node, names, ARRAY_SIZE(names)) ||
	       fdt_has(t, node, "xen,passthrough");
}

/* Of the root, what is written anew. */
static bool is_replaced(const struct fdt *t, int node)
{
	static const char *const psci[] = {"arm,psci", "arm,psci-0.2", "arm,psci-1.0"};
	const char *type = fdt_get_string(t, node, "device_type");
	const char *name = fdt_name(t, node);

	return (type && !strcmp(type, "memory")) || !strcmp(name, "cpus") ||
	       !strcmp(name, "chosen") || !strcmp(name, "hypervisor") ||
	       any_compatible(t, node, psci, ARRAY_SIZE(psci));
}

/* References to what the service VM does not have. */
static bool has_message_frame(const struct fdt *t, uint32_t phandle)
{
	int node = fdt_by_phandle(t, phandle);

	for (unsigned int i = 0; i < platform.gic.msi_count; i++) {
		const struct platform_msi *m = &platform.gic.msi[i];

		if (m->usable && node >= 0 && m->node == node) {
			return true;
		}
	}
	return false;
}

/* Entries of msi-map: first requester, controller, first device there, count. */
static bool msi_map_holds(const struct fdt *t, const struct fdt_prop *p)
{
	for (uint32_t at = 0; at < p->len; at += 16) {
		if (p->len - at < 16 || !has_message_frame(t, fdt_u32(p->data + at + 4))) {
			return false;
		}
	}
	return p->len;
}

/* Entries of msi-parent: controller, and as many cells as that wants. */
static bool msi_parent_holds(const struct fdt *t, const struct fdt_prop *p)
{
	for (uint32_t at = 0, cells; at < p->len; at += 4 + 4 * cells) {
		if (p->len - at < 4 || !has_message_frame(t, fdt_u32(p->data + at))) {
			return false;
		}
		cells = fdt_get_u32(t, fdt_by_phandle(t, fdt_u32(p->data + at)), "#msi-cells", 0);
		if (cells > (p->len - at - 4) / 4) {
			return false;
		}
	}
	return p->len;
}

/* Does that node's way of sending messages end at what the service VM has? */
static bool messages_arrive(const struct fdt *t, int node)
{
	struct fdt_prop p;

	if (fdt_get(t, node, "msi-map", &p)) {
		return msi_map_holds(t, &p);
	}
	return fdt_get(t, node, "msi-parent", &p) && msi_parent_holds(t, &p);
}

/* References to what is not there; and a timer whose offset nobody set, for we did. */
static bool is_dead_property(const struct fdt *t, int node, const char *name)
{
	static const char *const names[] = {"iommus", "iommu-map", "iommu-map-mask",
					    "arm,cpu-registers-not-fw-configured"};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i])) {
			return true;
		}
	}
	return (!strcmp(name, "msi-map") || !strcmp(name, "msi-map-mask") ||
		!strcmp(name, "msi-parent")) &&
	       !messages_arrive(t, node);
}

/* Pieces ------------------------------------------------------------------------------------------
 */

/* A PPI as one specifier of three cells. */
static void put_ppi(struct copy *c, unsigned int intid)
{
	const uint32_t cells[3] = {PPI_CELL, intid - PPI_FIRST, CPU_MASK_ALL | LEVEL_LOW};

	if (c->gic_phandle) {
		fdt_put_u32(c->w, "interrupt-parent", c->gic_phandle);
	}
	fdt_put_cells(c->w, "interrupts", cells, 3);
}

static unsigned int put_number(uint32_t *cells, unsigned int at, uint64_t v, unsigned int count)
{
	if (count == 2) {
		cells[at++] = (uint32_t)(v >> 32);
	}
	cells[at++] = (uint32_t)v;
	return at;
}

/* reg of a child of the root, one entry. */
static unsigned int put_range(const struct copy *c, uint32_t *cells, unsigned int at, uint64_t base,
			      uint64_t size)
{
	unsigned int a, s;

	(void)fdt_cells(c->t, fdt_root(c->t), &a, &s);
	at = put_number(cells, at, base, MIN(a, 2U));
	return s ? put_number(cells, at, size, s) : at;
}

static void put_memory(struct copy *c)
{
	const struct memory_range *ram;
	unsigned int count = dom0_ram_ranges(&ram);
	uint32_t cells[4];
	char name[32];

	for (unsigned int i = 0; i < count; i++) {
		unsigned int n = put_range(c, cells, 0, ram[i].start, ram[i].end - ram[i].start);

		snprintf(name, sizeof(name), "memory@%" PRIx64, ram[i].start);
		fdt_node(c->w, name);
		fdt_put_string(c->w, "device_type", "memory");
		fdt_put_cells(c->w, "reg", cells, n);
		fdt_end_node(c->w);
	}
}

/* What the first CPU of the machine is, all vCPUs are. */
static void put_cpu_kind(struct copy *c)
{
	int list = fdt_child(c->t, fdt_root(c->t), "cpus");
	int cpu = list < 0 ? -1 : fdt_child(c->t, list, "cpu");
	struct fdt_prop p;

	if (fdt_get(c->t, cpu, "compatible", &p)) {
		fdt_put(c->w, "compatible", p.data, p.len);
	} else {
		fdt_put_string(c->w, "compatible", "arm,armv8");
	}
}

static void put_cpus(struct copy *c)
{
	char name[32];

	fdt_node(c->w, "cpus");
	fdt_put_u32(c->w, "#address-cells", 1);
	fdt_put_u32(c->w, "#size-cells", 0);
	for (unsigned int i = 0; i < c->d->max_vcpus; i++) {
		uint32_t affinity = (uint32_t)vgic_affinity(c->d, i);

		snprintf(name, sizeof(name), "cpu@%x", affinity);
		fdt_node(c->w, name);
		put_cpu_kind(c);
		fdt_put_string(c->w, "device_type", "cpu");
		fdt_put_u32(c->w, "reg", affinity);
		fdt_put_string(c->w, "enable-method", "psci");
		fdt_end_node(c->w);
	}
	fdt_end_node(c->w);
}

static void put_psci(struct copy *c)
{
	static const char kinds[] = "arm,psci-1.0\0arm,psci-0.2\0arm,psci";

	fdt_node(c->w, "psci");
	fdt_put(c->w, "compatible", kinds, sizeof(kinds));
	fdt_put_string(c->w, "method", "hvc");
	fdt_put_u32(c->w, "cpu_off", 0x84000002);
	fdt_put_u32(c->w, "cpu_on", PSCI_CPU_ON_NATIVE);
	fdt_end_node(c->w);
}

static void copy_one(struct copy *c, int node, const char *name)
{
	struct fdt_prop p;

	if (fdt_get(c->t, node, name, &p)) {
		fdt_put(c->w, name, p.data, p.len);
	}
}

static void put_u64(struct copy *c, const char *name, uint64_t v)
{
	const uint32_t cells[2] = {(uint32_t)(v >> 32), (uint32_t)v};

	fdt_put_cells(c->w, name, cells, 2);
}

static void put_chosen(struct copy *c)
{
	int chosen = fdt_child(c->t, fdt_root(c->t), "chosen");

	fdt_node(c->w, "chosen");
	fdt_put_string(c->w, "bootargs", c->what->cmdline);
	copy_one(c, chosen, "rng-seed");
	copy_one(c, chosen, "kaslr-seed");
	if (c->what->initrd_size) {
		put_u64(c, "linux,initrd-start", c->what->initrd);
		put_u64(c, "linux,initrd-end", c->what->initrd + c->what->initrd_size);
	}
	fdt_end_node(c->w);
}

static void put_hypervisor(struct copy *c)
{
	static const char kinds[] = "xen,xen-4.17\0xen,xen";
	uint32_t cells[4 * DOM0_ROOM_MAX];
	unsigned int n = 0;

	for (unsigned int i = 0; i < c->what->room_count; i++) {
		n = put_range(c, cells, n, c->what->room[i].base, c->what->room[i].size);
	}
	fdt_node(c->w, "hypervisor");
	fdt_put(c->w, "compatible", kinds, sizeof(kinds));
	fdt_put_cells(c->w, "reg", cells, n);
	put_ppi(c, PPI_EVENT);
	fdt_end_node(c->w);
}

static void copy_properties(struct copy *c, int node)
{
	struct fdt_prop p = {0};

	while (fdt_each_prop(c->t, node, &p)) {
		if (!is_dead_property(c->t, node, p.name) &&
		    !dom0_put_interrupts(c->w, c->t, node, &p, c->gic_phandle)) {
			fdt_put(c->w, p.name, p.data, p.len);
		}
	}
}

/* What of the GIC's children the service VM gets: message frames and ITSs. */
static void put_message_frames(struct copy *c)
{
	for (unsigned int i = 0; i < platform.gic.msi_count; i++) {
		const struct platform_msi *m = &platform.gic.msi[i];

		if (m->usable) {
			fdt_node(c->w, fdt_name(c->t, m->node));
			copy_properties(c, m->node);
			fdt_end_node(c->w);
		}
	}
}

/* The GIC: what the guest has of it. The places are the machine's, so they are copied as they
 * stand. */
static void put_gic(struct copy *c, int node)
{
	static const char *const names[] = {
	    "compatible",     "#interrupt-cells", "interrupt-controller",
	    "#address-cells", "#size-cells",	  "ranges",
	    "phandle",	      "linux,phandle"};
	unsigned int a, s, first = 1;
	uint8_t reg[2 * 20];
	struct fdt_prop p;
	uint32_t entry;

	if (!fdt_cells(c->t, fdt_parent(c->t, node), &a, &s) || !fdt_get(c->t, node, "reg", &p)) {
		c->w->failed = true;
		return;
	}
	/* A GICv3's first redistributor region may be too small, as vgic_v3_init found. */
	for (unsigned int i = 0; i < platform.gic.redist_count; i++) {
		if (platform.gic.redist[i].base == c->d->arch.vgic.redist_base) {
			first = 1 + i;
		}
	}
	entry = 4 * (a + s);
	if (entry * (first + 1) > p.len) {
		c->w->failed = true;
		return;
	}
	memcpy(reg, p.data, entry);
	memcpy(reg + entry, p.data + first * entry, entry);
	fdt_node(c->w, fdt_name(c->t, node));
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		copy_one(c, node, names[i]);
	}
	fdt_put(c->w, "reg", reg, 2 * entry);
	put_message_frames(c);
	fdt_end_node(c->w);
}

/* -------------------------------------------------------------------------------------------------
 */

/* Depth is bounded by fdt_check. */
static void copy_children(struct copy *c, int parent, bool is_root)
{
	int node;

	for (node = fdt_first_child(c->t, parent); node >= 0; node = fdt_next_sibling(c->t, node)) {
		if (platform.gic.local.size && bcm2836_is_controller(c->t, node)) {
			continue;
		}
		if (node == platform.gic.node) {
			put_gic(c, node);
			continue;
		}
		if (is_kept_back(c->t, node) || (is_root && is_replaced(c->t, node))) {
			continue;
		}
		fdt_node(c->w, fdt_name(c->t, node));
		copy_properties(c, node);
		copy_children(c, node, false);
		fdt_end_node(c->w);
	}
}

uint32_t dom0_write_tree(const struct domain *d, const struct dom0_tree *what, void *to,
			 uint32_t capacity)
{
	struct copy c = {.w = &writer, .t = &platform.tree, .d = d, .what = what};
	int root = fdt_root(c.t);

	c.gic_phandle = fdt_get_u32(c.t, platform.gic.node, "phandle", 0);
	if (!c.gic_phandle) {
		c.gic_phandle = fdt_get_u32(c.t, platform.gic.node, "linux,phandle", 0);
	}
	fdt_begin(c.w, to, capacity);
	fdt_node(c.w, "");
	copy_properties(&c, root);
	put_chosen(&c);
	put_hypervisor(&c);
	put_psci(&c);
	put_cpus(&c);
	put_memory(&c);
	if (platform.gic.local.size) {
		dom0_put_played_gic(c.w, c.t, c.gic_phandle);
	}
	copy_children(&c, root, true);
	fdt_end_node(c.w);
	return fdt_finish(c.w, 0);
}
