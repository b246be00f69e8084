/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * The virtual IO-APIC: its registers, and an interrupt of the real-time clock (edge, pin 8) that
 * arrives only while its pin is unmasked.
 */
#include "guest.h"

#define VECTOR 0x72

static uint64_t base;

static uint32_t ioapic_read(unsigned reg)
{
	mmio_write32(base, reg);
	return mmio_read32(base + 0x10);
}

static void ioapic_write(unsigned reg, uint32_t v)
{
	mmio_write32(base, reg);
	mmio_write32(base + 0x10, v);
}

static uint8_t cmos(uint8_t reg)
{
	outb(0x70, reg);
	return inb(0x71);
}

static void cmos_write(uint8_t reg, uint8_t v)
{
	outb(0x70, reg);
	outb(0x71, v);
}

static void on_rtc(struct regs *r)
{
	(void)r;
	cmos(0xc);
	apic_eoi();
}

static uint32_t irqs(void)
{
	return irq_count[0][VECTOR];
}

void guest_main(void)
{
	const uint8_t *e = madt_entry(1, 0);
	uint32_t address, pins, seen;
	unsigned i;

	CHECK(e, "the MADT has no IO-APIC");
	memcpy(&address, e + 4, 4);
	base = address;
	pins = (ioapic_read(1) >> 16 & 0xff) + 1;
	EXPECT(pins >= 24, "%u pins", pins);
	EXPECT((ioapic_read(1) & 0xff) >= 0x11, "version %#x", ioapic_read(1));
	for (i = 0; i < pins; i++) {
		EXPECT(ioapic_read(0x10 + 2 * i) & APIC_LVT_MASKED, "pin %u starts unmasked", i);
	}
	ioapic_write(0x10 + 2 * 3, APIC_LVT_MASKED | 0x55);
	EXPECT_EQ(ioapic_read(0x10 + 2 * 3), APIC_LVT_MASKED | 0x55);
	apic_init();
	set_irq_handler(VECTOR, on_rtc);
	ioapic_write(0x10 + 2 * 8 + 1, cpu_apic_id(0) << 24);
	ioapic_write(0x10 + 2 * 8, APIC_LVT_MASKED | VECTOR);
	cmos(0xc);
	/* 64 Hz, periodic interrupt on. */
	cmos_write(0xa, (cmos(0xa) & 0xf0) | 10);
	ioapic_write(0x10 + 2 * 8, VECTOR);
	cmos_write(0xb, cmos(0xb) | 0x40);
	cmos(0xc);
	EXPECT(WAIT_IRQ(irqs() >= 5, 5000), "%u interrupts of the clock", irqs());
	ioapic_write(0x10 + 2 * 8, APIC_LVT_MASKED | VECTOR);
	take_interrupts();
	seen = irqs();
	cmos(0xc);
	EXPECT(!WAIT_IRQ(irqs() > seen + 1, 100), "interrupts through a masked pin");
	cmos_write(0xb, cmos(0xb) & ~0x40);
}
