/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* 32-bit code of a guest's: all that ARMv7 has, and on arm64 a 32-bit guest or program (aarch32.c). DDI 0406C, DDI 0487 G. */
#include <hv/types.h>

#define CPSR_MODE	0x1fUL
#define CPSR_THUMB	BIT(5)
#define CPSR_FIQ_MASK	BIT(6)
#define CPSR_IRQ_MASK	BIT(7)
#define CPSR_ABORT_MASK	BIT(8)
#define CPSR_BIG	BIT(9)
#define CPSR_IT		0x0600fc00UL
#define CPSR_JAZELLE	BIT(24)
enum {
	MODE_USR = 0x10, MODE_FIQ = 0x11, MODE_IRQ = 0x12, MODE_SVC = 0x13, MODE_MON = 0x16, MODE_ABT = 0x17,
	MODE_HYP = 0x1a, MODE_UND = 0x1b, MODE_SYS = 0x1f,
};

#define SCTLR32_RESET	0x00c50078UL	/* RES1, SWP works, MMU and caches off */
#define SCTLR_V		BIT(13)
#define SCTLR_EE	BIT(25)
#define SCTLR_TE	BIT(30)
#define TTBCR_EAE	BIT(31)

#define VECTOR_UNDEFINED 0x04
#define VECTOR_PREFETCH	 0x0c
#define VECTOR_DATA	 0x10

struct guest_regs;

/* A mode that a guest may be in. */
bool aarch32_mode_ok(uint64_t cpsr);
/* Would the CPU have executed the instruction that trapped with that syndrome? Such traps may come for one that is not. */
bool aarch32_condition_passed(uint64_t cpsr, uint64_t esr);
/* Past the instruction that exited, of 2 or 4 bytes and maybe within an IT block. */
void aarch32_skip(struct guest_regs *r, uint64_t esr);
/* The entry into an exception of the guest's; its mode's LR and SPSR, and what tells of the fault, are the caller's. */
void aarch32_enter(struct guest_regs *r, unsigned int mode, unsigned int vector, uint64_t sctlr, uint64_t vbar);
/* What the fault status register says of an external abort. */
uint32_t aarch32_abort_status(uint64_t ttbcr, bool write);
