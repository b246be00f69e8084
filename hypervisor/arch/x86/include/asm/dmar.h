/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The firmware's description of VT-d units (Intel VT-d Specification, rev. 4.x, ch. 8). The parser is pure
 * over (buf, len): nothing in the table is trusted.
 */
#include <hv/types.h>

#define DMAR_UNITS_MAX		32
#define DMAR_RESERVED_MAX	32
#define DMAR_ATSR_MAX		16
#define DMAR_SCOPES_MAX		256
#define DMAR_PATH_MAX		8

struct dmar_scope {
	uint8_t type;			/* DMAR_SCOPE_* */
	uint8_t enumeration_id;		/* IO-APIC id, HPET number */
	uint8_t start_bus;
	uint8_t path_count;
	uint8_t path[DMAR_PATH_MAX];	/* devfn at each step from start_bus */
};
#define DMAR_SCOPE_ENDPOINT	1
#define DMAR_SCOPE_BRIDGE	2	/* and all below it */
#define DMAR_SCOPE_IOAPIC	3
#define DMAR_SCOPE_HPET		4
#define DMAR_SCOPE_NAMESPACE	5

/* scope_first/scope_count: a stretch of dmar_info.scopes. */
struct dmar_unit {			/* DRHD */
	bool include_all;		/* everything of the segment that no other unit names */
	uint16_t segment;
	uint64_t base, size;		/* registers, bytes */
	uint16_t scope_first, scope_count;
};

struct dmar_reserved {			/* RMRR */
	uint16_t segment;
	uint64_t start, end;		/* bytes, end exclusive */
	uint16_t scope_first, scope_count;
};

struct dmar_atsr {
	bool all_ports;
	uint16_t segment;
	uint16_t scope_first, scope_count;
};

struct dmar_info {
	uint8_t address_bits;
	bool interrupt_remapping, x2apic_opt_out, dma_opt_in;
	unsigned int unit_count, reserved_count, atsr_count, scope_count;
	struct dmar_unit units[DMAR_UNITS_MAX];
	struct dmar_reserved reserved[DMAR_RESERVED_MAX];
	struct dmar_atsr atsrs[DMAR_ATSR_MAX];
	struct dmar_scope scopes[DMAR_SCOPES_MAX];
};

/* As ivrs_parse. */
int dmar_parse(const void *buf, size_t len, struct dmar_info *out);
