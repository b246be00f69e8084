/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The firmware's description of AMD-Vi units (AMD I/O Virtualization Technology Specification, rev. 3.x,
 * ch. 5). The parser is pure over (buf, len): nothing in the table is trusted.
 */
#include <hv/types.h>

#define IVRS_UNITS_MAX		32
#define IVRS_DEVICES_MAX	1024
#define IVRS_SPECIALS_MAX	64
#define IVRS_MEMORY_MAX		64

struct ivrs_unit {			/* one IVHD block */
	uint8_t type, flags;
	uint16_t segment;
	uint16_t devid;			/* the unit's own PCI function */
	uint16_t capability;		/* place of its capability in config space */
	uint64_t base;			/* registers */
	uint64_t features;		/* the block's copy of the extended feature register; 0: none */
};

struct ivrs_device {			/* a range of requester ids below a unit */
	uint8_t unit;			/* index into units */
	uint8_t flags;			/* interrupts that pass, SysMgt: as in the table */
	bool has_alias;
	uint16_t first, last;
	uint16_t alias;			/* their DMA appears under this id */
};

struct ivrs_special {			/* an IO-APIC or HPET and the id its interrupts carry */
	uint8_t unit, kind, handle, flags;
	uint16_t devid;
};
#define IVRS_SPECIAL_IOAPIC	1
#define IVRS_SPECIAL_HPET	2

struct ivrs_memory {			/* IVMD */
	uint16_t segment;
	bool all;			/* for all devices */
	uint16_t first, last;
	bool read, write, exclusion;
	uint64_t start, length;
};

struct ivrs_info {
	unsigned int unit_count, device_count, special_count, memory_count;
	struct ivrs_unit units[IVRS_UNITS_MAX];
	struct ivrs_device devices[IVRS_DEVICES_MAX];
	struct ivrs_special specials[IVRS_SPECIALS_MAX];
	struct ivrs_memory memory[IVRS_MEMORY_MAX];
};

/* DTE settings in an entry's flags. */
#define IVRS_DTE_INIT_PASS	0x01
#define IVRS_DTE_EINT_PASS	0x02
#define IVRS_DTE_NMI_PASS	0x04
#define IVRS_DTE_SYSMGT		0x30
#define IVRS_DTE_LINT0_PASS	0x40
#define IVRS_DTE_LINT1_PASS	0x80

/*
 * buf: the whole table with its ACPI header. Of several blocks for one unit only the newest known kind
 * counts. 0; -EINVAL: malformed (nothing in *out may be used); -E2BIG: more than the arrays hold.
 */
int ivrs_parse(const void *buf, size_t len, struct ivrs_info *out);
