/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's PCI configuration space: ports CF8/CFC for the first 256 bytes of segment 0,
 * ECAM for the rest (PCI Express base specification ch. 7.2).
 * Locks: cf8_lock (interrupts off) covers the port pair, ecam_lock the making of bus mappings;
 * both are leaves, save that ioremap's own lock is taken inside ecam_lock.
 */
#include <asm/acpi.h>
#include <asm/dom0.h>
#include <asm/paging.h>
#include <asm/processor.h>
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/spinlock.h>

#define PCI_ADDRESS	0xcf8
#define PCI_DATA	0xcfc
#define BUS_SIZE	MIB(1)
#define FUNCTIONS_MAX	4096

static struct spinlock cf8_lock = SPINLOCK_INIT;
static struct spinlock ecam_lock = SPINLOCK_INIT;
static volatile char *ecam_bus[ARRAY_SIZE(acpi_info.ecam)][256];

static uint32_t *functions;
static unsigned int function_count;

static uint32_t all_ones(unsigned int size)
{
	return size == 4 ? 0xffffffff : (1U << (size * 8)) - 1;
}

/* The function's 4 KiB; NULL when no ECAM region has its bus. */
static volatile char *ecam_of(uint32_t sbdf)
{
	unsigned int bus = (sbdf >> 8) & 0xff;

	for (unsigned int i = 0; i < acpi_info.ecam_count; i++) {
		const struct acpi_ecam *e = &acpi_info.ecam[i];
		volatile char *p;

		if (e->segment != sbdf >> 16 || bus < e->start_bus || bus > e->end_bus) {
			continue;
		}
		p = __atomic_load_n(&ecam_bus[i][bus], __ATOMIC_ACQUIRE);
		if (!p) {
			spin_lock(&ecam_lock);
			p = ecam_bus[i][bus];
			if (!p) {
				p = ioremap(hpa(e->base + bus * BUS_SIZE), BUS_SIZE);
				__atomic_store_n(&ecam_bus[i][bus], p, __ATOMIC_RELEASE);
			}
			spin_unlock(&ecam_lock);
		}
		return p ? p + ((sbdf & 0xff) << 12) : NULL;
	}
	return NULL;
}

static bool by_ports(uint32_t sbdf, unsigned int reg)
{
	return reg < 256 && !(sbdf >> 16);
}

static uint32_t port_address(uint32_t sbdf, unsigned int reg)
{
	return (uint32_t)BIT(31) | sbdf << 8 | (reg & 0xfc);
}

uint32_t pci_read(uint32_t sbdf, unsigned int reg, unsigned int size)
{
	uint32_t val = all_ones(size);
	volatile char *p;
	unsigned long flags;

	ASSERT((reg & (size - 1)) == 0 && reg < 4096);
	if (by_ports(sbdf, reg)) {
		uint16_t port = (uint16_t)(PCI_DATA | (reg & 3));

		flags = spin_lock_irq(&cf8_lock);
		outl(port_address(sbdf, reg), PCI_ADDRESS);
		val = size == 4 ? inl(port) : size == 2 ? inw(port) : inb(port);
		spin_unlock_irq(&cf8_lock, flags);
		return val;
	}
	p = ecam_of(sbdf);
	if (p) {
		p += reg;
		val = size == 4 ? *(volatile uint32_t *)p
				: size == 2 ? *(volatile uint16_t *)p : *(volatile uint8_t *)p;
	}
	return val;
}

void pci_write(uint32_t sbdf, unsigned int reg, unsigned int size, uint32_t val)
{
	volatile char *p;
	unsigned long flags;

	ASSERT((reg & (size - 1)) == 0 && reg < 4096);
	if (by_ports(sbdf, reg)) {
		uint16_t port = (uint16_t)(PCI_DATA | (reg & 3));

		flags = spin_lock_irq(&cf8_lock);
		outl(port_address(sbdf, reg), PCI_ADDRESS);
		if (size == 4) {
			outl(val, port);
		} else if (size == 2) {
			outw((uint16_t)val, port);
		} else {
			outb((uint8_t)val, port);
		}
		spin_unlock_irq(&cf8_lock, flags);
		return;
	}
	p = ecam_of(sbdf);
	if (!p) {
		return;
	}
	p += reg;
	if (size == 4) {
		*(volatile uint32_t *)p = val;
	} else if (size == 2) {
		*(volatile uint16_t *)p = (uint16_t)val;
	} else {
		*(volatile uint8_t *)p = (uint8_t)val;
	}
}

static bool present(uint32_t sbdf)
{
	uint16_t vendor = (uint16_t)pci_read(sbdf, 0, 2);

	return vendor != 0xffff && vendor != 0;
}

static void found(uint32_t sbdf)
{
	if (function_count < FUNCTIONS_MAX) {
		functions[function_count++] = sbdf;
	}
}

static void scan_bus(uint32_t bus)
{
	for (uint32_t dev = 0; dev < 32; dev++) {
		uint32_t sbdf = bus << 8 | dev << 3;

		if (!present(sbdf)) {
			continue;
		}
		found(sbdf);
		/* Header type, bit 7: more than one function. */
		if (!(pci_read(sbdf, 0xe, 1) & 0x80)) {
			continue;
		}
		for (uint32_t fn = 1; fn < 8; fn++) {
			if (present(sbdf | fn)) {
				found(sbdf | fn);
			}
		}
	}
}

/*
 * Buses without a bridge above them exist on machines with several host bridges, and only AML
 * names these. So every bus that firmware declares reachable is looked at, not just what bridges
 * lead to.
 */
static void scan(void)
{
	bool segment0 = false;

	functions = hv_alloc(FUNCTIONS_MAX * sizeof(*functions));
	if (!functions) {
		boot_fail("no memory for the list of PCI functions");
	}
	for (unsigned int i = 0; i < acpi_info.ecam_count; i++) {
		const struct acpi_ecam *e = &acpi_info.ecam[i];

		segment0 |= e->segment == 0;
		for (uint32_t bus = e->start_bus; bus <= e->end_bus; bus++) {
			scan_bus((uint32_t)e->segment << 8 | bus);
		}
	}
	for (uint32_t bus = 0; bus < 256 && !segment0; bus++) {
		scan_bus(bus);
	}
	log_info("PCI: %u functions\n", function_count);
	if (function_count == FUNCTIONS_MAX) {
		log_warn("PCI: there may be more than %u functions\n", FUNCTIONS_MAX);
	}
}

void pci_for_each(void (*fn)(uint32_t sbdf, void *arg), void *arg)
{
	if (!functions) {
		scan();
	}
	for (unsigned int i = 0; i < function_count; i++) {
		fn(functions[i], arg);
	}
}
