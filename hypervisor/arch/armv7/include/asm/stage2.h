/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What arm-common/p2m.c asks of the CPU. */
#include <hv/types.h>
#include <asm/processor.h>
#include <asm/sysreg.h>

/* Width of a guest-physical address: that of the long-descriptor format. */
static inline unsigned int stage2_ipa_bits(void)
{
	return 40;
}

/* Tables of that width whose walk starts at level 1: T0SZ is signed, and here negative. */
static inline uint64_t stage2_vtcr(unsigned int ipa_bits, unsigned int start_level)
{
	return VTCR_RES1 | VTCR_S | ((32 - ipa_bits) & 0xf) | VTCR_SL0_1 | VTCR_WALK;
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
	write_sysreg(tlbiallis, 0);
	dsb(ish);
	if (old != vttbr) {
		write_sysreg(vttbr_el2, old);
	}
	isb();
	irq_restore(flags);
}

/* This CPU forgets what it knows of the current VMID (TLBIALL). Before it enters a guest. */
static inline void stage2_flush_local(void)
{
	__asm__ volatile("mcr p15, 0, %0, c8, c7, 0" ::"r"(0) : "memory");
	dsb(nsh);
	isb();
}

/* The same through both stages, ATS12NSOPW and ATS12NSOPR: the machine's address, unless PAR has its short format. */
#define PAR_IS_LONG(par) ((par) & BIT(11))
static inline void both_translate(uint64_t va, bool write)
{
	uint32_t at = (uint32_t)va;

	if (write) {
		__asm__ volatile("mcr p15, 0, %0, c7, c8, 5" ::"r"(at) : "memory");
	} else {
		__asm__ volatile("mcr p15, 0, %0, c7, c8, 4" ::"r"(at) : "memory");
	}
}

/* Has PAR say what va is in the current vCPU's own tables: ATS1CUW, ATS1CUR, ATS1CPW, ATS1CPR. */
#define STAGE1_REACHES(va) (!((va) >> 32))
static inline void stage1_translate(uint64_t va, bool write, bool user)
{
	uint32_t at = (uint32_t)va;

	if (user) {
		if (write) {
			__asm__ volatile("mcr p15, 0, %0, c7, c8, 3" ::"r"(at) : "memory");
		} else {
			__asm__ volatile("mcr p15, 0, %0, c7, c8, 2" ::"r"(at) : "memory");
		}
	} else if (write) {
		__asm__ volatile("mcr p15, 0, %0, c7, c8, 1" ::"r"(at) : "memory");
	} else {
		__asm__ volatile("mcr p15, 0, %0, c7, c8, 0" ::"r"(at) : "memory");
	}
}
