/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>
#include <asm/entry.h>
#include <asm/trap_common.h>
#include <asm/vcpu.h>

/* What entry.S makes of an exception of our own. */
struct trap_frame {
	uint32_t x[13];
	uint32_t sp, lr, pc, pstate, pad;
};
static_assert(sizeof(struct trap_frame) == FRAME_SIZE, "entry.S");
static_assert(offsetof(struct guest_regs, lr_usr) == REGS_LR, "entry.S");
static_assert(offsetof(struct guest_regs, pc) == REGS_PC, "entry.S");

/* HSR, DDI 0406C B3.13.6: ESR_EL2's fields and, where both have them, its classes. */
enum {
	EC_UNKNOWN = 0x00, EC_WFX = 0x01, EC_CP15_32 = 0x03, EC_CP15_64 = 0x04, EC_CP14_32 = 0x05,
	EC_CP14_LDC = 0x06, EC_FP = 0x07, EC_VMRS = 0x08, EC_CP14_64 = 0x0c, EC_HVC = 0x12, EC_SMC = 0x13,
	EC_IABT_LOW = 0x20, EC_IABT = 0x21, EC_DABT_LOW = 0x24, EC_DABT = 0x25,
};
#define ESR_CLASS(esr)	ESR_EC(esr)

/* From entry.S. */
void trap_undefined(struct trap_frame *f) __attribute__((noreturn));
void trap_prefetch(struct trap_frame *f) __attribute__((noreturn));
void trap_data(struct trap_frame *f) __attribute__((noreturn));
void trap_bad(struct trap_frame *f) __attribute__((noreturn));
void trap_overflow(struct trap_frame *f) __attribute__((noreturn));
