/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Just enough ACPI to find a table. */
#include "guest.h"

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt, length;
	uint64_t xsdt;
	uint8_t extended_checksum, reserved[3];
} __attribute__((packed));

#define MADT_HEADER 44

bool acpi_checksum_ok(const void *table, uint32_t length)
{
	const uint8_t *p = table;
	uint8_t sum = 0;

	while (length--) {
		sum += *p++;
	}
	return sum == 0;
}

const void *acpi_find(const char *signature)
{
	const struct rsdp *rsdp = (const void *)start_info->rsdp_paddr;
	const struct acpi_header *xsdt, *t;
	uint64_t at;
	unsigned i;

	if (!rsdp) {
		return NULL;
	}
	if (!strncmp(signature, "RSD PTR ", 8)) {
		return rsdp;
	}
	xsdt = (const void *)rsdp->xsdt;
	if (!strncmp(signature, "XSDT", 4)) {
		return xsdt;
	}
	for (i = 0; i < (xsdt->length - sizeof(*xsdt)) / 8; i++) {
		memcpy(&at, (const char *)(xsdt + 1) + 8 * i, 8);
		t = (const void *)at;
		if (!strncmp(t->signature, signature, 4)) {
			return t;
		}
	}
	return NULL;
}

const uint8_t *madt_entry(uint8_t type, unsigned i)
{
	const struct acpi_header *madt = acpi_find("APIC");
	const uint8_t *p, *end;

	CHECK(madt, "no MADT");
	end = (const uint8_t *)madt + madt->length;
	for (p = (const uint8_t *)madt + MADT_HEADER; p + 2 <= end; p += p[1]) {
		CHECK(p[1] >= 2, "MADT entry of length %u", p[1]);
		if (p[0] == type && i-- == 0) {
			return p;
		}
	}
	return NULL;
}
