// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DMAR parsing. Every length is checked against what is left before a byte behind it is read. No
 * state, no allocation, no log: it is fuzzed on the host.
 */
#include <hv/errno.h>
#include <hv/lib.h>
#include <asm/dmar.h>

#define DMAR_STRUCTURES	 48 /* ACPI header 36, width, flags, reserved 10 */
#define STRUCTURE_HEADER 4  /* type, length */
#define SCOPE_HEADER	 6  /* type, length, reserved 2, id, bus */

enum { DMAR_DRHD, DMAR_RMRR, DMAR_ATSR }; /* others (RHSA, ANDD, SATC, SIDP) are not needed */

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

static int parse_scope(struct span s, struct dmar_scope *out)
{
	size_t steps = (s.len - SCOPE_HEADER) / 2;

	if (!steps || (s.len & 1)) {
		return -EINVAL;
	}
	if (steps > DMAR_PATH_MAX) {
		return -E2BIG;
	}
	out->type = s.p[0];
	out->enumeration_id = s.p[4];
	out->start_bus = s.p[5];
	out->path_count = (uint8_t)steps;
	for (size_t i = 0; i < steps; i++) {
		uint8_t dev = s.p[SCOPE_HEADER + 2 * i], fn = s.p[SCOPE_HEADER + 2 * i + 1];

		if (dev > 31 || fn > 7) {
			return -EINVAL;
		}
		out->path[i] = (uint8_t)(dev << 3 | fn);
	}
	return 0;
}

/* The scopes that fill the rest of a structure from at on. */
static int parse_scopes(struct span s, size_t at, struct dmar_info *out, uint16_t *first,
			uint16_t *count)
{
	*first = (uint16_t)out->scope_count;
	while (at < s.len) {
		struct span one = {s.p + at, s.len - at};
		int ret;

		if (one.len < SCOPE_HEADER || one.p[1] < SCOPE_HEADER || one.p[1] > one.len) {
			return -EINVAL;
		}
		if (out->scope_count == DMAR_SCOPES_MAX) {
			return -E2BIG;
		}
		one.len = one.p[1];
		ret = parse_scope(one, &out->scopes[out->scope_count]);
		if (ret) {
			return ret;
		}
		out->scope_count++;
		at += one.len;
	}
	*count = (uint16_t)(out->scope_count - *first);
	return 0;
}

static int parse_drhd(struct span s, struct dmar_info *out)
{
	struct dmar_unit *u;

	if (s.len < 16) {
		return -EINVAL;
	}
	if (out->unit_count == DMAR_UNITS_MAX) {
		return -E2BIG;
	}
	u = &out->units[out->unit_count++];
	*u = (struct dmar_unit){
	    .include_all = s.p[4] & 1,
	    .size = 1UL << (12 + (s.p[5] & 0x0f)),
	    .segment = get16(s, 6),
	    .base = get64(s, 8),
	};
	if (!u->base || (u->base & 0xfff) || u->base >> 52) {
		return -EINVAL;
	}
	return parse_scopes(s, 16, out, &u->scope_first, &u->scope_count);
}

static int parse_rmrr(struct span s, struct dmar_info *out)
{
	struct dmar_reserved *r;
	uint64_t limit;

	if (s.len < 24) {
		return -EINVAL;
	}
	if (out->reserved_count == DMAR_RESERVED_MAX) {
		return -E2BIG;
	}
	limit = get64(s, 16);
	r = &out->reserved[out->reserved_count++];
	*r = (struct dmar_reserved){
	    .segment = get16(s, 6),
	    .start = get64(s, 8),
	    .end = limit + 1,
	};
	if (r->end <= r->start || r->end >> 52) {
		return -EINVAL;
	}
	return parse_scopes(s, 24, out, &r->scope_first, &r->scope_count);
}

static int parse_atsr(struct span s, struct dmar_info *out)
{
	struct dmar_atsr *a;

	if (s.len < 8) {
		return -EINVAL;
	}
	if (out->atsr_count == DMAR_ATSR_MAX) {
		return -E2BIG;
	}
	a = &out->atsrs[out->atsr_count++];
	*a = (struct dmar_atsr){.all_ports = s.p[4] & 1, .segment = get16(s, 6)};
	return parse_scopes(s, 8, out, &a->scope_first, &a->scope_count);
}

int dmar_parse(const void *buf, size_t len, struct dmar_info *out)
{
	struct span table = {buf, len};

	out->unit_count = out->reserved_count = out->atsr_count = out->scope_count = 0;
	if (len < DMAR_STRUCTURES) {
		return -EINVAL;
	}
	out->address_bits = (uint8_t)((table.p[36] & 0x3f) + 1);
	out->interrupt_remapping = table.p[37] & 1;
	out->x2apic_opt_out = table.p[37] & 2;
	out->dma_opt_in = table.p[37] & 4;
	for (size_t at = DMAR_STRUCTURES; at < len;) {
		struct span s = {table.p + at, len - at};
		int ret = 0;

		if (s.len < STRUCTURE_HEADER || get16(s, 2) < STRUCTURE_HEADER ||
		    get16(s, 2) > s.len) {
			return -EINVAL;
		}
		s.len = get16(s, 2);
		switch (get16(s, 0)) {
		case DMAR_DRHD:
			ret = parse_drhd(s, out);
			break;
		case DMAR_RMRR:
			ret = parse_rmrr(s, out);
			break;
		case DMAR_ATSR:
			ret = parse_atsr(s, out);
			break;
		}
		if (ret) {
			return ret;
		}
		at += s.len;
	}
	return 0;
}
