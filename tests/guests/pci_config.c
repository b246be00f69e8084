/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: qemu="-device edu,addr=5 -device e1000e,addr=6" */
/*
 * PCI configuration space: the CF8/CFC ports and the memory window of the MCFG show the same
 * devices and the same bytes, in every access size.
 */
#include "guest.h"

static uint32_t cf8(unsigned bdf, unsigned reg)
{
	outl(0xcf8, 1u << 31 | bdf << 8 | reg);
	return inl(0xcfc);
}

static uint64_t ecam_base(void)
{
	const uint8_t *mcfg = acpi_find("MCFG");
	uint64_t base;

	CHECK(mcfg, "no MCFG");
	memcpy(&base, mcfg + 44, 8);
	return base;
}

static void compare(uint64_t base, unsigned bdf)
{
	static const unsigned regs[] = {0, 8, 0xc & ~3, 0x10, 0x14, 0x2c, 0x34, 0x3c};
	volatile uint8_t *window = (void *)(base + bdf * PAGE_SIZE);
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		uint32_t port = cf8(bdf, regs[i]),
			 mem = mmio_read32(base + bdf * PAGE_SIZE + regs[i]);

		EXPECT(port == mem, "%x.%x register %#x: %#x by port, %#x by memory", bdf >> 3,
		       bdf & 7, regs[i], port, mem);
	}
	outl(0xcf8, 1u << 31 | bdf << 8);
	EXPECT_EQ(inw(0xcfc), window[0] | window[1] << 8);
	EXPECT_EQ(inw(0xcfe), *(volatile uint16_t *)(window + 2));
	EXPECT_EQ(inb(0xcfd), window[1]);
}

void guest_main(void)
{
	uint64_t base = ecam_base();
	unsigned bdf, found = 0;
	bool edu = false;

	for (bdf = 0; bdf < 256; bdf++) {
		uint32_t id = cf8(bdf, 0);

		if (id == ~0u) {
			continue;
		}
		found++;
		edu |= id == 0x11e81234;
		compare(base, bdf);
	}
	EXPECT(found >= 4, "%u devices", found);
	EXPECT(edu, "edu is not there");
	EXPECT_EQ(cf8(31 << 3 | 5, 0), ~0u);
	EXPECT_EQ(cf8(200 << 8, 0), ~0u);
	/* The address port reads back what was written. */
	outl(0xcf8, 0x80002810);
	EXPECT_EQ(inl(0xcf8), 0x80002810);
	/* A write that both ways must see. */
	outl(0xcf8, 1u << 31 | 5 << 11 | 0x3c);
	outb(0xcfc, 0x5a);
	EXPECT_EQ(mmio_read32(base + (5 << 15) + 0x3c) & 0xff, 0x5a);
}
