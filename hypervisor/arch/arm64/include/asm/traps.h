/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>
#include <asm/entry.h>
#include <asm/trap_common.h>
#include <asm/vcpu.h>

/* What entry.S makes of an exception of our own. */
struct trap_frame {
	uint64_t x[31];
	uint64_t pc, pstate, sp;
};
static_assert(sizeof(struct trap_frame) == FRAME_SIZE, "entry.S");
static_assert(offsetof(struct guest_regs, pc) == REGS_PC, "entry.S");

/* Classes of ESR_EL2, DDI 0487 D17.2.37. */
enum {
	EC_UNKNOWN = 0x00, EC_WFX = 0x01, EC_CP15_32 = 0x03, EC_CP15_64 = 0x04, EC_CP14_32 = 0x05,
	EC_CP14_64 = 0x0c, EC_FP = 0x07, EC_VMRS = 0x08, EC_PAUTH = 0x09, EC_HVC32 = 0x12, EC_SMC32 = 0x13, EC_HVC = 0x16,
	EC_SMC = 0x17, EC_SYSREG = 0x18, EC_SVE = 0x19, EC_IABT_LOW = 0x20, EC_IABT = 0x21,
	EC_DABT_LOW = 0x24, EC_DABT = 0x25, EC_BRK = 0x3c,
};

/* HVC and SMC of 32-bit code as those of 64 bits, which differ in one bit. */
static_assert((EC_HVC32 | 4) == EC_HVC && (EC_SMC32 | 4) == EC_SMC, "ESR_CLASS");
#define ESR_CLASS(esr)	((ESR_EC(esr) & ~1U) == EC_HVC32 ? ESR_EC(esr) | 4 : ESR_EC(esr))

/* From entry.S. */
void trap_sync(struct trap_frame *f) __attribute__((noreturn));
void trap_serror(struct trap_frame *f) __attribute__((noreturn));
void trap_bad(struct trap_frame *f) __attribute__((noreturn));
void trap_overflow(struct trap_frame *f) __attribute__((noreturn));
