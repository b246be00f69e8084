/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What device trees say of SMMUs and of the streams of masters, and what they may not say. */
#include "unit.h"
#include "smmu_v3.h"
#include <hv/lib.h>

#define CAPACITY (1u << 20)

static struct fdt_writer w;
static _Alignas(8) uint8_t blob[CAPACITY];
static struct smmu_tree tree;
static struct fdt t;

static void begin(void)
{
	fdt_begin(&w, blob, CAPACITY);
	fdt_node(&w, "");
	fdt_put_u32(&w, "#address-cells", 2);
	fdt_put_u32(&w, "#size-cells", 2);
	fdt_put_u32(&w, "interrupt-parent", 1);
	fdt_node(&w, "intc@1000");
	fdt_put_u32(&w, "phandle", 1);
	fdt_put_u32(&w, "#interrupt-cells", 3);
	fdt_put(&w, "interrupt-controller", NULL, 0);
	fdt_end_node(&w);
}

static void put_reg(uint64_t base, uint64_t size)
{
	const uint32_t cells[4] = {(uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(size >> 32),
				   (uint32_t)size};

	fdt_put_cells(&w, "reg", cells, 4);
}

static void unit(const char *name, uint32_t phandle, uint64_t size, uint32_t cells)
{
	static const uint32_t lines[] = {0, 74, 1, 0, 75, 1, 0, 76, 1, 0, 77, 4};
	static const char names[] = "eventq\0priq\0cmdq-sync\0gerror";

	fdt_node(&w, name);
	fdt_put_string(&w, "compatible", "arm,smmu-v3");
	put_reg(0x9050000, size);
	fdt_put_cells(&w, "interrupts", lines, ARRAY_SIZE(lines));
	fdt_put(&w, "interrupt-names", names, sizeof(names));
	fdt_put_u32(&w, "#iommu-cells", cells);
	fdt_put_u32(&w, "phandle", phandle);
	fdt_end_node(&w);
}

static void master(const char *name, const char *property, const uint32_t *cells,
		   unsigned int count)
{
	fdt_node(&w, name);
	put_reg(0x10000000, 0x1000);
	if (property) {
		fdt_put_cells(&w, property, cells, count);
	}
	fdt_end_node(&w);
}

static void finish(void)
{
	uint32_t size;

	fdt_end_node(&w);
	size = fdt_finish(&w, 0);
	CHECK_TRUE(size);
	CHECK_TRUE(!fdt_check(blob, size, &t));
	smmu_tree_parse(&t, -1, &tree);
}

TEST(smmu_tree_of_virt)
{
	static const uint32_t map[] = {0, 9, 0, 0x10000};
	static const uint32_t words[] = {9, 0x10100, 9, 0x10101};

	begin();
	unit("smmuv3@9050000", 9, 0x20000, 1);
	fdt_node(&w, "pcie@10000000");
	fdt_put_string(&w, "device_type", "pci");
	put_reg(0x10000000, 0x1000);
	fdt_put_u32(&w, "linux,pci-domain", 2);
	fdt_put_cells(&w, "iommu-map", map, 4);
	fdt_end_node(&w);
	master("ethernet@1", "iommus", words, 4);
	master("ethernet@2", NULL, NULL, 0);
	master("mmc@3", NULL, NULL, 0);
	master("serial@4", NULL, NULL, 0);
	finish();
	CHECK_EQ(tree.unit_count, 1);
	CHECK_STR(tree.units[0].name, "smmuv3@9050000");
	CHECK_EQ(tree.units[0].regs.base, 0x9050000);
	CHECK_EQ(tree.units[0].event.intid, 32 + 74);
	CHECK_TRUE(tree.units[0].event.edge);
	CHECK_EQ(tree.units[0].error.intid, 32 + 77);
	CHECK_TRUE(!tree.units[0].error.edge);
	CHECK_EQ(tree.range_count, 3);
	CHECK_EQ(tree.ranges[0].first, 0);
	CHECK_EQ(tree.ranges[0].count, 0x10000);
	CHECK_TRUE(tree.ranges[0].pci);
	CHECK_EQ(tree.ranges[0].rid, 0x20000);
	CHECK_EQ(tree.ranges[2].first, 0x10101);
	CHECK_EQ(tree.ranges[2].count, 1);
	CHECK_EQ(tree.refused, 0);
	CHECK_EQ(tree.outside, 2);
	CHECK_STR(tree.first_outside, "ethernet@2");
}

TEST(smmu_tree_bad_units)
{
	begin();
	unit("smmu@1", 9, 0x10000, 1); /* without its second page */
	unit("smmu@2", 10, 0x20000, 2);
	finish();
	CHECK_EQ(tree.unit_count, 0);
	CHECK_EQ(tree.refused, 2);
	begin();
	for (unsigned int i = 0; i < SMMU_UNITS_MAX + 4; i++) {
		unit("smmu", 9 + i, 0x20000, 1);
	}
	finish();
	CHECK_EQ(tree.unit_count, SMMU_UNITS_MAX);
	/* Two with one handle, and one that nothing can name. */
	begin();
	unit("smmu@1", 9, 0x20000, 1);
	unit("smmu@2", 9, 0x20000, 1);
	unit("smmu@3", 0, 0x20000, 1);
	master("usb@1", "iommus", (const uint32_t[]){0, 5}, 2);
	master("usb@2", "iommus", (const uint32_t[]){9, 5}, 2);
	finish();
	CHECK_EQ(tree.range_count, 1);
	CHECK_EQ(tree.ranges[0].unit, 0);
	CHECK_EQ(tree.outside, 1);
}

/* A property of a master with one good entry before: none of it counts. */
static void refused(const char *property, const uint32_t *cells, unsigned int count)
{
	begin();
	unit("smmu@1", 9, 0x20000, 1);
	master("usb@1", property, cells, count);
	master("usb@2", "iommus", (const uint32_t[]){9, 5}, 2);
	finish();
	CHECK_EQ(tree.refused, 1);
	CHECK_EQ(tree.range_count, 1);
	CHECK_STR(tree.ranges[0].name, "usb@2");
}

TEST(smmu_tree_bad_streams)
{
	static const uint32_t bad[][8] = {
	    {0, 9, 0, 0x100, 0, 9, 0, 0},	   /* none */
	    {0, 9, 0, 0x100, 0x10000, 9, 0, 1},	   /* no such requester */
	    {0, 9, 0, 0x100, 0xffff, 9, 0, 2},	   /* beyond the last */
	    {0, 9, 0, 0x100, 0, 9, 0xffffffff, 2}, /* streams wrap */
	    {0, 9, 0, 0x100, 0, 9, 0, 0xffffffff}, /* huge */
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		refused("iommu-map", bad[i], 8);
	}
	refused("iommu-map", bad[0], 7);
	refused("iommu-map", bad[0], 0);
	refused("iommus", (const uint32_t[]){9, 1, 9}, 3);
	/* The very last stream is one. */
	begin();
	unit("smmu@1", 9, 0x20000, 1);
	master("usb@1", "iommus", (const uint32_t[]){9, ~0u}, 2);
	master("usb@2", "iommus", (const uint32_t[]){77, 1, 9, 2}, 4);
	finish();
	CHECK_EQ(tree.range_count, 1);
	CHECK_EQ(tree.ranges[0].first, ~0u);
	CHECK_EQ(tree.outside, 1);
}

TEST(smmu_tree_too_many_streams)
{
	static uint32_t cells[2 * (SMMU_RANGES_MAX + 1)];
	unsigned int logged;

	for (unsigned int i = 0; i < ARRAY_SIZE(cells); i += 2) {
		cells[i] = 9;
		cells[i + 1] = i;
	}
	refused("iommus", cells, ARRAY_SIZE(cells));
	begin();
	unit("smmu@1", 9, 0x20000, 1);
	for (unsigned int i = 0; i < 1000; i++) {
		master("usb", "iommus", cells, 2);
	}
	logged = unit_log_count;
	finish();
	CHECK_EQ(tree.range_count, SMMU_RANGES_MAX);
	CHECK_EQ(tree.refused, 1000 - SMMU_RANGES_MAX);
	CHECK_TRUE(unit_log_count - logged < 20);
}

/* Any change of a good tree gives sound ranges, or none. */
TEST(smmu_tree_noise)
{
	static _Alignas(8) uint8_t good[CAPACITY];
	struct unit_random r = {3};
	uint32_t size;

	begin();
	unit("smmu@1", 9, 0x20000, 1);
	master("pcie@1", "iommu-map", (const uint32_t[]){0, 9, 0, 0x10000, 0, 9, 0x20000, 1}, 8);
	master("usb@2", "iommus", (const uint32_t[]){9, 5}, 2);
	finish();
	size = t.size;
	memcpy(good, blob, size);
	for (unsigned int n = 0; n < 20000; n++) {
		memcpy(blob, good, size);
		for (unsigned int i = 0; i < 1 + n % 4; i++) {
			blob[unit_random(&r) % size] = (uint8_t)unit_random(&r);
		}
		if (fdt_check(blob, size, &t)) {
			continue;
		}
		smmu_tree_parse(&t, -1, &tree);
		CHECK_TRUE(tree.unit_count <= 2);
		for (unsigned int i = 0; i < tree.range_count; i++) {
			const struct smmu_range *g = &tree.ranges[i];

			CHECK_TRUE(g->unit < tree.unit_count && g->count);
			CHECK_TRUE(g->count - 1 <= UINT32_MAX - g->first);
		}
	}
}
