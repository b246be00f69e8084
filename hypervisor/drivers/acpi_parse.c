/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What single ACPI tables say: pure functions over bytes that firmware wrote, so that they run
 * under the host's sanitisers and fuzzers. Offsets are those of ACPI 6.4 ch. 5.2 (MADT 5.2.12,
 * FADT 5.2.9), the PCI firmware specification 3.3 (MCFG) and the HPET specification 1.0a.
 */
#include <asm/acpi.h>
#include <hv/lib.h>

#define HEADER_LEN	sizeof(struct acpi_header)
#define SPACE_MEMORY	0
#define SPACE_IO	1
#define RSDP_V1_LEN	20
#define RSDP_V2_LEN	36

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

bool acpi_checksum_ok(const void *table, size_t len)
{
	const uint8_t *p = table;
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum = (uint8_t)(sum + p[i]);
	}
	return sum == 0;
}

uint64_t acpi_parse_rsdp(const void *untrusted, size_t len, bool *xsdt)
{
	const uint8_t *p = untrusted;
	uint64_t xsdt_at;
	uint32_t rsdt_at;

	*xsdt = false;
	if (len < RSDP_V1_LEN || memcmp(p, "RSD PTR ", 8) || !acpi_checksum_ok(p, RSDP_V1_LEN)) {
		return 0;
	}
	memcpy(&rsdt_at, p + 16, sizeof(rsdt_at));
	if (p[15] >= 2 && len >= RSDP_V2_LEN && acpi_checksum_ok(p, RSDP_V2_LEN)) {
		memcpy(&xsdt_at, p + 24, sizeof(xsdt_at));
		if (xsdt_at) {
			*xsdt = true;
			return xsdt_at;
		}
	}
	return rsdt_at;
}

static void add_cpu(struct acpi_info *out, uint32_t apic_id, uint32_t acpi_id, uint32_t flags)
{
	bool enabled = flags & 1;

	for (unsigned int i = 0; i < out->cpu_count; i++) {
		/* Some firmware lists a CPU in both entry kinds. */
		if (out->cpus[i].apic_id == apic_id) {
			out->cpus[i].enabled |= enabled;
			return;
		}
	}
	if (out->cpu_count < ARRAY_SIZE(out->cpus)) {
		out->cpus[out->cpu_count++] = (struct acpi_cpu){ apic_id, acpi_id, enabled };
	}
}

static void add_override(struct acpi_info *out, uint8_t source, uint32_t gsi, uint16_t flags)
{
	unsigned int i;

	for (i = 0; i < out->override_count && out->overrides[i].source != source; i++) {
	}
	if (i < ARRAY_SIZE(out->overrides)) {
		out->overrides[i] = (struct acpi_irq_override){ source, gsi, flags };
		out->override_count = MAX(out->override_count, i + 1);
	}
}

static void add_lapic_nmi(struct acpi_info *out, uint32_t acpi_id, uint16_t flags, uint8_t lint)
{
	if (lint <= 1 && out->lapic_nmi_count < ARRAY_SIZE(out->lapic_nmis)) {
		out->lapic_nmis[out->lapic_nmi_count++] =
			(struct acpi_lapic_nmi){ acpi_id, flags, lint };
	}
}

/* One entry of at least the length that its type demands. */
static void madt_entry(const uint8_t *e, struct acpi_info *out)
{
	switch (e[0]) {
	case 0:				/* local APIC */
		if (e[3] != 0xff) {
			add_cpu(out, e[3], e[2], get32(e + 4));
		}
		break;
	case 1:				/* IO-APIC */
		if (out->ioapic_count < ARRAY_SIZE(out->ioapics)) {
			out->ioapics[out->ioapic_count++] =
				(struct acpi_ioapic){ e[2], get32(e + 4), get32(e + 8) };
		}
		break;
	case 2:				/* interrupt source override, bus 0 = ISA */
		if (e[2] == 0 && e[3] < 16) {
			add_override(out, e[3], get32(e + 4), get16(e + 8));
		}
		break;
	case 3:				/* NMI source */
		if (out->nmi_source_count < ARRAY_SIZE(out->nmi_sources)) {
			out->nmi_sources[out->nmi_source_count++] =
				(struct acpi_nmi_source){ get32(e + 4), get16(e + 2) };
		}
		break;
	case 4:				/* local APIC NMI */
		add_lapic_nmi(out, e[2] == 0xff ? ACPI_ALL_CPUS : e[2], get16(e + 3), e[5]);
		break;
	case 5:				/* local APIC address override */
		out->lapic_base = get64(e + 4);
		break;
	case 9:				/* local x2APIC */
		if (get32(e + 4) != 0xffffffff) {
			add_cpu(out, get32(e + 4), get32(e + 12), get32(e + 8));
		}
		break;
	case 10:			/* local x2APIC NMI */
		add_lapic_nmi(out, get32(e + 4), get16(e + 2), e[8]);
		break;
	default:
		break;
	}
}

bool acpi_parse_madt(const void *untrusted, size_t len, struct acpi_info *out)
{
	static const uint8_t min_len[] = { 8, 12, 10, 8, 6, 12, 2, 2, 2, 16, 12 };
	const uint8_t *p = untrusted;

	if (len < HEADER_LEN + 8) {
		return false;
	}
	out->lapic_base = get32(p + HEADER_LEN);
	for (size_t off = HEADER_LEN + 8; off < len;) {
		const uint8_t *e = p + off;

		if (len - off < 2 || e[1] < 2 || e[1] > len - off ||
		    (e[0] < ARRAY_SIZE(min_len) && e[1] < min_len[e[0]])) {
			return false;
		}
		madt_entry(e, out);
		off += e[1];
	}
	return true;
}

bool acpi_parse_mcfg(const void *untrusted, size_t len, struct acpi_info *out)
{
	const uint8_t *p = untrusted;
	bool ok = true;

	if (len < HEADER_LEN + 8) {
		return false;
	}
	for (size_t off = HEADER_LEN + 8; len - off >= 16; off += 16) {
		struct acpi_ecam e = { get64(p + off), get16(p + off + 8), p[off + 10], p[off + 11] };

		/* Bus n lies at base + n MiB, all of it within the architecture's 52 bits. */
		if (e.start_bus > e.end_bus || !e.base || !IS_ALIGNED(e.base, MIB(1)) ||
		    e.base >= BIT(52) - MIB(256)) {
			ok = false;
		} else if (out->ecam_count < ARRAY_SIZE(out->ecam)) {
			out->ecam[out->ecam_count++] = e;
		}
	}
	return ok;
}

bool acpi_parse_hpet(const void *untrusted, size_t len, struct acpi_info *out)
{
	const uint8_t *p = untrusted;
	uint64_t base;

	if (len < 56 || p[40] != SPACE_MEMORY) {
		return false;
	}
	base = get64(p + 44);
	if (!base || base >= BIT(52) || !IS_ALIGNED(base, 1024)) {
		return false;
	}
	if (!out->hpet_base) {
		out->hpet_base = base;
	}
	return true;
}

/* A register block's port: the extended field where there is one and it is a port, else the old field. */
static uint16_t fadt_port(const uint8_t *p, size_t len, size_t old, size_t extended)
{
	uint32_t port = get32(p + old);

	if (len >= extended + 12 && p[extended] == SPACE_IO) {
		uint64_t x = get64(p + extended + 4);

		if (x && x <= 0xffff) {
			return (uint16_t)x;
		}
	}
	return port <= 0xffff ? (uint16_t)port : 0;
}

bool acpi_parse_fadt(const void *untrusted, size_t len, struct acpi_fixed *out)
{
	const uint8_t *p = untrusted;

	if (len < 116) {		/* ACPI 1.0 ends here */
		return false;
	}
	out->sci_gsi = get16(p + 46);
	out->pm1a_evt = fadt_port(p, len, 56, 148);
	out->pm1a_cnt = fadt_port(p, len, 64, 172);
	out->pm1b_cnt = fadt_port(p, len, 68, 184);
	out->pm1b_evt = fadt_port(p, len, 60, 160);
	out->pm_timer = fadt_port(p, len, 76, 208);
	out->boot_flags = get16(p + 109);
	out->flags = get32(p + 112);
	out->pm_timer_32bit = out->flags & BIT(8);
	if (len >= 129 && (out->flags & BIT(10))) {
		memcpy(&out->reset, p + 116, sizeof(out->reset));
		out->reset_value = p[128];
		out->reset_supported = out->reset.address != 0;
	}
	return true;
}
