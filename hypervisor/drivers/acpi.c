/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI static tables: finding them, checking length and checksum, keeping copies. Firmware is
 * not trusted to be right: every address may point anywhere, every length may lie. A bad table
 * costs that table, never the boot. No lock: everything happens on the boot CPU, after it the
 * copies are read-only.
 */
#include <asm/acpi.h>
#include <asm/paging.h>
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#define ACPI_TABLE_MAX	128
#define ACPI_LENGTH_MAX	MIB(1)
#define RSDP_V1_LEN	20
#define RSDP_V2_LEN	36

struct acpi_fixed acpi_fixed;
struct acpi_info acpi_info;

static struct {
	uint64_t where;
	struct acpi_header *copy;
} tables[ACPI_TABLE_MAX];
static unsigned int table_count;

/* A checked copy of the table at where; NULL (after a warning) when it is bad. */
static struct acpi_header *load_table(uint64_t where, const char *signature)
{
	const struct acpi_header *p;
	struct acpi_header untrusted, *copy = NULL;
	const char *why = "its length is wrong";

	if (!where || where >= BIT(52)) {
		log_warn("ACPI: table address %lx is out of range, left out\n", where);
		return NULL;
	}
	p = map_firmware(hpa(where), sizeof(untrusted));
	if (!p) {
		return NULL;
	}
	memcpy(&untrusted, p, sizeof(untrusted));
	unmap_firmware(p);
	if (signature && memcmp(untrusted.signature, signature, 4)) {
		why = "its signature is wrong";
	} else if (untrusted.length >= sizeof(untrusted) && untrusted.length <= ACPI_LENGTH_MAX) {
		why = "no memory";
		p = map_firmware(hpa(where), untrusted.length);
		copy = hv_alloc(untrusted.length);
		if (p && copy) {
			memcpy(copy, p, untrusted.length);
			why = "its checksum is wrong";
		}
		if (p) {
			unmap_firmware(p);
		}
		/* The length may not have changed under our hands, and the sum must be right. */
		if (p && copy && copy->length == untrusted.length &&
		    acpi_checksum_ok(copy, copy->length)) {
			return copy;
		}
		hv_free(copy);
	}
	log_warn("ACPI: table %.4s at %lx left out: %s\n", untrusted.signature, where, why);
	return NULL;
}

static uint64_t scan_rsdp(uint64_t start, size_t len, bool *xsdt)
{
	const uint8_t *p = map_firmware(hpa(start), len);
	uint64_t root = 0;

	for (size_t off = 0; p && !root && off + RSDP_V1_LEN <= len; off += 16) {
		root = acpi_parse_rsdp(p + off, MIN(len - off, (size_t)RSDP_V2_LEN), xsdt);
	}
	if (p) {
		unmap_firmware(p);
	}
	return root;
}

/* Where multiboot2 says, else where a BIOS puts it: first KiB of the EBDA, 0xe0000-0xfffff (ACPI 6.4 ch. 5.2.5.1). */
static uint64_t find_root(bool *xsdt)
{
	uint64_t root = 0;

	if (boot_info.acpi_rsdp_copied) {
		root = acpi_parse_rsdp(boot_info.acpi_rsdp_copy, sizeof(boot_info.acpi_rsdp_copy),
				       xsdt);
	}
	if (!root && boot_info.acpi_rsdp) {
		root = scan_rsdp(boot_info.acpi_rsdp, RSDP_V2_LEN, xsdt);
	}
	if (!root && !boot_info.efi) {
		const uint8_t *bda = map_firmware(hpa(0x400), 0x100);
		uint16_t segment = 0;

		if (bda) {
			memcpy(&segment, bda + 0xe, sizeof(segment));
			unmap_firmware(bda);
		}
		if (segment >= 0x8000 && segment < 0xa000) {
			root = scan_rsdp((uint64_t)segment << 4, KIB(1), xsdt);
		}
		if (!root) {
			root = scan_rsdp(0xe0000, KIB(128), xsdt);
		}
	}
	return root;
}

static void parse_known(const struct acpi_header *h)
{
	static const struct {
		char signature[5];
		bool (*parse)(const void *untrusted, size_t len, struct acpi_info *out);
	} parsers[] = {
		{ "APIC", acpi_parse_madt },
		{ "MCFG", acpi_parse_mcfg },
		{ "HPET", acpi_parse_hpet },
	};
	bool ok = true;

	for (unsigned int i = 0; i < ARRAY_SIZE(parsers); i++) {
		if (!memcmp(h->signature, parsers[i].signature, 4)) {
			ok = parsers[i].parse(h, h->length, &acpi_info);
		}
	}
	if (!memcmp(h->signature, "FACP", 4)) {
		ok = acpi_parse_fadt(h, h->length, &acpi_fixed);
	}
	if (!ok) {
		log_warn("ACPI: table %.4s is malformed, used in part\n", h->signature);
	}
}

int acpi_init(void)
{
	bool xsdt;
	uint64_t where = find_root(&xsdt);
	struct acpi_header *root;
	size_t width, count;

	acpi_info.lapic_base = 0xfee00000;
	root = where ? load_table(where, xsdt ? "XSDT" : "RSDT") : NULL;
	if (!root) {
		log_warn("ACPI: no usable tables\n");
		return -ENOENT;
	}
	width = xsdt ? 8 : 4;
	count = (root->length - sizeof(*root)) / width;
	for (size_t i = 0; i < count; i++) {
		uint64_t at = 0;
		struct acpi_header *h;

		if (table_count == ACPI_TABLE_MAX) {
			log_warn("ACPI: more than %u tables, the rest left out\n", ACPI_TABLE_MAX);
			break;
		}
		memcpy(&at, (const uint8_t *)(root + 1) + i * width, width);
		h = load_table(at, NULL);
		if (!h) {
			continue;
		}
		tables[table_count].where = at;
		tables[table_count++].copy = h;
		parse_known(h);
	}
	hv_free(root);
	log_info("ACPI: %u tables, %u CPUs, %u IO-APICs, %u ECAM regions\n", table_count,
		 acpi_info.cpu_count, acpi_info.ioapic_count, acpi_info.ecam_count);
	return 0;
}

const struct acpi_header *acpi_table(const char *signature, unsigned int n)
{
	for (unsigned int i = 0; i < table_count; i++) {
		if (!memcmp(tables[i].copy->signature, signature, 4) && n-- == 0) {
			return tables[i].copy;
		}
	}
	return NULL;
}

unsigned int acpi_table_count(void)
{
	return table_count;
}

const struct acpi_header *acpi_table_at(unsigned int i, hpa_t *where)
{
	if (i >= table_count) {
		return NULL;
	}
	*where = hpa(tables[i].where);
	return tables[i].copy;
}
