/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * The tables behind the start info: signatures, lengths and checksums are right, and the MADT tells
 * of this domain's vCPUs, not of the machine's processors. (The XSDT's own signature is not looked
 * at: where the firmware has only an RSDT, real Xen copies a header from address 0.)
 */
#include "guest.h"

#define HOST_BRIDGE_Q35 0x29c08086u

static void check_table(const struct acpi_header *t)
{
	char name[5] = {0};

	memcpy(name, t->signature, 4);
	EXPECT(t->length >= sizeof(*t) && t->length < 0x100000, "%s: length %u", name, t->length);
	if (t->length < 0x100000) {
		EXPECT(acpi_checksum_ok(t, t->length), "%s: bad checksum", name);
	}
}

void guest_main(void)
{
	const char *rsdp = acpi_find("RSD PTR ");
	const struct acpi_header *xsdt, *fadt, *dsdt;
	uint64_t at;
	unsigned i;

	CHECK_EQ(start_info->magic, XEN_HVM_START_MAGIC_VALUE);
	CHECK(rsdp && !strncmp(rsdp, "RSD PTR ", 8), "no RSDP");
	EXPECT(acpi_checksum_ok(rsdp, 20), "RSDP: bad checksum");
	EXPECT(rsdp[15] >= 2 && acpi_checksum_ok(rsdp, 36), "RSDP: bad extended checksum");
	xsdt = acpi_find("XSDT");
	check_table(xsdt);
	for (i = 0; i < (xsdt->length - sizeof(*xsdt)) / 8; i++) {
		memcpy(&at, (const char *)(xsdt + 1) + 8 * i, 8);
		check_table((const void *)at);
	}
	fadt = acpi_find("FACP");
	CHECK(fadt, "no FADT");
	if (fadt->length >= 148) {	/* X_DSDT is of ACPI 2.0 */
		memcpy(&at, (const char *)fadt + 140, 8);
	} else {
		at = 0;
	}
	if (!at) {
		memcpy(&at, (const char *)fadt + 40, 4);
	}
	dsdt = (const void *)at;
	CHECK(!strncmp(dsdt->signature, "DSDT", 4), "no DSDT");
	check_table(dsdt);
	outl(0xcf8, 1u << 31);
	if (inl(0xcfc) == HOST_BRIDGE_Q35) {	/* an i440fx has no memory window */
		EXPECT(acpi_find("MCFG"), "no MCFG");
	}
	EXPECT(!acpi_find("DMAR") && !acpi_find("IVRS"), "the IOMMU is the hypervisor's");
	EXPECT_EQ(cpu_count(), 2);
	EXPECT_EQ(cpu_apic_id(0), apic_read(APIC_ID) >> 24);
	EXPECT_EQ(*(const uint32_t *)((const char *)acpi_find("APIC") + 36), 0xfee00000);
}
