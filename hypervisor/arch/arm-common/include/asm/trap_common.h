/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What entry.S of both widths calls, and what both have of exceptions. */
#include <hv/types.h>

struct guest_regs;

/* ESR_EL2 (HSR), DDI 0487 D17.2.37. */
#define ESR_EC(esr)	((unsigned int)((esr) >> 26) & 0x3f)
#define ESR_IL		BIT(25)
#define ESR_ISS(esr)	((uint32_t)(esr) & 0x1ffffff)

void trap_irq(void);
/* Runs the guest until guest_exited has it stop. Interrupts off. */
void guest_run(struct guest_regs *r);
/* The guest of r, the current vCPU's, has exited by EXIT_*. Interrupts off, also on return. True: enter it again. */
bool guest_exited(struct guest_regs *r, unsigned int reason);

/* Prints a symbolised backtrace that starts at the frame pointer. */
void backtrace(uint64_t pc, uint64_t fp);
/* Holds this CPU for good. */
void hold(void) __attribute__((noreturn));
/* Registers of Hyp mode (EL2) that this CPU needs before it runs guests. */
void traps_init_cpu(void);
/* Of traps_init_cpu, the arch's part. */
void arch_traps_init_cpu(void);
