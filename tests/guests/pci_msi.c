/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: qemu="-device edu,addr=5" */
/*
 * A device's message-signalled interrupt arrives on the vector that the guest wrote, at the vCPU it
 * named, and stops when the guest turns it off.
 */
#include "guest.h"

#define EDU_IRQ_RAISE 0x60
#define EDU_IRQ_ACK   0x64
#define VECTOR	      0x71

static uint64_t bar;

static uint32_t config(unsigned reg)
{
	outl(0xcf8, 1u << 31 | 5 << 11 | reg);
	return inl(0xcfc);
}

static void set_config(unsigned reg, uint32_t v)
{
	outl(0xcf8, 1u << 31 | 5 << 11 | reg);
	outl(0xcfc, v);
}

static unsigned find_msi(void)
{
	unsigned at = config(0x34) & 0xfc, hops = 0;

	while (at && hops++ < 48) {
		if ((config(at) & 0xff) == 5) {
			return at;
		}
		at = config(at) >> 8 & 0xfc;
	}
	return 0;
}

static void on_irq(struct regs *r)
{
	(void)r;
	mmio_write32(bar + EDU_IRQ_ACK, ~0u);
	apic_eoi();
}

static uint32_t irqs(void)
{
	return irq_count[0][VECTOR];
}

void guest_main(void)
{
	unsigned msi, data;

	CHECK_EQ(config(0), 0x11e81234);
	bar = config(0x10) & ~0xfull;
	CHECK(bar, "edu has no memory");
	set_config(4, config(4) | 6);
	CHECK_EQ(mmio_read32(bar) & 0xff, 0xed);
	msi = find_msi();
	CHECK(msi, "no MSI capability");
	apic_init();
	set_irq_handler(VECTOR, on_irq);
	data = config(msi) >> 16 & 0x80 ? 12 : 8;
	set_config(msi + 4, 0xfee00000 | cpu_apic_id(0) << 12);
	if (data == 12) {
		set_config(msi + 8, 0);
	}
	set_config(msi + data, VECTOR);
	set_config(msi, (config(msi) & 0xff8fffff) | 1u << 16);
	EXPECT(config(msi) & 1u << 16, "MSI is not on");
	EXPECT_EQ(config(msi + data) & 0xff, VECTOR);
	mmio_write32(bar + EDU_IRQ_RAISE, 1);
	EXPECT(WAIT_IRQ(irqs() == 1, 2000), "%u interrupts", irqs());
	mmio_write32(bar + EDU_IRQ_RAISE, 2);
	EXPECT(WAIT_IRQ(irqs() == 2, 2000), "%u interrupts", irqs());
	set_config(4, config(4) | 1u << 10);
	set_config(msi, config(msi) & ~(1u << 16));
	mmio_write32(bar + EDU_IRQ_RAISE, 1);
	EXPECT(!WAIT_IRQ(irqs() > 2, 50), "an interrupt with MSI off");
}
