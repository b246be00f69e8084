/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

/* What entry.S pushes, lowest address first. */
struct trap_frame {
	uint64_t rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

struct cpu;

/* GDT, TSS with its IST stacks, IDT, control registers and GS base of this CPU. c is zeroed but for its ids. */
void traps_init_cpu(struct cpu *c);
void trap_dispatch(struct trap_frame *f);
/* Prints a symbolised backtrace that starts at the frame pointer. */
void backtrace(uint64_t rip, uint64_t rbp);
