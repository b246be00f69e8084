/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device trees: reading, writing, and trees that somebody made to hurt. */
#include "unit.h"
#include <hv/fdt.h>
#include <hv/lib.h>
#include <stdlib.h>

#define CAPACITY 8192u

static struct fdt_writer w;

/* On the heap, to the byte: an access behind the end is ASan's. malloc aligns well enough. */
static uint8_t *exact(const void *p, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, p, len);
	return copy;
}

static void put_reg(unsigned int base, unsigned int size)
{
	const uint32_t cells[2] = {base, size};

	fdt_put_cells(&w, "reg", cells, 2);
}

/* A machine in small: 64-bit root, a bus of its own numbering, a GIC. */
static uint32_t build(uint8_t *to)
{
	static const uint32_t ranges[] = {0x1000,  0x8, 0x40000000, 0x10000,
					  0x20000, 0x0, 0x50000000, 0x1000};
	static const uint32_t memory[] = {0, 0x80000000, 1, 0};
	static const uint32_t irq[] = {0, 5, 4, 1, 11, 8};
	static const uint32_t extended[] = {7, 0, 6, 4};

	fdt_begin(&w, to, CAPACITY);
	fdt_node(&w, "");
	fdt_put_u32(&w, "#address-cells", 2);
	fdt_put_u32(&w, "#size-cells", 2);
	fdt_put_u32(&w, "interrupt-parent", 7);
	fdt_put(&w, "compatible", "vendor,board\0vendor,family", 27);
	fdt_node(&w, "aliases");
	fdt_put_string(&w, "serial0", "/bus/uart@2000");
	fdt_end_node(&w);
	fdt_node(&w, "memory@80000000");
	fdt_put_string(&w, "device_type", "memory");
	fdt_put_cells(&w, "reg", memory, 4);
	fdt_end_node(&w);
	fdt_node(&w, "bus");
	fdt_put_u32(&w, "#address-cells", 1);
	fdt_put_u32(&w, "#size-cells", 1);
	fdt_put_cells(&w, "ranges", ranges, ARRAY_SIZE(ranges));
	fdt_node(&w, "uart@2000");
	put_reg(0x2000, 0x100);
	fdt_put_cells(&w, "interrupts", irq, ARRAY_SIZE(irq));
	fdt_put(&w, "dma-coherent", NULL, 0);
	fdt_end_node(&w);
	fdt_node(&w, "lost@90000");
	put_reg(0x90000, 0x100);
	fdt_put_string(&w, "status", "disabled");
	fdt_put_cells(&w, "interrupts-extended", extended, 4);
	fdt_end_node(&w);
	fdt_node(&w, "long@10f00");
	put_reg(0x10f00, 0x200);
	fdt_end_node(&w);
	fdt_end_node(&w);
	fdt_node(&w, "intc");
	fdt_put_u32(&w, "phandle", 7);
	fdt_put_u32(&w, "#interrupt-cells", 3);
	fdt_end_node(&w);
	fdt_end_node(&w);
	return fdt_finish(&w, 3);
}

static uint8_t *sample(uint32_t *size, struct fdt *t)
{
	uint8_t *p = malloc(CAPACITY), *small;

	*size = build(p);
	CHECK_TRUE(*size);
	small = exact(p, *size);
	free(p);
	CHECK_TRUE(!fdt_check(small, *size, t));
	return small;
}

TEST(fdt_reads_what_was_written)
{
	struct fdt_prop p = {0};
	struct fdt t;
	uint32_t size;
	uint8_t *tree = sample(&size, &t);
	int uart;

	CHECK_EQ(t.boot_cpu, 3);
	uart = fdt_find(&t, "/bus/uart@2000");
	CHECK_TRUE(uart >= 0);
	CHECK_EQ(fdt_find(&t, "/bus/uart"), uart);
	CHECK_EQ(fdt_find(&t, "serial0"), uart);
	CHECK_EQ(fdt_find(&t, "serial0:115200n8"), uart);
	CHECK_EQ(fdt_find(&t, "/bus/uart@2"), -1);
	CHECK_EQ(fdt_find(&t, "/bus/ua"), -1);
	CHECK_EQ(fdt_find(&t, "serial1"), -1);
	CHECK_EQ(fdt_find(&t, "/"), fdt_root(&t));
	CHECK_STR(fdt_name(&t, fdt_parent(&t, uart)), "bus");
	CHECK_EQ(fdt_parent(&t, fdt_root(&t)), -1);
	CHECK_TRUE(fdt_compatible(&t, fdt_root(&t), "vendor,family"));
	CHECK_TRUE(!fdt_compatible(&t, fdt_root(&t), "vendor,fam"));
	CHECK_TRUE(fdt_get(&t, uart, "dma-coherent", &p) && p.len == 0);
	CHECK_TRUE(!fdt_has(&t, uart, "phandle"));
	CHECK_STR(fdt_name(&t, fdt_by_phandle(&t, 7)), "intc");
	CHECK_EQ(fdt_by_phandle(&t, 8), -1);
	CHECK_TRUE(fdt_available(&t, uart));
	CHECK_TRUE(!fdt_available(&t, fdt_find(&t, "/bus/lost")));
	CHECK_STR(fdt_get_string(&t, fdt_find(&t, "/memory"), "device_type"), "memory");
	CHECK_TRUE(!fdt_get_string(&t, fdt_root(&t), "compatible"));
	free(tree);
}

TEST(fdt_addresses_and_interrupts)
{
	struct fdt t;
	uint32_t size, intid, flags;
	uint8_t *tree = sample(&size, &t);
	int uart = fdt_find(&t, "/bus/uart");
	uint64_t base, len;

	CHECK_TRUE(fdt_reg(&t, uart, 0, &base, &len));
	CHECK_EQ(base, 0x840001000);
	CHECK_EQ(len, 0x100);
	CHECK_TRUE(!fdt_reg(&t, uart, 1, &base, &len));
	/* No range has it; and none has all of it. */
	CHECK_TRUE(!fdt_reg(&t, fdt_find(&t, "/bus/lost"), 0, &base, &len));
	CHECK_TRUE(!fdt_reg(&t, fdt_find(&t, "/bus/long"), 0, &base, &len));
	CHECK_TRUE(fdt_reg(&t, fdt_find(&t, "/memory"), 0, &base, &len));
	CHECK_EQ(base, 0x80000000);
	CHECK_EQ(len, 0x100000000);
	CHECK_TRUE(fdt_gic_irq(&t, uart, 0, &intid, &flags));
	CHECK_EQ(intid, 37);
	CHECK_EQ(flags, 4);
	CHECK_TRUE(fdt_gic_irq(&t, uart, 1, &intid, &flags));
	CHECK_EQ(intid, 27);
	CHECK_TRUE(!fdt_gic_irq(&t, uart, 2, &intid, &flags));
	CHECK_TRUE(fdt_gic_irq(&t, fdt_find(&t, "/bus/lost"), 0, &intid, &flags));
	CHECK_EQ(intid, 38);
	CHECK_TRUE(!fdt_gic_irq(&t, fdt_find(&t, "/bus/lost"), 1, &intid, &flags));
	free(tree);
}

TEST(fdt_writer_tells_of_overflow)
{
	uint8_t *p = malloc(CAPACITY);
	uint32_t size = build(p);

	for (uint32_t room = 0; room < size; room += 4) {
		uint8_t *tight = malloc(room ? room : 1);

		fdt_begin(&w, tight, room);
		fdt_node(&w, "");
		for (unsigned int i = 0; i < 200; i++) {
			fdt_put_u32(&w, "some-number", i);
		}
		fdt_end_node(&w);
		CHECK_EQ(fdt_finish(&w, 0), 0);
		free(tight);
	}
	/* A node that is not closed is no tree. */
	fdt_begin(&w, p, CAPACITY);
	fdt_node(&w, "");
	CHECK_EQ(fdt_finish(&w, 0), 0);
	free(p);
}

/* Everything that can be asked of a tree. */
static unsigned long ask(const struct fdt *t)
{
	unsigned long sum = 0;
	uint64_t base, size;
	uint32_t intid, flags;
	int depth = 0;

	for (int n = fdt_root(t); n >= 0; n = fdt_next_node(t, n, &depth)) {
		struct fdt_prop p = {0};

		while (fdt_each_prop(t, n, &p)) {
			sum += strlen(p.name);
			for (uint32_t i = 0; i < p.len; i++) {
				sum += p.data[i];
			}
		}
		for (unsigned int i = 0; i < 3; i++) {
			sum += fdt_reg(t, n, i, &base, &size);
			sum += fdt_gic_irq(t, n, i, &intid, &flags);
			sum += fdt_reserved(t, i, &base, &size);
		}
		sum += fdt_available(t, n) + fdt_compatible(t, n, "vendor,board");
		sum += (unsigned long)fdt_parent(t, n) + (unsigned long)fdt_first_child(t, n);
		sum += (unsigned long)fdt_next_sibling(t, n) + strlen(fdt_name(t, n));
	}
	sum += (unsigned long)fdt_find(t, "serial0") + (unsigned long)fdt_find(t, "/bus/uart@2000");
	return sum + (unsigned long)fdt_by_phandle(t, 7);
}

TEST(fdt_cut_off_trees)
{
	struct fdt t;
	uint32_t size, end;
	uint8_t *tree = sample(&size, &t);

	/* Behind the strings there is only filling. */
	end = t.strings_off + t.strings_size;
	for (uint32_t len = 0; len < end; len++) {
		uint8_t *part = exact(tree, len);

		/* As the loader would find it, and with a header that believes in it. */
		CHECK_TRUE(fdt_check(part, len, &t));
		if (len >= 8) {
			part[4] = 0;
			part[5] = 0;
			part[6] = (uint8_t)(len >> 8);
			part[7] = (uint8_t)len;
			CHECK_TRUE(fdt_check(part, len, &t));
		}
		free(part);
	}
	free(tree);
}

TEST(fdt_damaged_trees)
{
	struct unit_random r = {.state = 0x5eed};
	unsigned int accepted = 0;
	struct fdt t;
	uint32_t size;
	uint8_t *tree = sample(&size, &t);

	for (unsigned int i = 0; i < 100000; i++) {
		uint8_t *bad = exact(tree, size);
		unsigned int count = 1 + (unsigned int)(unit_random(&r) % 4);

		for (unsigned int k = 0; k < count; k++) {
			uint32_t at = (uint32_t)(unit_random(&r) % size);

			/* Numbers near the ends hurt most. */
			switch (unit_random(&r) % 4) {
			case 0:
				bad[at] ^= (uint8_t)(1u << unit_random(&r) % 8);
				break;
			case 1:
				bad[at] = 0xff;
				break;
			case 2:
				memset(bad + (at & ~3u), unit_random(&r) & 1 ? 0xff : 0, 4);
				break;
			default:
				bad[at] = (uint8_t)unit_random(&r);
				break;
			}
		}
		if (!fdt_check(bad, size, &t)) {
			accepted++;
			ask(&t);
		}
		free(bad);
	}
	/* Damage to contents is no damage to the structure: both outcomes must have been seen. */
	CHECK_TRUE(accepted > 1000 && accepted < 99000);
	free(tree);
}

TEST(fdt_refuses_nesting)
{
	uint8_t *p = malloc(CAPACITY);
	struct fdt t;
	uint32_t size;

	for (unsigned int depth = FDT_DEPTH_MAX; depth <= FDT_DEPTH_MAX + 1; depth++) {
		fdt_begin(&w, p, CAPACITY);
		fdt_node(&w, "");
		for (unsigned int i = 1; i < depth; i++) {
			fdt_node(&w, "n");
		}
		for (unsigned int i = 0; i < depth; i++) {
			fdt_end_node(&w);
		}
		size = fdt_finish(&w, 0);
		CHECK_TRUE(size);
		CHECK_EQ(fdt_check(p, size, &t) == NULL, depth == FDT_DEPTH_MAX);
	}
	free(p);
}
