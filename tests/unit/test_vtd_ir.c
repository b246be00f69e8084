/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d's interrupt remapping against a unit that works as the specification says, here in a few
 * lines: it runs the queue's commands, and delivers or refuses messages by the table as it
 * remembers it.
 */
#include "unit.h"
#include <asm/acpi.h>
#include <asm/apic.h>
#include <asm/dom0.h>
#include <asm/fake.h>
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <string.h>
#include "../../hypervisor/arch/x86/vmx/vtd.h"

#define REGISTERS	4096
#define FAULTS_AT	0x220
#define UNITS		2

struct vtd_unit *vtd_units[DMAR_UNITS_MAX];
unsigned int vtd_unit_count;
struct dmar_info *vtd_dmar;
struct iommu_caps iommu_caps;
struct boot_options boot_options;
struct acpi_info acpi_info;

/*
 * What the unit remembers of the table: an entry is read once and then kept until it is told to
 * forget.
 */
static struct {
	uint64_t registers[REGISTERS / 8];
	unsigned int head;
	struct vtd_irte cache[IRT_COUNT];
	bool cached[IRT_COUNT];
	unsigned int forgotten_all;
} hw[UNITS];

static struct iommu_fault last_fault;
static unsigned int fault_count;
static bool x2apic;

/* The rest of the hypervisor ---------------------------------------------------------------- */

bool apic_uses_x2apic(void)
{
	return x2apic;
}

uint32_t apic_id_of_cpu(unsigned int cpu)
{
	return cpu;
}

void arch_cache_clean(const void *p, size_t len)
{
}

const char *iommu_device_name(pci_sbdf_t dev, char *buf)
{
	buf[0] = '\0';
	return buf;
}

void iommu_fault(const struct iommu_fault *f)
{
	last_fault = *f;
	fault_count++;
}

void iommu_fault_irq(void *opaque)
{
}

void iommu_poll_needed(void)
{
}

int irq_alloc_vector(unsigned int cpu, irq_handler *fn, void *opaque)
{
	return 0x70;
}

void msi_compose(uint8_t vector, unsigned int cpu, struct msi_message *out)
{
	*out = (struct msi_message){0xfee00000, vector};
}

/*
 * Bus 0 has a root port to bus 1, there one to old PCI, bus 2, and an old one to bus 3; and an old
 * bridge to bus 5.
 */
static const struct {
	uint32_t sbdf;
	uint8_t secondary, subordinate, express_type;
	bool express;
} bridges[] = {
	{0x00e0, 1, 3, 4, true},
	{0x0100, 2, 3, 7, true},
	{0x0208, 3, 3, 0, false},
	{0x00f0, 5, 5, 0, false},
};

void pci_for_each(void (*fn)(uint32_t sbdf, void *arg), void *arg)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(bridges); i++) {
		fn(bridges[i].sbdf, arg);
	}
}

uint32_t pci_read(uint32_t sbdf, unsigned int reg, unsigned int size)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bridges) && bridges[i].sbdf != sbdf; i++) {
	}
	CHECK_TRUE(i < ARRAY_SIZE(bridges));
	switch (reg) {
	case 0x0e:
		return 1;
	case 0x19:
		return bridges[i].secondary;
	case 0x1a:
		return bridges[i].subordinate;
	case 0x34:
		return bridges[i].express ? 0x40 : 0;
	case 0x40:
		return 0x10;
	case 0x42:
		return (uint32_t)bridges[i].express_type << 4;
	default:
		return 0;
	}
}

/* The unit ---------------------------------------------------------------------------------- */

static void run_command(unsigned int n)
{
	struct vtd_unit *u = vtd_units[n];
	uint32_t command = vtd_read(u, VTD_COMMAND), status = vtd_read(u, VTD_STATUS);

	if (command) {
		status = (command & ~(uint32_t)GLOBAL_ONE_SHOT) |
			 ((status | command) & (uint32_t)(GLOBAL_IRT | GLOBAL_ROOT));
		vtd_write(u, VTD_STATUS, status);
		vtd_write(u, VTD_COMMAND, 0);
	}
}

static void run_descriptor(unsigned int n, const struct vtd_descriptor *d)
{
	uint32_t value = (uint32_t)(d->lo >> 32);

	switch (d->lo & 0xf) {
	case 4:
		if (d->lo & BIT(4)) {
			CHECK_TRUE((value & 0xffff) < IRT_COUNT && !(d->lo >> 27 & 0x1f));
			hw[n].cached[value & 0xffff] = false;
		} else {
			memset(hw[n].cached, 0, sizeof(hw[n].cached));
			hw[n].forgotten_all++;
		}
		break;
	case 5:
		memcpy(hpa_to_virt(hpa(d->hi)), &value, sizeof(value));
		break;
	}
}

bool iommu_wait(bool (*done)(void *arg), void *arg)
{
	for (unsigned int n = 0; n < vtd_unit_count; n++) {
		struct vtd_unit *u = vtd_units[n];
		unsigned int tail = (unsigned int)vtd_read64(u, VTD_QUEUE_TAIL) / sizeof(*u->queue);

		run_command(n);
		for (; u->queue && hw[n].head != tail; hw[n].head = (hw[n].head + 1) % QI_COUNT) {
			run_descriptor(n, &u->queue[hw[n].head]);
		}
	}
	return done(arg);
}

/* What becomes of a message: 0 and vector and APIC id, or the fault's reason. */
struct delivered {
	unsigned int reason;
	uint8_t vector;
	uint32_t apic_id;
	bool level;
};

static bool may_send(const struct vtd_irte *e, uint16_t requester)
{
	uint8_t bus = (uint8_t)(requester >> 8);

	switch (e->hi >> 18 & 3) {
	case 1:
		return (uint16_t)e->hi == requester;
	case 2:
		return bus >= (uint8_t)(e->hi >> 8) && bus <= (uint8_t)e->hi;
	default:
		return true;
	}
}

static struct delivered by_index(unsigned int n, uint16_t requester, unsigned int index)
{
	uint64_t irta = vtd_read64(vtd_units[n], VTD_IRT_ADDRESS);
	const struct vtd_irte *table = hpa_to_virt(hpa(irta & PAGE_MASK));
	struct vtd_irte e;
	bool wide = irta & BIT(11);

	CHECK_TRUE(vtd_read(vtd_units[n], VTD_STATUS) & BIT(25));
	if (index >= 2U << (irta & 0xf)) {
		return (struct delivered){.reason = 0x21};
	}
	if (!hw[n].cached[index]) {
		hw[n].cache[index] = table[index];
		hw[n].cached[index] = true;
	}
	e = hw[n].cache[index];
	if (!(e.lo & 1)) {
		return (struct delivered){.reason = 0x22};
	}
	/*
	 * Reserved bits, and what is not used: fixed delivery, physical, no redirection, no
	 * posting.
	 */
	CHECK_EQ(e.lo & (wide ? 0xff00ffeeUL : 0xffff00ffff00ffeeUL) & ~0x10UL, 0);
	CHECK_EQ(e.hi >> 20, 0);
	if (!may_send(&e, requester)) {
		return (struct delivered){.reason = 0x26};
	}
	return (struct delivered){
	    .vector = (uint8_t)(e.lo >> 16),
	    .apic_id = wide ? (uint32_t)(e.lo >> 32) : (uint32_t)(e.lo >> 40) & 0xff,
	    .level = e.lo & BIT(4),
	};
}

static struct delivered send(uint32_t requester, const struct msi_message *m)
{
	unsigned int index = (unsigned int)(m->address >> 5 & 0x7fff) |
			     (unsigned int)(m->address >> 2 & 1) << 15;

	CHECK_EQ(m->address >> 20, 0xfee);
	if (!(m->address & BIT(4))) {
		CHECK_TRUE(!(vtd_read(vtd_units[requester >> 16], VTD_STATUS) & BIT(23)));
		return (struct delivered){.reason = 0x25};
	}
	CHECK_EQ(m->address & BIT(3), 0);
	return by_index(requester >> 16, (uint16_t)requester, index);
}

static struct delivered raise(uint32_t requester, uint64_t entry)
{
	CHECK_TRUE(entry & BIT(48));
	return by_index(requester >> 16, (uint16_t)requester,
			(unsigned int)(entry >> 49) | (unsigned int)(entry >> 11 & 1) << 15);
}

/* Two segments with a unit each; the IO-APIC is behind the first. */
static void init(void)
{
	static bool done;

	if (done) {
		return;
	}
	done = true;
	fake_memory_init();
	vtd_dmar = hv_alloc(sizeof(*vtd_dmar));
	*vtd_dmar = (struct dmar_info){
	    .interrupt_remapping = true, .unit_count = UNITS, .scope_count = 1};
	vtd_dmar->scopes[0] = (struct dmar_scope){DMAR_SCOPE_IOAPIC, 2, 0xf0, 1, {0xff}};
	vtd_dmar->units[0].scope_count = 1;
	acpi_info.ioapic_count = 1;
	acpi_info.ioapics[0].id = 2;
	for (unsigned int i = 0; i < UNITS; i++) {
		struct vtd_unit *u = hv_alloc(sizeof(*u));

		vtd_dmar->units[i].include_all = true;
		vtd_dmar->units[i].segment = (uint16_t)i;
		u->info = vtd_dmar->units[i];
		u->regs = (volatile uint8_t *)hw[i].registers;
		u->ecap = ECAP_QUEUE | ECAP_IR | ECAP_EIM;
		u->cap = (uint64_t)(FAULTS_AT / 16) << 24 | 3UL << 40;
		vtd_units[vtd_unit_count++] = u;
		u->segment = vtd_segment_get((uint16_t)i, true);
		CHECK_EQ(vtd_queue_init(u), 0);
		CHECK_TRUE(u->queued);
	}
	vtd_scope_init();
}

static void start(bool wide)
{
	const char *why = NULL;

	init();
	for (unsigned int i = 0; i < UNITS; i++) {
		/* as firmware may leave it: old messages pass */
		vtd_write(vtd_units[i], VTD_STATUS, (uint32_t)(GLOBAL_QUEUE | GLOBAL_COMPAT));
	}
	CHECK_EQ(vtd_intr_ops.start(wide, &why), 0);
	for (unsigned int i = 0; i < UNITS; i++) {
		CHECK_EQ(vtd_read(vtd_units[i], VTD_STATUS) & (BIT(23) | BIT(25)), BIT(25));
		CHECK_TRUE(hw[i].forgotten_all > 0);
	}
}

static struct msi_message message(struct intr_slot *slot, uint32_t apic_id, uint8_t vector)
{
	struct intr_target t = {.apic_id = apic_id, .vector = vector};
	struct msi_message m;

	CHECK_EQ(vtd_intr_ops.set(slot, &t), 0);
	vtd_intr_ops.message(slot, &t, &m);
	return m;
}

static struct intr_slot slot_of(uint32_t sbdf)
{
	return (struct intr_slot){.requester = {sbdf}};
}

static void check_goes(struct delivered d, uint8_t vector, uint32_t apic_id, bool level)
{
	CHECK_EQ(d.reason, 0);
	CHECK_EQ(d.vector, vector);
	CHECK_EQ(d.apic_id, apic_id);
	CHECK_EQ(d.level, level);
}

TEST(vtd_ir_entry_bits)
{
	struct intr_target t = {.apic_id = 0x12345678, .vector = 0xa5, .level = true};

	CHECK_EQ(vtd_irte_low(&t, true), 0x1234567800a50011);
	CHECK_EQ(vtd_irte_low(&t, false), 0x0000780000a50011);
	t.level = false;
	CHECK_EQ(vtd_irte_low(&t, false), 0x0000780000a50001);
	CHECK_EQ(vtd_line_entry(0x8003, 0x41), 3UL << 49 | 1UL << 48 | 1UL << 11 | 0x41);
	CHECK_EQ(vtd_line_entry(0x7fff, 0x41), 0x7fffUL << 49 | 1UL << 48 | 0x41);
	CHECK_EQ(vtd_message_address(0x8003), 0xfee00000 | 3 << 5 | 1 << 4 | 1 << 2);
}

TEST(vtd_ir_messages)
{
	struct intr_slot disk = slot_of(0x00fa), net = slot_of(0x0010);
	struct msi_message a, b, plain = {0xfee00000, 0x30};

	start(false);
	a = message(&disk, 1, 0x30);
	b = message(&net, 2, 0x31);
	check_goes(send(0x00fa, &a), 0x30, 1, false);
	check_goes(send(0x0010, &b), 0x31, 2, false);
	/* another's place, nobody's, one beyond the table, the old format */
	CHECK_EQ(send(0x0010, &a).reason, 0x26);
	CHECK_EQ(send(0x00fa, &b).reason, 0x26);
	CHECK_EQ(send(0x0010, &plain).reason, 0x25);
	plain.address = vtd_message_address(IRT_COUNT - 1);
	CHECK_EQ(send(0x0010, &plain).reason, 0x22);
	plain.address = vtd_message_address(IRT_COUNT);
	CHECK_EQ(send(0x0010, &plain).reason, 0x21);
	/* to another CPU: the device's message stays, and the unit has forgotten the old way */
	CHECK_EQ(message(&disk, 7, 0x30).address, a.address);
	check_goes(send(0x00fa, &a), 0x30, 7, false);
	vtd_intr_ops.clear(&disk);
	vtd_intr_ops.clear(&net);
	CHECK_EQ(send(0x00fa, &a).reason, 0x22);
}

TEST(vtd_ir_lines)
{
	struct intr_slot line = {.line = true}, other = slot_of(0x00fa);
	struct intr_target t = {.apic_id = 3, .vector = 0x44, .level = true};
	uint64_t entry;

	start(false);
	CHECK_EQ(vtd_intr_ops.ioapic(1, &line.requester), -ENODEV);
	CHECK_EQ(vtd_intr_ops.ioapic(2, &line.requester), 0);
	CHECK_EQ(line.requester.v, 0xf0ff);
	CHECK_EQ(vtd_intr_ops.set(&line, &t), 0);
	entry = vtd_intr_ops.entry(&line, &t);
	CHECK_EQ(entry & 0xff, 0x44);
	check_goes(raise(0xf0ff, entry), 0x44, 3, true);
	CHECK_EQ(raise(0x00fa, entry).reason, 0x26);
	(void)message(&other, 0, 0x50);
	CHECK_TRUE(other.index != line.index);
	t.level = false;
	CHECK_EQ(vtd_intr_ops.set(&line, &t), 0);
	check_goes(raise(0xf0ff, entry), 0x44, 3, false);
	vtd_intr_ops.clear(&line);
	vtd_intr_ops.clear(&other);
}

TEST(vtd_ir_behind_bridges)
{
	struct intr_slot express = slot_of(0x0108), old = slot_of(0x0310), under = slot_of(0x0520);
	struct msi_message m;

	start(false);
	m = message(&express, 0, 0x30);
	check_goes(send(0x0108, &m), 0x30, 0, false);
	CHECK_EQ(send(0x0100, &m).reason, 0x26);
	/* below a bridge from PCI Express to PCI: any id of its buses, for it makes up ids */
	m = message(&old, 0, 0x31);
	check_goes(send(0x0200, &m), 0x31, 0, false);
	check_goes(send(0x0310, &m), 0x31, 0, false);
	CHECK_EQ(send(0x0100, &m).reason, 0x26);
	CHECK_EQ(send(0x0400, &m).reason, 0x26);
	/* below an old bridge: the bridge's */
	m = message(&under, 0, 0x32);
	check_goes(send(0x00f0, &m), 0x32, 0, false);
	CHECK_EQ(send(0x0520, &m).reason, 0x26);
	vtd_intr_ops.clear(&express);
	vtd_intr_ops.clear(&old);
	vtd_intr_ops.clear(&under);
}

TEST(vtd_ir_segments)
{
	struct intr_slot here = slot_of(0x00fa), there = slot_of(0x100fa);
	struct intr_slot nowhere = slot_of(0x200fa);
	struct intr_target t = {.vector = 0x30};
	struct msi_message a, b;

	start(false);
	a = message(&here, 1, 0x30);
	b = message(&there, 2, 0x31);
	check_goes(send(0x00fa, &a), 0x30, 1, false);
	check_goes(send(0x100fa, &b), 0x31, 2, false);
	CHECK_EQ(vtd_intr_ops.set(&nowhere, &t), -ENODEV);
	CHECK_TRUE(!nowhere.used);
	vtd_intr_ops.clear(&here);
	vtd_intr_ops.clear(&there);
}

TEST(vtd_ir_wide)
{
	struct intr_slot slot = slot_of(0x00fa);
	struct msi_message m;

	init();
	CHECK_TRUE(vtd_intr_ops.can_wide());
	vtd_dmar->x2apic_opt_out = true;
	CHECK_TRUE(!vtd_intr_ops.can_wide());
	vtd_dmar->x2apic_opt_out = false;
	vtd_units[1]->ecap &= ~ECAP_EIM;
	CHECK_TRUE(!vtd_intr_ops.can_wide());
	vtd_units[1]->ecap |= ECAP_EIM;
	start(true);
	CHECK_TRUE(vtd_read64(vtd_units[0], VTD_IRT_ADDRESS) & BIT(11));
	m = message(&slot, 0x10203, 0x60);
	check_goes(send(0x00fa, &m), 0x60, 0x10203, false);
	vtd_intr_ops.clear(&slot);
	start(false);
}

/*
 * Every place is somebody's own, going round; the last is followed by -ENOSPC, and one given back
 * is found.
 */
TEST(vtd_ir_allocation)
{
	static struct intr_slot slots[IRT_COUNT + 1];
	static bool seen[IRT_COUNT];
	struct intr_target t = {.vector = 0x30};
	unsigned int first;

	start(false);
	for (unsigned int i = 0; i < IRT_COUNT; i++) {
		slots[i] = slot_of(0x00fa);
		CHECK_EQ(vtd_intr_ops.set(&slots[i], &t), 0);
		CHECK_TRUE(slots[i].index < IRT_COUNT && !seen[slots[i].index]);
		seen[slots[i].index] = true;
	}
	slots[IRT_COUNT] = slot_of(0x00fa);
	CHECK_EQ(vtd_intr_ops.set(&slots[IRT_COUNT], &t), -ENOSPC);
	CHECK_TRUE(!slots[IRT_COUNT].used);
	vtd_intr_ops.clear(&slots[500]);
	CHECK_EQ(vtd_intr_ops.set(&slots[IRT_COUNT], &t), 0);
	CHECK_EQ(slots[IRT_COUNT].index, slots[500].index);
	for (unsigned int i = 0; i <= IRT_COUNT; i++) {
		if (i != 500) {
			vtd_intr_ops.clear(&slots[i]);
		}
	}
	/* Not the place that was free last: a message to it may be under way. */
	slots[0] = slots[1] = slot_of(0x00fa);
	CHECK_EQ(vtd_intr_ops.set(&slots[0], &t), 0);
	first = slots[0].index;
	vtd_intr_ops.clear(&slots[0]);
	CHECK_EQ(vtd_intr_ops.set(&slots[1], &t), 0);
	CHECK_TRUE(slots[1].index != first);
	vtd_intr_ops.clear(&slots[1]);
}

TEST(vtd_ir_obstacles)
{
	const char *why = NULL;

	init();
	vtd_dmar->interrupt_remapping = false;
	CHECK_EQ(vtd_intr_ops.start(false, &why), -ENODEV);
	CHECK_TRUE(why && strstr(why, "DMAR flags"));
	vtd_dmar->interrupt_remapping = true;
	vtd_units[1]->ecap &= ~ECAP_IR;
	CHECK_EQ(vtd_intr_ops.start(false, &why), -ENODEV);
	CHECK_TRUE(strstr(why, "not all"));
	vtd_units[1]->ecap |= ECAP_IR;
	vtd_units[0]->queued = false;
	CHECK_EQ(vtd_intr_ops.start(false, &why), -ENODEV);
	CHECK_TRUE(strstr(why, "queue"));
	vtd_units[0]->queued = true;
	acpi_info.ioapics[0].id = 9;
	CHECK_EQ(vtd_intr_ops.start(false, &why), -ENODEV);
	CHECK_TRUE(strstr(why, "IO-APIC"));
	acpi_info.ioapics[0].id = 2;
	x2apic = true;
	CHECK_EQ(vtd_intr_ops.start(false, &why), -ENODEV);
	CHECK_TRUE(strstr(why, "x2APIC"));
	CHECK_EQ(vtd_intr_ops.start(true, &why), 0);
	x2apic = false;
	start(false);
}

/* A record as the unit leaves it, read and reported by the handler. */
static void record(unsigned int at, unsigned int code, uint16_t requester, uint64_t lo)
{
	struct vtd_unit *u = vtd_units[0];

	vtd_write64(u, FAULTS_AT + 16 * at, lo);
	vtd_write64(u, FAULTS_AT + 16 * at + 8, BIT(63) | (uint64_t)code << 32 | requester);
	vtd_write(u, VTD_FAULT_STATUS, (uint32_t)(at << 8) | 2);
	vtd_drain();
	/* The handler frees a record by writing its top bit; here that sets it, as memory does. */
	vtd_write64(u, FAULTS_AT + 16 * at + 8, 0);
	vtd_write(u, VTD_FAULT_STATUS, 0);
}

TEST(vtd_ir_faults)
{
	static const char *const words[] = {
		[0x20] = "reserved bits in the message",
		[0x21] = "no such entry",
		[0x22] = "entry of nobody",
		[0x23] = "cannot be read",
		[0x24] = "reserved bits in the entry",
		[0x25] = "not in the remappable format",
		[0x26] = "entry of another device",
	};

	init();
	for (unsigned int code = 0x20; code < ARRAY_SIZE(words); code++) {
		fault_count = 0;
		record(code % 4, code, 0x0080, 5UL << 48);
		CHECK_TRUE(fault_count >= 1);
		CHECK_EQ(last_fault.kind, IOMMU_FAULT_INTERRUPT);
		CHECK_EQ(last_fault.dev.v, 0x80);
		CHECK_EQ(last_fault.address, 5);
		CHECK_EQ(last_fault.code, code);
		CHECK_TRUE(strstr(last_fault.what, words[code]) != NULL);
	}
	record(0, 5, 0x0080, 0x12345000);
	CHECK_EQ(last_fault.kind, IOMMU_FAULT_DMA);
	CHECK_EQ(last_fault.address, 0x12345000);
	vtd_fault_init(vtd_units[0]);
	CHECK_EQ(vtd_read(vtd_units[0], VTD_FAULT_DATA), 0x70);
	CHECK_EQ(vtd_read(vtd_units[0], VTD_FAULT_UPPER), 0);
}
