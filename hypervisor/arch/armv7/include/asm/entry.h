/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Numbers that entry.S and C share; C asserts them. */
#define EXIT_SYNC	0
#define EXIT_IRQ	1
#define EXIT_SERROR	2

#define REGS_LR		0x34		/* in struct guest_regs */
#define REGS_PC		0x38
#define FRAME_SIZE	72		/* struct trap_frame */
#define STACK_SHIFT	14
