/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: qemu="-device edu,addr=5" */
/*
 * A level interrupt: remote IRR is set until the EOI, and the line that is still up then brings it
 * again. The device's line is found by unmasking the PCI pins.
 */
#include "guest.h"

#define EDU_IRQ_RAISE 0x60
#define EDU_IRQ_ACK   0x64
#define FIRST_VECTOR  0x80
#define LEVEL_LOW     0xa000
#define REMOTE_IRR    0x4000

static uint64_t base, bar;
static volatile uint32_t hits, pin, irr_seen;

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

static void on_irq(struct regs *r)
{
	pin = r->vector - FIRST_VECTOR;
	irr_seen |= ioapic_read(0x10 + 2 * pin) & REMOTE_IRR;
	/* The device is quieted at the third call only. */
	if (++hits == 3) {
		mmio_write32(bar + EDU_IRQ_ACK, ~0u);
	}
	apic_eoi();
}

void guest_main(void)
{
	const uint8_t *e = madt_entry(1, 0);
	uint32_t address;
	unsigned i;

	CHECK(e, "the MADT has no IO-APIC");
	memcpy(&address, e + 4, 4);
	base = address;
	outl(0xcf8, 1u << 31 | 5 << 11);
	CHECK_EQ(inl(0xcfc), 0x11e81234);
	outl(0xcf8, 1u << 31 | 5 << 11 | 0x10);
	bar = inl(0xcfc) & ~0xfull;
	outl(0xcf8, 1u << 31 | 5 << 11 | 4);
	outw(0xcfc, 6);
	apic_init();
	for (i = 16; i < 24; i++) {
		set_irq_handler(FIRST_VECTOR + i, on_irq);
		ioapic_write(0x10 + 2 * i + 1, cpu_apic_id(0) << 24);
		ioapic_write(0x10 + 2 * i, LEVEL_LOW | (FIRST_VECTOR + i));
	}
	EXPECT_EQ(ioapic_read(0x10 + 2 * 20) & 0xf000, LEVEL_LOW);
	mmio_write32(bar + EDU_IRQ_RAISE, 1);
	EXPECT(WAIT_IRQ(hits >= 3, 3000), "%u interrupts", hits);
	EXPECT(!WAIT_IRQ(hits > 3, 50), "%u interrupts after the device went quiet", hits);
	EXPECT(irr_seen, "remote IRR was never set");
	EXPECT_EQ(ioapic_read(0x10 + 2 * pin) & REMOTE_IRR, 0);
	/* And once more. */
	hits = 2;
	mmio_write32(bar + EDU_IRQ_RAISE, 1);
	EXPECT(WAIT_IRQ(hits >= 3, 3000), "no interrupt after the first round");
}
