/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD-Vi's interrupt remapping, in both formats, against a unit that remembers what it has read
 * until told to forget.
 */
#include "unit.h"
#include <asm/acpi.h>
#include <asm/apic.h>
#include <asm/fake.h>
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <string.h>
#include "../../hypervisor/arch/x86/svm/amd_vi.h"

#define IOAPIC_ID	0x00a0
#define UNIT_ID		0x0018
#define NO_ENTRY	0xffff
#define IDS		0x500		/* that messages are sent under */

struct amd_unit *amd_units[AMD_UNITS_MAX];
unsigned int amd_unit_count;
struct iommu_caps iommu_caps;
struct boot_options boot_options;
struct acpi_info acpi_info;

static bool wants_x2apic;
static struct amd_segment *segment;
static uint64_t dte_cache[IDS];
static bool dte_cached[IDS];
static struct amd_irte irte_cache[IDS][IRT_COUNT];
static bool irte_cached[IDS][IRT_COUNT];

bool apic_wants_x2apic(void)
{
	return wants_x2apic;
}

const char *iommu_device_name(pci_sbdf_t dev, char *buf)
{
	buf[0] = '\0';
	return buf;
}

void amd_vi_forget_device(const struct amd_segment *s, uint16_t devid)
{
	dte_cached[devid] = false;
}

void amd_vi_forget_interrupts(pci_sbdf_t requester)
{
	memset(irte_cached[(uint16_t)requester.v], 0, sizeof(irte_cached[0]));
}

bool amd_vi_forget_all(struct amd_unit *u)
{
	memset(dte_cached, 0, sizeof(dte_cached));
	memset(irte_cached, 0, sizeof(irte_cached));
	return true;
}

void amd_vi_flush(struct iommu_domain *dom, uint64_t dfn, uint64_t count)
{
}

/* What becomes of a message: the vector, or NO_ENTRY. */
static unsigned int send(uint16_t devid, const struct msi_message *m, uint64_t format,
			 uint32_t *apic_id)
{
	unsigned int index = m->data & 0x7ff;
	struct amd_irte e;
	uint64_t q;

	CHECK_EQ(m->address, 0xfee00000);
	if (!dte_cached[devid]) {
		dte_cache[devid] = segment->table[devid].q[2];
		dte_cached[devid] = true;
	}
	q = dte_cache[devid];
	if (!(q & 1)) {
		return m->data & 0xff;		/* passes as it is */
	}
	if ((q >> 60 & 3) != 2 || index >= 1U << (q >> 1 & 0xf)) {
		CHECK_TRUE((q >> 60 & 3) != 1);
		return NO_ENTRY;
	}
	if (!irte_cached[devid][index]) {
		const void *table = hpa_to_virt(hpa(q & 0x000fffffffffffc0UL));

		e = (struct amd_irte){0, 0};
		if (format & CONTROL_GA) {
			e = ((const struct amd_irte *)table)[index];
		} else {
			memcpy(&e.lo, (const char *)table + 4 * index, 4);
		}
		irte_cache[devid][index] = e;
		irte_cached[devid][index] = true;
	}
	e = irte_cache[devid][index];
	if (!(e.lo & 1)) {
		return NO_ENTRY;
	}
	/* Fixed, physical, not for a guest, nothing suppressed. */
	CHECK_EQ(e.lo & 0xfe, 0);
	if (format & CONTROL_GA) {
		*apic_id = (uint32_t)(e.lo >> 8) & 0xffffff;
		*apic_id |= format & CONTROL_XT ? (uint32_t)(e.hi >> 56) << 24 : 0;
		return e.hi & 0xff;
	}
	CHECK_EQ(e.lo >> 24, 0);
	*apic_id = (uint32_t)(e.lo >> 8) & 0xff;
	return (unsigned int)(e.lo >> 16) & 0xff;
}

/* A new device table each time, with the unit's abilities. */
static void start(uint64_t features)
{
	static struct amd_unit *u;
	const char *why = NULL;

	if (!u) {
		fake_memory_init();
		iommu_caps.levels = 4;
		amd_ivrs = hv_alloc(sizeof(*amd_ivrs));
		amd_ivrs->unit_count = amd_ivrs->device_count = amd_ivrs->special_count = 1;
		/* 04:00.1's messages may look like 04:00.0's */
		amd_ivrs->devices[0] = (struct ivrs_device){
		    .has_alias = true, .first = 0x401, .last = 0x401, .alias = 0x400};
		amd_ivrs->specials[0] =
		    (struct ivrs_special){0, IVRS_SPECIAL_IOAPIC, 2, 0, IOAPIC_ID};
		acpi_info.ioapic_count = 1;
		acpi_info.ioapics[0].id = 2;
		u = hv_alloc(sizeof(*u));
		amd_units[amd_unit_count++] = u;
		u->info.devid = UNIT_ID;
		u->segment = segment = amd_segment_get(0, true);
		CHECK_TRUE(segment != NULL);
	}
	for (unsigned int i = 0; i < DTE_COUNT; i++) {
		segment->table[i].q[2] = 0;
	}
	u->features = features;
	CHECK_EQ(amd_vi_irt_format(), (features & FEATURE_GA ? CONTROL_GA : 0) |
		 (features & FEATURE_XT && wants_x2apic ? CONTROL_XT : 0));
	CHECK_EQ(amd_vi_intr_ops.start(amd_vi_intr_ops.can_wide(), &why), 0);
}

static struct msi_message message(struct intr_slot *slot, uint32_t apic_id, uint8_t vector)
{
	struct intr_target t = {.apic_id = apic_id, .vector = vector};
	struct msi_message m;

	CHECK_EQ(amd_vi_intr_ops.set(slot, &t), 0);
	amd_vi_intr_ops.message(slot, &t, &m);
	return m;
}

static void check_messages(uint64_t features, uint64_t format, uint32_t far_cpu)
{
	struct intr_slot disk = {.requester = {0x00fa}}, net = {.requester = {0x0010}};
	struct msi_message a, b;
	uint32_t cpu = 0;

	start(features);
	a = (struct msi_message){0xfee00000, 0x30};
	CHECK_EQ(send(0x00fa, &a, format, &cpu), NO_ENTRY);
	CHECK_EQ(send(UNIT_ID, &a, format, &cpu), 0x30);
	a = message(&disk, 1, 0x30);
	b = message(&net, 2, 0x31);
	CHECK_EQ(send(0x00fa, &a, format, &cpu), 0x30);
	CHECK_EQ(cpu, 1);
	CHECK_EQ(send(0x0010, &b, format, &cpu), 0x31);
	CHECK_EQ(cpu, 2);
	CHECK_EQ(send(0x0010, &a, format, &cpu), NO_ENTRY);
	CHECK_EQ(send(0x0080, &a, format, &cpu), NO_ENTRY);
	a.data = 0x130;
	CHECK_EQ(send(0x00fa, &a, format, &cpu), NO_ENTRY);
	a = message(&disk, far_cpu, 0x30);
	CHECK_EQ(send(0x00fa, &a, format, &cpu), 0x30);
	CHECK_EQ(cpu, far_cpu);
	b = message(&disk, 3, 0x40);
	CHECK_EQ(send(0x00fa, &a, format, &cpu), NO_ENTRY);
	CHECK_EQ(send(0x00fa, &b, format, &cpu), 0x40);
	amd_vi_intr_ops.clear(&disk);
	CHECK_EQ(send(0x00fa, &b, format, &cpu), NO_ENTRY);
}

TEST(amd_ir_short_entries)
{
	struct intr_target t = {.apic_id = 0xab, .vector = 0xcd};

	CHECK_EQ(amd_irte_short(&t), 0x00cdab01);
	check_messages(0, 0, 0xfe);
}

TEST(amd_ir_long_entries)
{
	struct intr_target t = {.apic_id = 0x12345678, .vector = 0xcd};
	struct amd_irte e = amd_irte_long(&t);

	CHECK_EQ(e.lo, 0x34567801);
	CHECK_EQ(e.hi, 0x12000000000000cd);
	check_messages(FEATURE_GA, CONTROL_GA, 0xfe);
}

TEST(amd_ir_wide)
{
	wants_x2apic = true;
	check_messages(FEATURE_GA | FEATURE_XT, CONTROL_GA | CONTROL_XT, 0x12345678);
	CHECK_TRUE(amd_vi_intr_ops.can_wide());
	wants_x2apic = false;
	start(FEATURE_GA | FEATURE_XT);
	CHECK_TRUE(!amd_vi_intr_ops.can_wide());
}

/* The IO-APIC finds its line at the EOI by the entry's low byte, so that must be the vector. */
TEST(amd_ir_lines)
{
	struct intr_slot line = {.line = true};
	struct intr_target t = {.apic_id = 5, .vector = 0x44, .level = true};
	struct msi_message m = {0xfee00000, 0};
	uint32_t cpu = 0;

	start(FEATURE_GA);
	CHECK_EQ(amd_vi_intr_ops.ioapic(3, &line.requester), -ENODEV);
	CHECK_EQ(amd_vi_intr_ops.ioapic(2, &line.requester), 0);
	CHECK_EQ(line.requester.v, IOAPIC_ID);
	CHECK_EQ(amd_vi_intr_ops.set(&line, &t), 0);
	CHECK_EQ(amd_vi_intr_ops.entry(&line, &t), 0x44);
	m.data = 0x44;
	CHECK_EQ(send(IOAPIC_ID, &m, CONTROL_GA, &cpu), 0x44);
	CHECK_EQ(cpu, 5);
	CHECK_EQ(send(0x00fa, &m, CONTROL_GA, &cpu), NO_ENTRY);
}

TEST(amd_ir_alias)
{
	struct intr_slot slot = {.requester = {0x401}}, other = {.requester = {0x400}};
	struct msi_message a, b;
	uint32_t cpu = 0;

	start(FEATURE_GA);
	a = message(&slot, 1, 0x30);
	b = message(&other, 2, 0x31);
	CHECK_EQ(send(0x401, &a, CONTROL_GA, &cpu), 0x30);
	CHECK_EQ(send(0x400, &a, CONTROL_GA, &cpu), 0x30);
	CHECK_EQ(send(0x400, &b, CONTROL_GA, &cpu), 0x31);
	amd_vi_intr_ops.clear(&slot);
	CHECK_EQ(send(0x400, &a, CONTROL_GA, &cpu), NO_ENTRY);
	CHECK_EQ(send(0x400, &b, CONTROL_GA, &cpu), 0x31);
}

TEST(amd_ir_obstacles)
{
	const char *why = NULL;

	start(0);
	acpi_info.ioapics[0].id = 9;
	CHECK_EQ(amd_vi_intr_ops.start(false, &why), -ENODEV);
	CHECK_TRUE(why && strstr(why, "IO-APIC"));
	acpi_info.ioapics[0].id = 2;
}
