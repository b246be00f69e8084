/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IVRS and DMAR parsers: tables as firmware writes them, cut-off tables, and tables made of noise.
 */
#include "unit.h"
#include <asm/dmar.h>
#include <asm/ivrs.h>
#include <hv/errno.h>
#include <stdlib.h>
#include <string.h>

static struct ivrs_info ivrs;
static struct dmar_info dmar;

/* A table under construction. */
struct table {
	uint8_t bytes[4096];
	size_t len;
};

static void put(struct table *t, uint64_t v, unsigned int width)
{
	for (unsigned int i = 0; i < width; i++) {
		t->bytes[t->len++] = (uint8_t)(v >> (8 * i));
	}
}

static void start(struct table *t)
{
	memset(t, 0, sizeof(*t));
	t->len = 48;
}

static void patch16(struct table *t, size_t at, size_t v)
{
	t->bytes[at] = (uint8_t)v;
	t->bytes[at + 1] = (uint8_t)(v >> 8);
}

/* On the heap, to the byte: an access behind the end is ASan's. */
static int parse_ivrs(const void *p, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	int ret;

	memcpy(copy, p, len);
	ret = ivrs_parse(copy, len, &ivrs);
	free(copy);
	return ret;
}

static int parse_dmar(const void *p, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	int ret;

	memcpy(copy, p, len);
	ret = dmar_parse(copy, len, &dmar);
	free(copy);
	return ret;
}

static size_t ivhd(struct table *t, uint8_t type, uint16_t devid, uint64_t base, uint16_t segment)
{
	size_t at = t->len;

	put(t, type, 1);
	put(t, 0x30, 1);
	put(t, 0, 2);
	put(t, devid, 2);
	put(t, 0x40, 2);
	put(t, base, 8);
	put(t, segment, 2);
	put(t, 0, 2);
	put(t, 0, 4);
	if (type != 0x10) {
		put(t, 0x29d3, 8);
		put(t, 0, 8);
	}
	return at;
}

static void close_block(struct table *t, size_t at)
{
	patch16(t, at + 2, t->len - at);
}

static void entry4(struct table *t, uint8_t type, uint16_t id, uint8_t flags)
{
	put(t, type, 1);
	put(t, id, 2);
	put(t, flags, 1);
}

static void entry8(struct table *t, uint8_t type, uint16_t id, uint8_t flags, uint32_t rest)
{
	entry4(t, type, id, flags);
	put(t, rest, 4);
}

static void ivmd(struct table *t, uint8_t type, uint8_t flags, uint16_t first, uint16_t last,
		 uint64_t at, uint64_t len)
{
	put(t, type, 1);
	put(t, flags, 1);
	put(t, 32, 2);
	put(t, first, 2);
	put(t, last, 2);
	put(t, 0, 8);
	put(t, at, 8);
	put(t, len, 8);
}

/* Every kind of entry once, in the newest block; an old block for the same unit; all kinds of IVMD.
 */
static void full_ivrs(struct table *t)
{
	size_t at;

	start(t);
	at = ivhd(t, 0x10, 0x0002, 0xfeb80000, 0);
	entry4(t, 1, 0, 0);
	close_block(t, at);
	at = ivhd(t, 0x40, 0x0002, 0xfeb80000, 0);
	entry4(t, 0, 0, 0);	    /* padding */
	entry4(t, 2, 0x0010, 0x80); /* one */
	entry4(t, 3, 0x0100, 0x01); /* a range */
	entry4(t, 4, 0x01ff, 0);
	entry8(t, 66, 0x0208, 0, 0x000200U << 8); /* one under the id 0x200 */
	entry8(t, 67, 0x0300, 0, 0x0018U << 8);	  /* a range under the id 0x18 */
	entry4(t, 4, 0x03ff, 0);
	entry8(t, 64, 0, 0, 0);	     /* padding of 8 */
	entry8(t, 70, 0x0500, 0, 1); /* one, with extended settings */
	entry8(t, 71, 0x0600, 0, 1); /* a range with them */
	entry4(t, 4, 0x0607, 0);
	entry8(t, 72, 0, 0xd7, 2U | 0x00a0U << 8 | 1U << 24); /* IO-APIC 2, id 0xa0 */
	entry4(t, 240, 0x00a1, 0x40); /* an ACPI device with a name of 3 bytes */
	put(t, 0x3044494d41ULL, 8);
	put(t, 0, 8);
	put(t, 2, 1);
	put(t, 3, 1);
	put(t, 0x414141, 3);
	close_block(t, at);
	ivmd(t, 0x20, 0x07, 0, 0, 0x7f000000, 0x1000);
	ivmd(t, 0x21, 0x03, 0x10, 0, 0x7f100000, 0x2000);
	ivmd(t, 0x22, 0x08, 0x10, 0x20, 0x7f200000, 0x3000);
	put(t, 0x55, 1); /* a block of the future */
	put(t, 0, 1);
	put(t, 8, 2);
	put(t, 0, 4);
}

TEST(ivrs_every_kind)
{
	struct table t;

	full_ivrs(&t);
	CHECK_EQ(parse_ivrs(t.bytes, t.len), 0);
	CHECK_EQ(ivrs.unit_count, 1);
	CHECK_EQ(ivrs.units[0].type, 0x40);
	CHECK_EQ(ivrs.units[0].devid, 2);
	CHECK_EQ(ivrs.units[0].capability, 0x40);
	CHECK_EQ(ivrs.units[0].base, 0xfeb80000);
	CHECK_EQ(ivrs.units[0].features, 0x29d3);
	CHECK_EQ(ivrs.device_count, 8);
	CHECK_EQ(ivrs.devices[0].first, 0x10);
	CHECK_EQ(ivrs.devices[0].flags, 0x80);
	CHECK_EQ(ivrs.devices[1].first, 0x100);
	CHECK_EQ(ivrs.devices[1].last, 0x1ff);
	CHECK_EQ(ivrs.devices[1].flags, 1);
	CHECK_TRUE(!ivrs.devices[1].has_alias);
	CHECK_EQ(ivrs.devices[2].first, 0x208);
	CHECK_TRUE(ivrs.devices[2].has_alias);
	CHECK_EQ(ivrs.devices[2].alias, 0x200);
	CHECK_EQ(ivrs.devices[3].first, 0x300);
	CHECK_EQ(ivrs.devices[3].last, 0x3ff);
	CHECK_EQ(ivrs.devices[3].alias, 0x18);
	CHECK_EQ(ivrs.devices[4].first, 0x500);
	CHECK_EQ(ivrs.devices[5].first, 0x600);
	CHECK_EQ(ivrs.devices[5].last, 0x607);
	CHECK_EQ(ivrs.devices[6].first, 0xa0);
	CHECK_EQ(ivrs.devices[7].first, 0xa1);
	CHECK_EQ(ivrs.special_count, 1);
	CHECK_EQ(ivrs.specials[0].kind, IVRS_SPECIAL_IOAPIC);
	CHECK_EQ(ivrs.specials[0].handle, 2);
	CHECK_EQ(ivrs.specials[0].devid, 0xa0);
	CHECK_EQ(ivrs.specials[0].flags, 0xd7);
}

TEST(ivrs_memory)
{
	struct table t;

	full_ivrs(&t);
	CHECK_EQ(parse_ivrs(t.bytes, t.len), 0);
	CHECK_EQ(ivrs.memory_count, 3);
	CHECK_TRUE(ivrs.memory[0].all && ivrs.memory[0].read && ivrs.memory[0].write);
	CHECK_EQ(ivrs.memory[0].start, 0x7f000000);
	CHECK_TRUE(!ivrs.memory[1].all && ivrs.memory[1].read && !ivrs.memory[1].write);
	CHECK_EQ(ivrs.memory[1].last, 0x10);
	CHECK_TRUE(ivrs.memory[2].exclusion && ivrs.memory[2].read && ivrs.memory[2].write);
	CHECK_EQ(ivrs.memory[2].last, 0x20);
	CHECK_EQ(ivrs.memory[2].length, 0x3000);
}

TEST(ivrs_two_units)
{
	struct table t;
	size_t at;

	start(&t);
	at = ivhd(&t, 0x11, 2, 0xfeb80000, 0);
	entry4(&t, 1, 0, 0);
	close_block(&t, at);
	at = ivhd(&t, 0x10, 2, 0xfeb90000, 1); /* the same id, another segment */
	entry4(&t, 1, 0, 0);
	close_block(&t, at);
	CHECK_EQ(parse_ivrs(t.bytes, t.len), 0);
	CHECK_EQ(ivrs.unit_count, 2);
	CHECK_EQ(ivrs.devices[0].last, 0xffff);
	CHECK_EQ(ivrs.devices[1].unit, 1);
}

/* One block with the entries that f adds. */
static int with_entries(void (*f)(struct table *t))
{
	struct table t;
	size_t at;

	start(&t);
	at = ivhd(&t, 0x10, 2, 0xfeb80000, 0);
	f(&t);
	close_block(&t, at);
	return parse_ivrs(t.bytes, t.len);
}

static void open_range(struct table *t)
{
	entry4(t, 3, 0x100, 0);
}

static void nested_range(struct table *t)
{
	entry4(t, 3, 0x100, 0);
	entry4(t, 3, 0x200, 0);
	entry4(t, 4, 0x2ff, 0);
}

static void lone_end(struct table *t)
{
	entry4(t, 4, 0x2ff, 0);
}

static void backwards(struct table *t)
{
	entry4(t, 3, 0x200, 0);
	entry4(t, 4, 0x100, 0);
}

static void half_entry(struct table *t)
{
	entry4(t, 72, 0, 0); /* 8 bytes long, 4 are there */
}

static void long_name(struct table *t)
{
	entry4(t, 240, 1, 0);
	put(t, 0, 8);
	put(t, 0, 8);
	put(t, 2, 1);
	put(t, 200, 1); /* a name that is not there */
}

TEST(ivrs_bad_entries)
{
	CHECK_EQ(with_entries(open_range), -EINVAL);
	CHECK_EQ(with_entries(nested_range), -EINVAL);
	CHECK_EQ(with_entries(lone_end), -EINVAL);
	CHECK_EQ(with_entries(backwards), -EINVAL);
	CHECK_EQ(with_entries(half_entry), -EINVAL);
	CHECK_EQ(with_entries(long_name), -EINVAL);
}

TEST(ivrs_bad_blocks)
{
	struct table t;
	size_t at;

	start(&t);
	at = ivhd(&t, 0x10, 2, 0xfeb80000, 0);
	patch16(&t, at + 2, 0); /* would never end */
	CHECK_EQ(parse_ivrs(t.bytes, t.len), -EINVAL);
	patch16(&t, at + 2, 20); /* shorter than its header */
	CHECK_EQ(parse_ivrs(t.bytes, t.len), -EINVAL);
	patch16(&t, at + 2, 0xfff0); /* longer than the table */
	CHECK_EQ(parse_ivrs(t.bytes, t.len), -EINVAL);
	close_block(&t, at);
	CHECK_EQ(parse_ivrs(t.bytes, t.len), 0);
	t.bytes[at + 8] = 1; /* registers not on a page boundary */
	CHECK_EQ(parse_ivrs(t.bytes, t.len), -EINVAL);

	start(&t);
	ivmd(&t, 0x22, 7, 0x20, 0x10, 0x1000, 0x1000);
	CHECK_EQ(parse_ivrs(t.bytes, t.len), -EINVAL);
	start(&t);
	ivmd(&t, 0x20, 7, 0, 0, ~0ULL - 10, 0x1000);
	CHECK_EQ(parse_ivrs(t.bytes, t.len), -EINVAL);
}

TEST(ivrs_too_many)
{
	struct table t;
	size_t at;

	start(&t);
	at = ivhd(&t, 0x10, 2, 0xfeb80000, 0);
	for (unsigned int i = 0; t.len < sizeof(t.bytes) - 4; i++) {
		entry4(&t, 2, (uint16_t)i, 0);
	}
	close_block(&t, at);
	CHECK_EQ(parse_ivrs(t.bytes, t.len), 0); /* 1,000 of 1,024 */
	start(&t);
	for (unsigned int i = 0; i <= IVRS_UNITS_MAX; i++) {
		close_block(&t, ivhd(&t, 0x10, (uint16_t)i, 0xfeb80000, 0));
	}
	CHECK_EQ(parse_ivrs(t.bytes, t.len), -E2BIG);
}

static size_t drhd(struct table *t, uint8_t flags, uint16_t segment, uint64_t base)
{
	size_t at = t->len;

	put(t, 0, 2);
	put(t, 0, 2);
	put(t, flags, 1);
	put(t, 0, 1);
	put(t, segment, 2);
	put(t, base, 8);
	return at;
}

static void scope(struct table *t, uint8_t type, uint8_t id, uint8_t bus, unsigned int steps,
		  const uint8_t *path)
{
	put(t, type, 1);
	put(t, 6 + 2 * steps, 1);
	put(t, 0, 2);
	put(t, id, 1);
	put(t, bus, 1);
	for (unsigned int i = 0; i < 2 * steps; i++) {
		put(t, path[i], 1);
	}
}

static void full_dmar(struct table *t)
{
	static const uint8_t gpu[] = {2, 0}, deep[] = {0x1c, 3, 0, 0, 31, 7}, ioapic[] = {0x1f, 0};
	size_t at;

	start(t);
	t->bytes[36] = 38;
	t->bytes[37] = 3;
	at = drhd(t, 0, 0, 0xfed90000);
	scope(t, DMAR_SCOPE_ENDPOINT, 0, 0, 1, gpu);
	close_block(t, at);
	at = drhd(t, 1, 0, 0xfed91000);
	scope(t, DMAR_SCOPE_IOAPIC, 2, 0xf0, 1, ioapic);
	scope(t, DMAR_SCOPE_BRIDGE, 0, 0, 3, deep);
	close_block(t, at);
	at = t->len; /* RMRR */
	put(t, 1, 2);
	put(t, 0, 2);
	put(t, 0, 2);
	put(t, 0, 2);
	put(t, 0x7b800000, 8);
	put(t, 0x7fffffff, 8);
	scope(t, DMAR_SCOPE_ENDPOINT, 0, 0, 1, gpu);
	close_block(t, at);
	at = t->len; /* ATSR */
	put(t, 2, 2);
	put(t, 0, 2);
	put(t, 1, 1);
	put(t, 0, 1);
	put(t, 0, 2);
	close_block(t, at);
	at = t->len; /* a structure of the future */
	put(t, 77, 2);
	put(t, 12, 2);
	put(t, 0, 8);
}

TEST(dmar_every_kind)
{
	struct table t;

	full_dmar(&t);
	CHECK_EQ(parse_dmar(t.bytes, t.len), 0);
	CHECK_EQ(dmar.address_bits, 39);
	CHECK_TRUE(dmar.interrupt_remapping && dmar.x2apic_opt_out && !dmar.dma_opt_in);
	CHECK_EQ(dmar.unit_count, 2);
	CHECK_TRUE(!dmar.units[0].include_all && dmar.units[1].include_all);
	CHECK_EQ(dmar.units[0].base, 0xfed90000);
	CHECK_EQ(dmar.units[0].size, 4096);
	CHECK_EQ(dmar.units[0].scope_count, 1);
	CHECK_EQ(dmar.units[1].scope_first, 1);
	CHECK_EQ(dmar.units[1].scope_count, 2);
	CHECK_EQ(dmar.scopes[0].path[0], 0x10);
	CHECK_EQ(dmar.scopes[1].enumeration_id, 2);
	CHECK_EQ(dmar.scopes[1].start_bus, 0xf0);
	CHECK_EQ(dmar.scopes[2].path_count, 3);
	CHECK_EQ(dmar.scopes[2].path[0], 0xe3);
	CHECK_EQ(dmar.scopes[2].path[2], 0xff);
	CHECK_EQ(dmar.reserved_count, 1);
	CHECK_EQ(dmar.reserved[0].start, 0x7b800000);
	CHECK_EQ(dmar.reserved[0].end, 0x80000000);
	CHECK_EQ(dmar.reserved[0].scope_count, 1);
	CHECK_EQ(dmar.atsr_count, 1);
	CHECK_TRUE(dmar.atsrs[0].all_ports);
}

/* A unit with one scope, whose bytes may be changed. */
static size_t one_scope(struct table *t)
{
	static const uint8_t path[] = {2, 0};
	size_t at;

	start(t);
	at = drhd(t, 0, 0, 0xfed90000);
	scope(t, DMAR_SCOPE_ENDPOINT, 0, 0, 1, path);
	close_block(t, at);
	return at + 16;
}

TEST(dmar_bad_scopes)
{
	struct table t;
	size_t at = one_scope(&t);

	CHECK_EQ(parse_dmar(t.bytes, t.len), 0);
	t.bytes[at + 1] = 0; /* would never end */
	CHECK_EQ(parse_dmar(t.bytes, t.len), -EINVAL);
	t.bytes[at + 1] = 6; /* no path */
	CHECK_EQ(parse_dmar(t.bytes, t.len), -EINVAL);
	t.bytes[at + 1] = 7; /* half a step */
	CHECK_EQ(parse_dmar(t.bytes, t.len), -EINVAL);
	t.bytes[at + 1] = 200; /* beyond the structure */
	CHECK_EQ(parse_dmar(t.bytes, t.len), -EINVAL);
	one_scope(&t);
	t.bytes[at + 6] = 32; /* no such device */
	CHECK_EQ(parse_dmar(t.bytes, t.len), -EINVAL);
}

TEST(dmar_bad_structures)
{
	struct table t;
	size_t at;

	one_scope(&t);
	patch16(&t, 50, 0);
	CHECK_EQ(parse_dmar(t.bytes, t.len), -EINVAL);
	patch16(&t, 50, 12); /* shorter than a DRHD */
	CHECK_EQ(parse_dmar(t.bytes, t.len), -EINVAL);
	patch16(&t, 50, 0x8000);
	CHECK_EQ(parse_dmar(t.bytes, t.len), -EINVAL);

	start(&t); /* an RMRR that ends before it begins */
	at = t.len;
	put(&t, 1, 2);
	put(&t, 24, 2);
	put(&t, 0, 4);
	put(&t, 0x2000, 8);
	put(&t, 0x1000, 8);
	CHECK_EQ(parse_dmar(t.bytes, t.len), -EINVAL);
	memset(t.bytes + at + 16, 0xff, 8); /* or wraps */
	CHECK_EQ(parse_dmar(t.bytes, t.len), -EINVAL);
}

/* Whatever the length, the parser stays inside and gives an answer. */
TEST(iommu_parse_cut_off)
{
	struct table t;

	full_ivrs(&t);
	for (size_t len = 0; len < t.len; len++) {
		(void)parse_ivrs(t.bytes, len);
	}
	CHECK_EQ(parse_ivrs(t.bytes, 47), -EINVAL);
	CHECK_EQ(parse_ivrs(t.bytes, 48), 0);
	CHECK_EQ(ivrs.unit_count, 0);
	full_dmar(&t);
	for (size_t len = 0; len < t.len; len++) {
		(void)parse_dmar(t.bytes, len);
	}
	CHECK_EQ(parse_dmar(t.bytes, 47), -EINVAL);
	CHECK_EQ(parse_dmar(t.bytes, 48), 0);
	CHECK_EQ(dmar.unit_count, 0);
}

static void check_ivrs_sane(void)
{
	CHECK_TRUE(ivrs.unit_count <= IVRS_UNITS_MAX && ivrs.device_count <= IVRS_DEVICES_MAX);
	for (unsigned int i = 0; i < ivrs.device_count; i++) {
		CHECK_TRUE(ivrs.devices[i].unit < ivrs.unit_count);
		CHECK_TRUE(ivrs.devices[i].first <= ivrs.devices[i].last);
	}
	for (unsigned int i = 0; i < ivrs.memory_count; i++) {
		CHECK_TRUE(ivrs.memory[i].start + ivrs.memory[i].length > ivrs.memory[i].start);
	}
}

static void check_dmar_sane(void)
{
	CHECK_TRUE(dmar.unit_count <= DMAR_UNITS_MAX && dmar.scope_count <= DMAR_SCOPES_MAX);
	for (unsigned int i = 0; i < dmar.unit_count; i++) {
		CHECK_TRUE(dmar.units[i].scope_first + dmar.units[i].scope_count <=
			   dmar.scope_count);
	}
	for (unsigned int i = 0; i < dmar.scope_count; i++) {
		CHECK_TRUE(dmar.scopes[i].path_count >= 1);
		CHECK_TRUE(dmar.scopes[i].path_count <= DMAR_PATH_MAX);
	}
}

/* Good tables with some bytes changed: what is accepted must still be consistent. */
TEST(iommu_parse_noise)
{
	struct unit_random r = {2026};
	struct table good_ivrs, good_dmar, t;
	unsigned int accepted = 0;

	full_ivrs(&good_ivrs);
	full_dmar(&good_dmar);
	for (unsigned int i = 0; i < 60000; i++) {
		unsigned int changes = 1 + unit_random(&r) % 4;

		t = i & 1 ? good_ivrs : good_dmar;
		for (unsigned int k = 0; k < changes; k++) {
			t.bytes[36 + unit_random(&r) % (t.len - 36)] = (uint8_t)unit_random(&r);
		}
		if (i & 1 && parse_ivrs(t.bytes, t.len) == 0) {
			check_ivrs_sane();
			accepted++;
		} else if (!(i & 1) && parse_dmar(t.bytes, t.len) == 0) {
			check_dmar_sane();
			accepted++;
		}
	}
	CHECK_TRUE(accepted > 1000);
}
