/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What arm-common/p2m.c asks of the CPU. */
#include <hv/types.h>
#include <asm/processor.h>
#include <asm/sysreg.h>

/* Width of a guest-physical address: the machine's, 36 to 48 bits (ID_AA64MMFR0_EL1.PARange). */
static inline unsigned int stage2_ipa_bits(void)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48 };
	unsigned int range = read_sysreg(id_aa64mmfr0_el1) & 15;

	return bits[MIN(range, (unsigned int)ARRAY_SIZE(bits) - 1)];
}

/* VMIDs have 16 bits where VTCR_EL2.VS can be set (ID_AA64MMFR1_EL1.VMIDBits). */
static inline unsigned int stage2_vmid_bits(void)
{
	return ((read_sysreg(id_aa64mmfr1_el1) >> 4) & 15) == 2 ? 16 : 8;
}

/* Tables of that width whose walk starts at level 0 or 1. */
static inline uint64_t stage2_vtcr(unsigned int ipa_bits, unsigned int start_level)
{
	unsigned int range = MIN((unsigned int)read_sysreg(id_aa64mmfr0_el1) & 15, 5U);

	return VTCR_RES1 | (64 - ipa_bits) | VTCR_SL0(start_level) | VTCR_WALK | VTCR_PS(range) |
	       (stage2_vmid_bits() == 16 ? VTCR_VS : 0);
}

/* Nobody uses a translation of that VMID from before any more when it returns. Any context. */
static inline void stage2_flush(uint64_t vttbr)
{
	unsigned long flags = irq_save();
	uint64_t old = read_sysreg(vttbr_el2);

	dsb(ishst);
	if (old != vttbr) {
		write_sysreg(vttbr_el2, vttbr);
		isb();
	}
	__asm__ volatile("tlbi vmalls12e1is" ::: "memory");
	dsb(ish);
	if (old != vttbr) {
		write_sysreg(vttbr_el2, old);
	}
	isb();
	irq_restore(flags);
}

/* This CPU forgets what it knows of the current VMID. Before it enters a guest. */
static inline void stage2_flush_local(void)
{
	__asm__ volatile("tlbi vmalle1" ::: "memory");
	dsb(nsh);
	isb();
}

/* The same through both stages: the machine's address. */
#define PAR_IS_LONG(par) true
static inline void both_translate(uint64_t va, bool write)
{
	if (write) {
		__asm__ volatile("at s12e1w, %0" ::"r"(va) : "memory");
	} else {
		__asm__ volatile("at s12e1r, %0" ::"r"(va) : "memory");
	}
}

/* Has PAR say what va is in the current vCPU's own tables. */
#define STAGE1_REACHES(va) true
static inline void stage1_translate(uint64_t va, bool write, bool user)
{
	if (user) {
		if (write) {
			__asm__ volatile("at s1e0w, %0" ::"r"(va) : "memory");
		} else {
			__asm__ volatile("at s1e0r, %0" ::"r"(va) : "memory");
		}
	} else if (write) {
		__asm__ volatile("at s1e1w, %0" ::"r"(va) : "memory");
	} else {
		__asm__ volatile("at s1e1r, %0" ::"r"(va) : "memory");
	}
}
