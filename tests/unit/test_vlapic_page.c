/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The register page of the virtual LAPIC: where things are, and its bitmaps of eight registers. */
#include "unit.h"
#include <asm/vlapic_page.h>
#include <hv/lib.h>

static uint32_t page[1024];

static uint32_t *bits(unsigned int reg)
{
	return vlapic_page_reg(page, reg);
}

static void set(uint32_t *b, uint8_t vector)
{
	*vlapic_bits_word(b, vector) |= vlapic_bits_mask(vector);
}

static unsigned int offset_of(const uint32_t *at)
{
	return (unsigned int)((const char *)at - (const char *)page);
}

TEST(vlapic_page_offsets)
{
	CHECK_EQ(offset_of(bits(VLAPIC_REG_ID)), 0x20);
	CHECK_EQ(offset_of(bits(VLAPIC_REG_TPR)), 0x80);
	CHECK_EQ(offset_of(bits(VLAPIC_REG_EOI)), 0xb0);
	CHECK_EQ(offset_of(bits(VLAPIC_REG_ISR)), 0x100);
	CHECK_EQ(offset_of(bits(VLAPIC_REG_TMR)), 0x180);
	CHECK_EQ(offset_of(bits(VLAPIC_REG_IRR)), 0x200);
	CHECK_EQ(offset_of(bits(VLAPIC_REG_ICR)), 0x300);
	CHECK_EQ(offset_of(bits(VLAPIC_REG_LVT_TIMER)), 0x320);
	CHECK_EQ(offset_of(bits(VLAPIC_REG_LVT_ERROR)), 0x370);
	CHECK_EQ(offset_of(bits(VLAPIC_REG_TIMER_DIVIDE)), 0x3e0);
	/* Eight registers, 16 bytes each: vector 255 is the top bit of the last. */
	CHECK_EQ(offset_of(vlapic_bits_word(bits(VLAPIC_REG_IRR), 0)), 0x200);
	CHECK_EQ(offset_of(vlapic_bits_word(bits(VLAPIC_REG_IRR), 31)), 0x200);
	CHECK_EQ(offset_of(vlapic_bits_word(bits(VLAPIC_REG_IRR), 32)), 0x210);
	CHECK_EQ(offset_of(vlapic_bits_word(bits(VLAPIC_REG_IRR), 255)), 0x270);
	CHECK_EQ(vlapic_bits_mask(255), 0x80000000);
	CHECK_EQ(vlapic_bits_mask(64), 1);
}

TEST(vlapic_page_highest)
{
	uint32_t *irr = bits(VLAPIC_REG_IRR);

	memset(page, 0, sizeof(page));
	CHECK_EQ(vlapic_bits_highest(irr), -1);
	for (unsigned int v = 0; v < 256; v++) {
		set(irr, (uint8_t)v);
		CHECK_EQ(vlapic_bits_highest(irr), v);
	}
	/* What stands between the registers does not count. */
	memset(page, 0, sizeof(page));
	for (unsigned int i = 0; i < VLAPIC_BIT_WORDS; i++) {
		irr[i] = i % VLAPIC_STRIDE ? ~0U : 0;
	}
	CHECK_EQ(vlapic_bits_highest(irr), -1);
	set(irr, 40);
	CHECK_EQ(vlapic_bits_highest(irr), 40);
}

TEST(vlapic_page_quarter)
{
	uint32_t *tmr = bits(VLAPIC_REG_TMR);

	memset(page, 0, sizeof(page));
	for (unsigned int v = 0; v < 256; v++) {
		memset(page, 0, sizeof(page));
		set(tmr, (uint8_t)v);
		for (unsigned int n = 0; n < 4; n++) {
			uint64_t want = v / 64 == n ? 1UL << (v % 64) : 0;

			CHECK_TRUE(vlapic_bits_quarter(tmr, n) == want);
		}
	}
}
