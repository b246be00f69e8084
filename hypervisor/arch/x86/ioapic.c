/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's IO-APICs (82093AA data sheet and its successors). Entries are kept in a shadow, so
 * that masking is one indexed write.
 *
 * Locks: ioapic_lock (interrupts off), a leaf: the index register and the shadow. Who routes a line
 * is alone with it: boot, or the lock of its pirq_line.
 */
#include <asm/acpi.h>
#include <asm/intr_remap.h>
#include <asm/irq.h>
#include <asm/paging.h>
#include <asm/vioapic.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/spinlock.h>

#define IOAPIC_MAX	16
#define GSI_MAX		1024
#define PIN_MAX		240

#define REG_INDEX	0
#define REG_DATA	4		/* in 32-bit words */
#define REG_EOI		16		/* the same; from version 0x20 on */
#define REG_VERSION	1
#define REG_ENTRY	0x10

#define RTE_ACTIVE_LOW	BIT(13)
#define RTE_LEVEL	BIT(15)
#define RTE_MASKED	BIT(16)

struct ioapic {
	volatile uint32_t *regs;
	uint64_t base;
	unsigned int gsi_base, pins;
	uint8_t id, version;
};

struct ioapic_line {
	struct ioapic *ioapic;		/* NULL: no such GSI */
	uint32_t low;			/* of the entry as written last */
	bool own;
	struct intr_slot slot;
};

static struct ioapic ioapics[IOAPIC_MAX];
static unsigned int ioapic_count, gsi_count;
static struct ioapic_line lines[GSI_MAX];
static struct spinlock ioapic_lock = SPINLOCK_INIT;

static uint32_t reg_read(const struct ioapic *io, unsigned int reg)
{
	io->regs[REG_INDEX] = reg;
	return io->regs[REG_DATA];
}

static void reg_write(const struct ioapic *io, unsigned int reg, uint32_t val)
{
	io->regs[REG_INDEX] = reg;
	io->regs[REG_DATA] = val;
}

static struct ioapic_line *line_of(unsigned int gsi)
{
	return gsi < gsi_count && lines[gsi].ioapic ? &lines[gsi] : NULL;
}

static void write_low(struct ioapic_line *line, unsigned int gsi, uint32_t low)
{
	line->low = low;
	reg_write(line->ioapic, REG_ENTRY + 2 * (gsi - line->ioapic->gsi_base), low);
}

static void probe(const struct acpi_ioapic *a)
{
	struct ioapic *io = &ioapics[ioapic_count];
	uint64_t page = ROUND_DOWN(a->base, PAGE_SIZE);
	volatile void *p;
	uint32_t version;

	if (ioapic_count == IOAPIC_MAX || !a->base || (a->base & 0xf)) {
		log_warn("IO-APIC at %lx left out\n", a->base);
		return;
	}
	p = ioremap(hpa(page), PAGE_SIZE);
	if (!p) {
		log_warn("IO-APIC at %lx cannot be mapped\n", a->base);
		return;
	}
	*io = (struct ioapic){ (volatile uint32_t *)((volatile char *)p + (a->base - page)), a->base,
			       a->gsi_base, 0, a->id, 0 };
	version = reg_read(io, REG_VERSION);
	io->version = (uint8_t)version;
	io->pins = MIN(((version >> 16) & 0xff) + 1, (uint32_t)PIN_MAX);
	if (version == 0xffffffff || io->gsi_base >= GSI_MAX || io->gsi_base + io->pins > GSI_MAX) {
		log_warn("IO-APIC %u at %lx does not answer or has GSIs out of range\n", a->id,
			 a->base);
		iounmap(p);
		return;
	}
	for (unsigned int pin = 0; pin < io->pins; pin++) {
		if (lines[io->gsi_base + pin].ioapic) {
			log_warn("IO-APIC %u overlaps the GSIs of another, left out\n", a->id);
			iounmap(p);
			return;
		}
	}
	for (unsigned int pin = 0; pin < io->pins; pin++) {
		struct ioapic_line *line = &lines[io->gsi_base + pin];

		line->ioapic = io;
		write_low(line, io->gsi_base + pin, RTE_MASKED);
		reg_write(io, REG_ENTRY + 2 * pin + 1, 0);
	}
	gsi_count = MAX(gsi_count, io->gsi_base + io->pins);
	ioapic_count++;
}

void ioapic_init(void)
{
	for (unsigned int i = 0; i < acpi_info.ioapic_count; i++) {
		probe(&acpi_info.ioapics[i]);
	}
	/* A GSI that pirq code checks once stays valid: nothing is added later. */
	if (!ioapic_count) {
		log_warn("no IO-APIC: no interrupt lines, only messages\n");
	}
}

/*
 * Where the line goes, in the entry's bits. Remapped or not, the low byte is the vector: by it the
 * EOI finds the line.
 */
static int destination(struct ioapic_line *line, uint8_t vector, unsigned int cpu, bool level,
		       uint64_t *entry)
{
	int ret = 0;

	if (!intr_remap_on()) {
		*entry = (uint64_t)apic_id_of_cpu(cpu) << 56 | vector;
		return 0;
	}
	if (!line->slot.used) {
		ret = intr_slot_init_line(&line->slot, line->ioapic->id);
	}
	return ret ? ret : intr_remap_line(&line->slot, vector, cpu, level, entry);
}

static int route(unsigned int gsi, uint8_t vector, unsigned int cpu, uint32_t bits, bool own)
{
	struct ioapic_line *line = line_of(gsi);
	unsigned long flags;
	uint64_t entry;
	int ret;

	if (!line) {
		return -EINVAL;
	}
	irq_bind_line(vector, gsi, bits & RTE_LEVEL, own);
	flags = spin_lock_irq(&ioapic_lock);
	/* Masked while the halves, and the place in a remapping table, do not fit together. */
	write_low(line, gsi, line->low | RTE_MASKED);
	spin_unlock_irq(&ioapic_lock, flags);
	ret = destination(line, vector, cpu, bits & RTE_LEVEL, &entry);
	if (ret) {
		return ret;
	}
	flags = spin_lock_irq(&ioapic_lock);
	reg_write(line->ioapic, REG_ENTRY + 2 * (gsi - line->ioapic->gsi_base) + 1,
		  (uint32_t)(entry >> 32));
	write_low(line, gsi, (uint32_t)entry | bits);
	line->own |= own;
	spin_unlock_irq(&ioapic_lock, flags);
	return 0;
}

static uint32_t mode_bits(bool level, bool active_low)
{
	return (uint32_t)((level ? RTE_LEVEL : 0) | (active_low ? RTE_ACTIVE_LOW : 0));
}

int ioapic_route(unsigned int gsi, uint8_t vector, unsigned int cpu, bool level, bool active_low)
{
	return route(gsi, vector, cpu, mode_bits(level, active_low), true);
}

int ioapic_route_guest(unsigned int gsi, uint8_t vector, unsigned int cpu, bool level, bool active_low,
		       bool masked)
{
	return route(gsi, vector, cpu,
		     mode_bits(level, active_low) | (masked ? (uint32_t)RTE_MASKED : 0), false);
}

void ioapic_mask(unsigned int gsi, bool masked)
{
	struct ioapic_line *line = line_of(gsi);
	unsigned long flags;
	uint32_t low;

	if (!line) {
		return;
	}
	flags = spin_lock_irq(&ioapic_lock);
	low = masked ? line->low | (uint32_t)RTE_MASKED : line->low & ~(uint32_t)RTE_MASKED;
	if (low != line->low) {
		write_low(line, gsi, low);
		/* The mask must have arrived before the EOI that follows it. */
		if (masked) {
			(void)line->ioapic->regs[REG_DATA];
		}
	}
	spin_unlock_irq(&ioapic_lock, flags);
}

void ioapic_eoi(unsigned int gsi)
{
	struct ioapic_line *line = line_of(gsi);

	if (line && line->slot.used && line->ioapic->version >= 0x20) {
		line->ioapic->regs[REG_EOI] = line->low & 0xff;
	}
}

unsigned int ioapic_gsi_count(void)
{
	return gsi_count;
}

bool ioapic_is_own(unsigned int gsi)
{
	const struct ioapic_line *line = line_of(gsi);

	return line && READ_ONCE(line->own);
}

unsigned int ioapic_describe(struct vioapic_config *out, unsigned int max)
{
	unsigned int n = MIN(ioapic_count, max);

	for (unsigned int i = 0; i < n; i++) {
		out[i] = (struct vioapic_config){ ioapics[i].id, ioapics[i].base,
						  ioapics[i].gsi_base, ioapics[i].pins };
	}
	return n;
}
