// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IVRS parsing. Every length is checked against what is left before a byte behind it is read; every
 * field is read by an unaligned copy. No state, no allocation, no log: it is fuzzed on the host.
 */
#include <hv/errno.h>
#include <hv/lib.h>
#include <asm/ivrs.h>

#define IVRS_BLOCKS  48 /* ACPI header 36, IVinfo 4, reserved 8 */
#define BLOCK_HEADER 4	/* type, flags, length */

enum {
	IVHD_LEGACY = 0x10,
	IVHD_EFR = 0x11,
	IVHD_HID = 0x40,
	IVMD_ALL = 0x20,
	IVMD_ONE = 0x21,
	IVMD_RANGE = 0x22,
};

enum {
	ENTRY_PAD4 = 0,
	ENTRY_ALL = 1,
	ENTRY_SELECT = 2,
	ENTRY_START = 3,
	ENTRY_END = 4,
	ENTRY_PAD8 = 64,
	ENTRY_ALIAS_SELECT = 66,
	ENTRY_ALIAS_START = 67,
	ENTRY_EXT_SELECT = 70,
	ENTRY_EXT_START = 71,
	ENTRY_SPECIAL = 72,
	ENTRY_ACPI = 240,
};
#define ENTRY_ACPI_FIXED 22 /* type, id, flags, hid, cid, uid kind and length */

/* An untrusted run of bytes; the callers have checked that at + width <= len. */
struct span {
	const uint8_t *p;
	size_t len;
};

static uint16_t get16(struct span s, size_t at)
{
	uint16_t v;

	memcpy(&v, s.p + at, sizeof(v));
	return v;
}

static uint64_t get64(struct span s, size_t at)
{
	uint64_t v;

	memcpy(&v, s.p + at, sizeof(v));
	return v;
}

static bool is_ivhd(uint8_t type)
{
	return type == IVHD_LEGACY || type == IVHD_EFR || type == IVHD_HID;
}

static size_t ivhd_header_size(uint8_t type)
{
	return type == IVHD_LEGACY ? 24 : 40;
}

/* The block at the place: false when it does not fit into the table. */
static bool block_at(struct span table, size_t at, struct span *block)
{
	uint16_t len;

	if (table.len - at < BLOCK_HEADER) {
		return false;
	}
	len = get16(table, at + 2);
	if (len < BLOCK_HEADER || len > table.len - at) {
		return false;
	}
	*block = (struct span){table.p + at, len};
	return !is_ivhd(block->p[0]) || len >= ivhd_header_size(block->p[0]);
}

/* True when another block describes the same unit in a newer way. */
static bool superseded(struct span table, struct span block)
{
	struct span other;

	for (size_t at = IVRS_BLOCKS; at < table.len && block_at(table, at, &other);
	     at += other.len) {
		if (is_ivhd(other.p[0]) && other.p[0] > block.p[0] &&
		    get16(other, 4) == get16(block, 4) && get16(other, 16) == get16(block, 16)) {
			return true;
		}
	}
	return false;
}

static int add_device(struct ivrs_info *out, uint16_t first, uint16_t last, uint8_t flags,
		      bool has_alias, uint16_t alias)
{
	struct ivrs_device *d;

	if (last < first) {
		return -EINVAL;
	}
	if (out->device_count == IVRS_DEVICES_MAX) {
		return -E2BIG;
	}
	d = &out->devices[out->device_count++];
	*d = (struct ivrs_device){
	    .unit = (uint8_t)(out->unit_count - 1),
	    .flags = flags,
	    .has_alias = has_alias,
	    .first = first,
	    .last = last,
	    .alias = alias,
	};
	return 0;
}

static int add_special(struct ivrs_info *out, struct span e)
{
	if (out->special_count == IVRS_SPECIALS_MAX) {
		return -E2BIG;
	}
	out->specials[out->special_count++] = (struct ivrs_special){
	    .unit = (uint8_t)(out->unit_count - 1),
	    .flags = e.p[3],
	    .handle = e.p[4],
	    .devid = get16(e, 5),
	    .kind = e.p[7],
	};
	/* Its interrupts are writes of that id: they need its device table entry. */
	return add_device(out, get16(e, 5), get16(e, 5), e.p[3], false, 0);
}

/* A range that an entry has opened and the next END closes. */
struct range {
	bool open, has_alias;
	uint8_t flags;
	uint16_t first, alias;
};

static int open_range(struct range *r, struct span e, bool has_alias)
{
	if (r->open) {
		return -EINVAL;
	}
	*r = (struct range){
	    .open = true,
	    .has_alias = has_alias,
	    .flags = e.p[3],
	    .first = get16(e, 1),
	    .alias = has_alias ? get16(e, 5) : 0,
	};
	return 0;
}

/* e is at least as long as its kind says. */
static int parse_entry(struct span e, struct range *r, struct ivrs_info *out)
{
	uint16_t id = get16(e, 1);
	uint8_t flags = e.p[3];

	switch (e.p[0]) {
	case ENTRY_ALL:
		return add_device(out, 0, 0xffff, flags, false, 0);
	case ENTRY_SELECT:
	case ENTRY_EXT_SELECT:
	case ENTRY_ACPI:
		return add_device(out, id, id, flags, false, 0);
	case ENTRY_ALIAS_SELECT:
		return add_device(out, id, id, flags, true, get16(e, 5));
	case ENTRY_START:
	case ENTRY_EXT_START:
		return open_range(r, e, false);
	case ENTRY_ALIAS_START:
		return open_range(r, e, true);
	case ENTRY_END:
		if (!r->open) {
			return -EINVAL;
		}
		r->open = false;
		return add_device(out, r->first, id, r->flags, r->has_alias, r->alias);
	case ENTRY_SPECIAL:
		return add_special(out, e);
	default: /* padding, or a kind of the future: its size is known */
		return 0;
	}
}

/* The kind's number says how long an entry is; 0: it does not fit. */
static size_t entry_size(struct span rest)
{
	uint8_t kind = rest.p[0];
	size_t size = 4UL << (kind >> 6);

	if (kind == ENTRY_ACPI) {
		if (rest.len < ENTRY_ACPI_FIXED) {
			return 0;
		}
		size = ENTRY_ACPI_FIXED + rest.p[ENTRY_ACPI_FIXED - 1];
	}
	return size <= rest.len ? size : 0;
}

static int parse_ivhd(struct span b, struct ivrs_info *out)
{
	struct range r = {.open = false};
	struct ivrs_unit *u;

	if (out->unit_count == IVRS_UNITS_MAX) {
		return -E2BIG;
	}
	u = &out->units[out->unit_count++];
	*u = (struct ivrs_unit){
	    .type = b.p[0],
	    .flags = b.p[1],
	    .devid = get16(b, 4),
	    .capability = get16(b, 6),
	    .base = get64(b, 8),
	    .segment = get16(b, 16),
	    .features = b.p[0] == IVHD_LEGACY ? 0 : get64(b, 24),
	};
	if (!u->base || (u->base & 0xfff) || u->base >> 52) {
		return -EINVAL;
	}
	for (size_t at = ivhd_header_size(b.p[0]); at < b.len;) {
		struct span e = {b.p + at, b.len - at};
		int ret;

		e.len = entry_size(e);
		if (!e.len) {
			return -EINVAL;
		}
		ret = parse_entry(e, &r, out);
		if (ret) {
			return ret;
		}
		at += e.len;
	}
	return r.open ? -EINVAL : 0;
}

static int parse_ivmd(struct span b, struct ivrs_info *out)
{
	struct ivrs_memory *m;

	if (b.len < 32) {
		return -EINVAL;
	}
	if (out->memory_count == IVRS_MEMORY_MAX) {
		return -E2BIG;
	}
	m = &out->memory[out->memory_count++];
	*m = (struct ivrs_memory){
	    .all = b.p[0] == IVMD_ALL,
	    .first = get16(b, 4),
	    .last = b.p[0] == IVMD_RANGE ? get16(b, 6) : get16(b, 4),
	    .segment = get16(b, 8),
	    /* Bit 0: mapped 1:1 with the rights of bits 1 and 2; bit 3: not translated at all,
	     * which we serve as a 1:1 mapping with all rights. */
	    .read = (b.p[1] & 0x08) || (b.p[1] & 0x02),
	    .write = (b.p[1] & 0x08) || (b.p[1] & 0x04),
	    .exclusion = b.p[1] & 0x08,
	    .start = get64(b, 16),
	    .length = get64(b, 24),
	};
	if (m->last < m->first || !m->length || m->start + m->length < m->start) {
		return -EINVAL;
	}
	return 0;
}

int ivrs_parse(const void *buf, size_t len, struct ivrs_info *out)
{
	struct span table = {buf, len}, block;

	out->unit_count = out->device_count = out->special_count = out->memory_count = 0;
	if (len < IVRS_BLOCKS) {
		return -EINVAL;
	}
	for (size_t at = IVRS_BLOCKS; at < len; at += block.len) {
		uint8_t type;
		int ret = 0;

		if (!block_at(table, at, &block)) {
			return -EINVAL;
		}
		type = block.p[0];
		if (is_ivhd(type) && !superseded(table, block)) {
			ret = parse_ivhd(block, out);
		} else if (type == IVMD_ALL || type == IVMD_ONE || type == IVMD_RANGE) {
			ret = parse_ivmd(block, out);
		}
		if (ret) {
			return ret;
		}
	}
	return 0;
}
