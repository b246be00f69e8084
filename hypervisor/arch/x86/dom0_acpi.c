/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service VM's ACPI: an RSDP and XSDT of its own that name the machine's tables where they
 * are, less those that describe what the hypervisor keeps (HPET, IOMMUs, affinity of real CPUs),
 * and a MADT that describes its vCPUs with the machine's IO-APICs. ACPI 6.4 ch. 5.2.
 */
#include <asm/acpi.h>
#include <asm/dom0.h>
#include <asm/dom0_build.h>
#include <asm/irq.h>
#include <asm/vioapic.h>
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#define RSDP_LEN	36
#define MADT_HEAD	44
#define IOAPIC_MAX	16
#define ENTRY_ALIGN	16
#define PASS_MAX	128
/* What firmware's own code may do with memory ends at 4 GiB for old systems: the area stays below. */
#define AREA_MIN	MIB(1)
#define AREA_MAX	GIB(4)

static const char allowed[][5] = {
	"FACP", "SSDT", "PSDT", "SBST", "MCFG", "SLIC", "MSDM", "WDAT", "FPDT", "S3PT", "VFCT",
	"TPM2", "BGRT",
};

/* Where the next table goes, in the hypervisor's address space, and the same in the guest's. */
struct cursor {
	uint8_t *p;
	uint64_t address;
};

static void *place(struct cursor *c, size_t len, uint64_t *address)
{
	void *p = c->p;

	*address = c->address;
	len = ROUND_UP(len, ENTRY_ALIGN);
	c->p += len;
	c->address += len;
	return p;
}

static uint8_t checksum(const void *table, size_t len)
{
	const uint8_t *p = table;
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum = (uint8_t)(sum + p[i]);
	}
	return (uint8_t)-sum;
}

static void put16(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void head(struct acpi_header *h, const char *signature, uint8_t revision, size_t len)
{
	const struct acpi_header *model = acpi_table("FACP", 0);

	memcpy(h->signature, signature, 4);
	h->length = (uint32_t)len;
	h->revision = revision;
	/* Quirks of kernels go by the machine's maker. */
	if (model) {
		memcpy(h->oem_id, model->oem_id, sizeof(h->oem_id));
		memcpy(h->oem_table_id, model->oem_table_id, sizeof(h->oem_table_id));
		h->oem_revision = model->oem_revision;
	}
	memcpy(h->creator_id, "MULN", 4);
	h->creator_revision = 1;
	h->checksum = 0;
	h->checksum = checksum(h, len);
}

/* With as many IO-APICs as there can be. */
static size_t madt_room(const struct domain *d)
{
	return MADT_HEAD + IOAPIC_MAX * 12 + d->max_vcpus * 16 + acpi_info.override_count * 10 +
	       acpi_info.nmi_source_count * 8;
}

static void build_madt(const struct domain *d, void *at)
{
	struct vioapic_config ioapics[IOAPIC_MAX];
	unsigned int n = ioapic_describe(ioapics, IOAPIC_MAX);
	uint8_t *p = at, *e = p + MADT_HEAD;

	/* Flags 0: there is no 8259 pair. */
	put32(p + 36, 0xfee00000);
	put32(p + 40, 0);
	for (unsigned int i = 0; i < n; i++, e += 12) {
		e[0] = 1;
		e[1] = 12;
		e[2] = ioapics[i].id;
		put32(e + 4, (uint32_t)ioapics[i].base);
		put32(e + 8, ioapics[i].gsi_base);
	}
	for (uint32_t i = 0; i < d->max_vcpus; i++, e += 16) {
		e[0] = 9;		/* local x2APIC, as any APIC id fits into it */
		e[1] = 16;
		put32(e + 4, 2 * i);
		put32(e + 8, 1);
		put32(e + 12, i);
	}
	for (unsigned int i = 0; i < acpi_info.override_count; i++, e += 10) {
		e[0] = 2;
		e[1] = 10;
		e[3] = acpi_info.overrides[i].source;
		put32(e + 4, acpi_info.overrides[i].gsi);
		put16(e + 8, acpi_info.overrides[i].flags);
	}
	for (unsigned int i = 0; i < acpi_info.nmi_source_count; i++, e += 8) {
		e[0] = 3;
		e[1] = 8;
		put16(e + 2, acpi_info.nmi_sources[i].flags);
		put32(e + 4, acpi_info.nmi_sources[i].gsi);
	}
	head(at, "APIC", 4, (size_t)(e - p));
}

static bool is_allowed(const struct acpi_header *h)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(allowed); i++) {
		if (!memcmp(h->signature, allowed[i], 4)) {
			return true;
		}
	}
	return false;
}

/* Firmware that keeps tables in plain RAM: the guest cannot see that, so it gets a copy. */
static bool needs_copy(const struct acpi_header *h, hpa_t where)
{
	for (uint64_t f = where.v >> PAGE_SHIFT; f <= (where.v + h->length - 1) >> PAGE_SHIFT; f++) {
		if (!dom0_frame_is_device(f)) {
			return true;
		}
	}
	return false;
}

static size_t area_needed(const struct domain *d)
{
	size_t size = RSDP_LEN + sizeof(struct acpi_header) + 8 * (acpi_table_count() + 1) +
		      madt_room(d) + 4 * ENTRY_ALIGN;

	for (unsigned int i = 0; i < acpi_table_count(); i++) {
		hpa_t where;
		const struct acpi_header *h = acpi_table_at(i, &where);

		if (is_allowed(h) && needs_copy(h, where)) {
			size += ROUND_UP((size_t)h->length, ENTRY_ALIGN);
		}
	}
	return ROUND_UP(size, PAGE_SIZE);
}

static unsigned int collect(struct cursor *c, uint64_t *list)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < acpi_table_count() && n < PASS_MAX; i++) {
		hpa_t where;
		const struct acpi_header *h = acpi_table_at(i, &where);

		if (!is_allowed(h)) {
			continue;
		}
		list[n] = where.v;
		if (needs_copy(h, where)) {
			memcpy(place(c, h->length, &list[n]), h, h->length);
		}
		n++;
	}
	return n;
}

uint64_t dom0_build_acpi(struct domain *d, uint64_t *area, uint64_t *area_size)
{
	static uint64_t list[PASS_MAX + 1];
	struct acpi_header *xsdt;
	uint64_t rsdp_at, xsdt_at;
	struct cursor c;
	unsigned int n;
	uint8_t *rsdp;

	*area_size = area_needed(d);
	*area = dom0_take_high(*area_size, AREA_MIN, AREA_MAX);
	if (!*area) {
		boot_fail("dom0_mem: no room for the service VM's ACPI tables");
	}
	c = (struct cursor){ hpa_to_virt(hpa(*area)), *area };
	memset(c.p, 0, *area_size);
	rsdp = place(&c, RSDP_LEN, &rsdp_at);
	n = collect(&c, list);
	build_madt(d, place(&c, madt_room(d), &list[n]));
	n++;
	xsdt = place(&c, sizeof(*xsdt) + n * 8UL, &xsdt_at);
	memcpy(xsdt + 1, list, n * 8UL);
	head(xsdt, "XSDT", 1, sizeof(*xsdt) + n * 8UL);

	memcpy(rsdp, "RSD PTR ", 8);
	memcpy(rsdp + 9, xsdt->oem_id, 6);
	rsdp[15] = 2;
	put32(rsdp + 20, RSDP_LEN);
	put64(rsdp + 24, xsdt_at);
	rsdp[8] = checksum(rsdp, 20);
	rsdp[32] = checksum(rsdp, RSDP_LEN);
	d->arch.acpi_rsdp_gpa = rsdp_at;
	return rsdp_at;
}
