/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI table parsers: good tables, cut-off tables, and tables made of noise. */
#include "unit.h"
#include <asm/acpi.h>
#include <stdlib.h>
#include <string.h>

/* On the heap, to the byte: an access behind the end is ASan's. */
static uint8_t *exact(const void *p, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, p, len);
	return copy;
}

static void fix_sum(uint8_t *p, size_t len, size_t at)
{
	uint8_t sum = 0;

	p[at] = 0;
	for (size_t i = 0; i < len; i++) {
		sum = (uint8_t)(sum + p[i]);
	}
	p[at] = (uint8_t)-sum;
}

static const uint8_t madt[] = {
	'A', 'P', 'I', 'C', 0, 0, 0, 0, 3, 0, 'O', 'E', 'M', 'I', 'D', ' ',
	'T', 'A', 'B', 'L', 'E', ' ', ' ', ' ', 0, 0, 0, 0, 'C', 'R', 'E', 'A', 0, 0, 0, 0,
	0, 0, 0xe0, 0xfe, 1, 0, 0, 0,
	0, 8, 1, 4, 1, 0, 0, 0,				/* CPU: ACPI 1, APIC 4 */
	0, 8, 2, 6, 0, 0, 0, 0,				/* CPU: off */
	9, 16, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0,	/* APIC 4 again, as x2APIC */
	9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0,	/* APIC 256 */
	1, 12, 2, 0, 0, 0, 0xc0, 0xfe, 0x10, 0, 0, 0,	/* IO-APIC 2, GSI 16 */
	2, 10, 0, 9, 9, 0, 0, 0, 13, 0,			/* SCI */
	3, 8, 5, 0, 33, 0, 0, 0,			/* NMI source */
	4, 6, 0xff, 5, 0, 1,				/* LINT1 of all */
	5, 12, 0, 0, 0, 0, 0xe1, 0xfe, 1, 0, 0, 0,	/* APIC base */
	0x80, 4, 1, 2,					/* somebody's own */
};

TEST(acpi_madt)
{
	struct acpi_info info = { 0 };
	uint8_t *p = exact(madt, sizeof(madt));

	CHECK_TRUE(acpi_parse_madt(p, sizeof(madt), &info));
	free(p);
	CHECK_EQ(info.cpu_count, 3);
	CHECK_EQ(info.cpus[0].apic_id, 4);
	CHECK_EQ(info.cpus[0].acpi_id, 1);
	CHECK_TRUE(info.cpus[0].enabled && !info.cpus[1].enabled);
	CHECK_EQ(info.cpus[2].apic_id, 256);
	CHECK_EQ(info.ioapic_count, 1);
	CHECK_EQ(info.ioapics[0].base, 0xfec00000);
	CHECK_EQ(info.ioapics[0].gsi_base, 16);
	CHECK_EQ(info.override_count, 1);
	CHECK_EQ(info.overrides[0].gsi, 9);
	CHECK_EQ(info.overrides[0].flags, 13);
	CHECK_EQ(info.nmi_sources[0].gsi, 33);
	CHECK_EQ(info.lapic_nmis[0].acpi_id, ACPI_ALL_CPUS);
	CHECK_EQ(info.lapic_nmis[0].lint, 1);
	CHECK_EQ(info.lapic_base, 0x1fee10000);
}

TEST(acpi_madt_cut_anywhere)
{
	for (size_t len = 0; len < sizeof(madt); len++) {
		struct acpi_info info = { 0 };
		uint8_t *p = exact(madt, len);

		acpi_parse_madt(p, len, &info);
		free(p);
		CHECK_TRUE(info.cpu_count <= 3);
	}
}

TEST(acpi_madt_entry_lengths)
{
	struct acpi_info info = { 0 };
	uint8_t *p = exact(madt, sizeof(madt));

	p[45] = 0;			/* would never advance */
	CHECK_TRUE(!acpi_parse_madt(p, sizeof(madt), &info));
	p[45] = 7;			/* too short for its kind */
	CHECK_TRUE(!acpi_parse_madt(p, sizeof(madt), &info));
	CHECK_EQ(info.cpu_count, 0);
	free(p);
}

TEST(acpi_madt_too_many)
{
	size_t len = 44 + 1000 * 12;
	uint8_t *p = calloc(1, len);
	struct acpi_info info = { 0 };

	for (size_t i = 0; i < 1000; i++) {
		p[44 + i * 12] = 1;
		p[45 + i * 12] = 12;
	}
	CHECK_TRUE(acpi_parse_madt(p, len, &info));
	CHECK_EQ(info.ioapic_count, ARRAY_SIZE(info.ioapics));
	free(p);
}

TEST(acpi_mcfg)
{
	uint8_t t[44 + 48] = { 0 };
	struct acpi_info info = { 0 };
	uint64_t good = 0xb0000000, odd = 0xb0001000;

	memcpy(t + 44, &good, 8);
	t[55] = 255;
	memcpy(t + 60, &odd, 8);
	t[71] = 255;
	memcpy(t + 76, &good, 8);
	t[86] = 5;			/* first bus behind the last */
	CHECK_TRUE(!acpi_parse_mcfg(t, sizeof(t), &info));
	CHECK_EQ(info.ecam_count, 1);
	CHECK_EQ(info.ecam[0].base, good);
	CHECK_EQ(info.ecam[0].end_bus, 255);
	CHECK_TRUE(!acpi_parse_mcfg(t, 43, &info));
}

TEST(acpi_fadt)
{
	uint8_t t[268] = { 0 };
	struct acpi_fixed fixed = { 0 };
	uint64_t wide = 0x1804;

	t[46] = 9;
	t[64] = 4;			/* PM1a control 0x604, overridden below */
	t[65] = 6;
	t[76] = 8;
	t[77] = 6;
	t[113] = 4 | 1;			/* reset register, 32-bit timer */
	t[116] = 1;
	t[120] = 0xf9;
	t[121] = 0xc;
	t[128] = 6;
	CHECK_TRUE(acpi_parse_fadt(t, 132, &fixed));
	CHECK_EQ(fixed.pm1a_cnt, 0x604);
	CHECK_EQ(fixed.pm_timer, 0x608);
	CHECK_TRUE(fixed.reset_supported && fixed.pm_timer_32bit);
	CHECK_EQ(fixed.reset.address, 0xcf9);
	CHECK_EQ(fixed.reset_value, 6);
	t[172] = 1;
	memcpy(t + 176, &wide, 8);
	CHECK_TRUE(acpi_parse_fadt(t, sizeof(t), &fixed));
	CHECK_EQ(fixed.pm1a_cnt, 0x1804);
	CHECK_TRUE(!acpi_parse_fadt(t, 115, &fixed));
}

TEST(acpi_rsdp)
{
	uint8_t t[36] = "RSD PTR ";
	bool xsdt;

	t[16] = 0x78;
	t[15] = 2;
	t[20] = 36;
	t[24] = 0x99;
	fix_sum(t, 20, 8);
	fix_sum(t, 36, 32);
	CHECK_EQ(acpi_parse_rsdp(t, 36, &xsdt), 0x99);
	CHECK_TRUE(xsdt);
	/* What only the first part vouches for is the old root. */
	t[30] ^= 1;
	CHECK_EQ(acpi_parse_rsdp(t, 36, &xsdt), 0x78);
	CHECK_TRUE(!xsdt);
	CHECK_EQ(acpi_parse_rsdp(t, 20, &xsdt), 0x78);
	CHECK_EQ(acpi_parse_rsdp(t, 19, &xsdt), 0);
	t[0] ^= 1;
	CHECK_EQ(acpi_parse_rsdp(t, 36, &xsdt), 0);
}

TEST(acpi_noise)
{
	struct unit_random r = { 1 };

	for (unsigned int round = 0; round < 20000; round++) {
		size_t len = unit_random(&r) % 400;
		struct acpi_info info = { 0 };
		struct acpi_fixed fixed = { 0 };
		uint8_t *p = malloc(len + 1);

		p = realloc(p, len ? len : 1);
		for (size_t i = 0; i < len; i++) {
			/* Small numbers look like kinds and lengths. */
			p[i] = (uint8_t)(unit_random(&r) % (round & 1 ? 256 : 20));
		}
		acpi_parse_madt(p, len, &info);
		acpi_parse_mcfg(p, len, &info);
		acpi_parse_hpet(p, len, &info);
		acpi_parse_fadt(p, len, &fixed);
		free(p);
	}
}
