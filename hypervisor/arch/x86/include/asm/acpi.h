/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * ACPI static tables (drivers/acpi.c): found, length- and checksum-checked, copied. ACPI 6.4 ch.
 * 5.2.
 */
#include <hv/addr.h>

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem_id[6], oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __packed;
static_assert(sizeof(struct acpi_header) == 36, "ACPI 6.4 table 5.4");

/* Finds RSDP, walks XSDT/RSDT. 0 or -ENOENT. A bad table is a warning and left out. */
int acpi_init(void);
/* n-th table with the signature, checked copy in hypervisor memory; NULL. Length is header->length. */
const struct acpi_header *acpi_table(const char *signature, unsigned int n);
/* For the service VM's own XSDT: machine addresses of all valid tables. */
unsigned int acpi_table_count(void);
const struct acpi_header *acpi_table_at(unsigned int i, hpa_t *where);
bool acpi_checksum_ok(const void *table, size_t len);

struct acpi_generic_address {
	uint8_t space, width, offset, access;
	uint64_t address;
} __packed;

/* From FADT. Ports are 0 when not there. */
struct acpi_fixed {
	uint16_t pm1a_cnt, pm1b_cnt, pm1a_evt, pm1b_evt, pm_timer;
	bool pm_timer_32bit;
	uint16_t sci_gsi;
	bool reset_supported;
	uint8_t reset_value;
	struct acpi_generic_address reset;
	uint16_t boot_flags;
	uint32_t flags;
};
extern struct acpi_fixed acpi_fixed;

struct acpi_cpu { uint32_t apic_id, acpi_id; bool enabled; };
struct acpi_ioapic { uint8_t id; uint64_t base; uint32_t gsi_base; };
struct acpi_irq_override { uint8_t source; uint32_t gsi; uint16_t flags; };
struct acpi_nmi_source { uint32_t gsi; uint16_t flags; };
/* acpi_id ACPI_ALL_CPUS: the line of every CPU. */
struct acpi_lapic_nmi { uint32_t acpi_id; uint16_t flags; uint8_t lint; };
#define ACPI_ALL_CPUS	0xffffffffU
struct acpi_ecam { uint64_t base; uint16_t segment; uint8_t start_bus, end_bus; };

struct acpi_info {			/* from MADT, MCFG, HPET */
	struct acpi_cpu cpus[256];
	unsigned int cpu_count;
	struct acpi_ioapic ioapics[16];
	unsigned int ioapic_count;
	struct acpi_irq_override overrides[16];
	unsigned int override_count;
	struct acpi_nmi_source nmi_sources[8];
	unsigned int nmi_source_count;
	struct acpi_lapic_nmi lapic_nmis[16];
	unsigned int lapic_nmi_count;
	struct acpi_ecam ecam[16];
	unsigned int ecam_count;
	uint64_t lapic_base;
	uint64_t hpet_base;		/* 0: none */
};
extern struct acpi_info acpi_info;

/*
 * Parsers of one table each, pure functions over its bytes (the checksum is the caller's
 * business). They add to *out what they understood; false when the table is malformed: then what
 * stood before the bad place is in *out.
 */
bool acpi_parse_madt(const void *untrusted, size_t len, struct acpi_info *out);
bool acpi_parse_mcfg(const void *untrusted, size_t len, struct acpi_info *out);
bool acpi_parse_hpet(const void *untrusted, size_t len, struct acpi_info *out);
bool acpi_parse_fadt(const void *untrusted, size_t len, struct acpi_fixed *out);
/* 20 bytes of an RSDP, 36 from revision 2 on. The root table's address, 0 when this is no RSDP. */
uint64_t acpi_parse_rsdp(const void *untrusted, size_t len, bool *xsdt);
