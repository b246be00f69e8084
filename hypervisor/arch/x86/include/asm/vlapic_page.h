/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The register page of a local APIC in the architecture's layout: one 32-bit register in each 16 bytes, at the offset
 * of its xAPIC address; the number of a register is that offset / 16, which is its x2APIC MSR less 800h. Intel SDM vol. 3
 * table 10-1. A CPU that virtualises the APIC works on this page itself (section 29.1).
 *
 * IRR, ISR and TMR are 256 bits in eight such registers. Nothing here knows who else uses the page: what others may
 * change at the same time is read once and changed with locked instructions.
 */
#include <hv/bitops.h>
#include <hv/types.h>

#define VLAPIC_REG_ID		 0x02
#define VLAPIC_REG_VERSION	 0x03
#define VLAPIC_REG_TPR		 0x08
#define VLAPIC_REG_PPR		 0x0a
#define VLAPIC_REG_EOI		 0x0b
#define VLAPIC_REG_LDR		 0x0d
#define VLAPIC_REG_DFR		 0x0e
#define VLAPIC_REG_SVR		 0x0f
#define VLAPIC_REG_ISR		 0x10 /* 8 of each */
#define VLAPIC_REG_TMR		 0x18
#define VLAPIC_REG_IRR		 0x20
#define VLAPIC_REG_ESR		 0x28
#define VLAPIC_REG_LVT_CMCI	 0x2f
#define VLAPIC_REG_ICR		 0x30
#define VLAPIC_REG_ICR2		 0x31
#define VLAPIC_REG_LVT_TIMER	 0x32 /* to LVT_ERROR, in the order of enum vlapic_lvt */
#define VLAPIC_REG_LVT_LINT0	 0x35
#define VLAPIC_REG_LVT_LINT1	 0x36
#define VLAPIC_REG_LVT_ERROR	 0x37
#define VLAPIC_REG_TIMER_INITIAL 0x38
#define VLAPIC_REG_TIMER_CURRENT 0x39
#define VLAPIC_REG_TIMER_DIVIDE	 0x3e
#define VLAPIC_REG_SELF_IPI	 0x3f

#define VLAPIC_STRIDE		 4U	/* words from one register to the next */
#define VLAPIC_BIT_WORDS	 (8 * VLAPIC_STRIDE)

static inline uint32_t *vlapic_page_reg(uint32_t *page, unsigned int reg)
{
	return page + reg * VLAPIC_STRIDE;
}

/* Of 256 bits in eight registers from bits on: the word that vector is in. */
static inline uint32_t *vlapic_bits_word(uint32_t *bits, uint8_t vector)
{
	return bits + (vector >> 5) * VLAPIC_STRIDE;
}

static inline uint32_t vlapic_bits_mask(uint8_t vector)
{
	return 1U << (vector & 31);
}

/* -1: none. */
static inline int vlapic_bits_highest(const uint32_t *bits)
{
	for (int word = 7; word >= 0; word--) {
		uint32_t w = READ_ONCE(bits[(unsigned int)word * VLAPIC_STRIDE]);

		if (w) {
			return word * 32 + (int)highest_bit(w);
		}
	}
	return -1;
}

/* 64 of the 256 bits, n = 0 to 3: as a bitmap that is dense. */
static inline uint64_t vlapic_bits_quarter(const uint32_t *bits, unsigned int n)
{
	return READ_ONCE(bits[2 * n * VLAPIC_STRIDE]) |
	       (uint64_t)READ_ONCE(bits[(2 * n + 1) * VLAPIC_STRIDE]) << 32;
}
