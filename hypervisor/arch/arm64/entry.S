/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exception vectors of EL2, and the way into a guest and out of it. While a guest runs, SP_EL2 stands where guest_enter
 * left it: on the host's callee-saved registers, with the pointer to the guest's registers on top.
 */
#include <asm/entry.h>
#include <asm/workaround_ids.h>

	.macro	save_guest, reason
	stp	x0, x1, [sp, #-16]!
	ldr	x0, [sp, #16]
	mov	x1, #\reason
	b	guest_exit
	.endm

	.macro	vector, label
	.balign	128
	b	\label
	.endm

	.macro	guest_vector, reason, none
	.balign	128
	save_guest \reason
	.endm

	/* First the firmware's function, which keeps x4 and up (DEN 0028, 2.6). */
	.macro	guest_vector_workaround, reason, function
	.balign	128
	stp	x0, x1, [sp, #-16]!
	stp	x2, x3, [sp, #-16]!
	movz	w0, #(\function & 0xffff)
	movk	w0, #(\function >> 16), lsl #16
	smc	#0
	ldp	x2, x3, [sp], #16
	ldr	x0, [sp, #16]
	mov	x1, #\reason
	b	guest_exit
	.endm

	/* What comes from a guest, by the macro that is named. */
	.macro	guest_vectors, kind, function=0
	\kind	EXIT_SYNC, \function		/* AArch64 below */
	\kind	EXIT_IRQ, \function
	\kind	EXIT_IRQ, \function		/* FIQ is not used by anybody but us */
	\kind	EXIT_SERROR, \function
	\kind	EXIT_SYNC, \function		/* AArch32 below */
	\kind	EXIT_IRQ, \function
	\kind	EXIT_IRQ, \function
	\kind	EXIT_SERROR, \function
	.endm

	.macro	own_vectors
	.balign	2048
	vector	el2_bad			/* EL2 with SP_EL0: never used */
	vector	el2_bad
	vector	el2_bad
	vector	el2_bad
	vector	el2_sync
	vector	el2_irq
	vector	el2_bad			/* FIQ */
	vector	el2_serror
	.endm

	.section .vectors, "ax"
	.globl	vectors, vectors_workaround_1, vectors_workaround_3
	.balign	2048
vectors:
	own_vectors
	guest_vectors guest_vector
	.balign	2048
vectors_workaround_1:
	own_vectors
	guest_vectors guest_vector_workaround, SMCCC_WORKAROUND_1
	.balign	2048
vectors_workaround_3:
	own_vectors
	guest_vectors guest_vector_workaround, SMCCC_WORKAROUND_3

	.text
/*
 * void guest_run(struct guest_regs *r): enters the guest, and again as long as guest_exited says so. Between exit and
 * entry the callee-saved registers hold the guest's values, which C keeps but never looks at.
 */
	.globl	guest_run
guest_run:
	stp	x0, xzr, [sp, #-112]!
	stp	x29, x30, [sp, #16]
	stp	x19, x20, [sp, #32]
	stp	x21, x22, [sp, #48]
	stp	x23, x24, [sp, #64]
	stp	x25, x26, [sp, #80]
	stp	x27, x28, [sp, #96]
guest_enter:
	ldp	x2, x3, [x0, #REGS_PC]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldr	x30, [x0, #240]
	ldp	x0, x1, [x0]
	eret
	/* Nothing beyond an eret may be executed speculatively. */
	dsb	nsh
	isb

/* x0 = the guest's registers, x1 = reason; the guest's x0 and x1 on the stack. */
guest_exit:
	stp	x2, x3, [x0, #16]
	stp	x4, x5, [x0, #32]
	stp	x6, x7, [x0, #48]
	stp	x8, x9, [x0, #64]
	stp	x10, x11, [x0, #80]
	stp	x12, x13, [x0, #96]
	stp	x14, x15, [x0, #112]
	stp	x16, x17, [x0, #128]
	stp	x18, x19, [x0, #144]
	stp	x20, x21, [x0, #160]
	stp	x22, x23, [x0, #176]
	stp	x24, x25, [x0, #192]
	stp	x26, x27, [x0, #208]
	stp	x28, x29, [x0, #224]
	str	x30, [x0, #240]
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x2, x3, [x0, #REGS_PC]
	mov	x29, xzr
	bl	guest_exited
	cbz	w0, 1f
	ldr	x0, [sp]
	b	guest_enter
1:	ldp	x29, x30, [sp, #16]
	ldp	x19, x20, [sp, #32]
	ldp	x21, x22, [sp, #48]
	ldp	x23, x24, [sp, #64]
	ldp	x25, x26, [sp, #80]
	ldp	x27, x28, [sp, #96]
	add	sp, sp, #112
	ret

/* Exceptions of our own: a struct trap_frame is built, see asm/traps.h. */
	.macro	push_frame
	sub	sp, sp, #FRAME_SIZE
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x30, x2, [sp, #240]
	add	x4, sp, #FRAME_SIZE
	stp	x3, x4, [sp, #256]
	.endm

el2_irq:
	push_frame
	bl	trap_irq
	ldp	x2, x3, [sp, #248]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldp	x0, x1, [sp]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldr	x18, [sp, #144]
	ldp	x29, x30, [sp, #232]
	add	sp, sp, #FRAME_SIZE
	eret

	/*
	 * Stacks are the upper half of aligned blocks of twice their size: bit STACK_SHIFT of a pointer into one is
	 * set. When it is not, the stack has overflowed into its guard, and the frame goes to another stack. The
	 * sum and the differences look at SP without a register to spare.
	 */
	.macro	check_stack
	sub	sp, sp, #FRAME_SIZE
	add	sp, sp, x0
	sub	x0, sp, x0
	tbz	x0, #STACK_SHIFT, 9f
	sub	x0, sp, x0
	sub	sp, sp, x0
	add	sp, sp, #FRAME_SIZE
	.endm

el2_sync:
	check_stack
	push_frame
	mov	x0, sp
	bl	trap_sync
9:	adrp	x1, emergency_stack_end		/* x0 = where SP was; what x0 and x1 held is lost */
	mov	sp, x1
	push_frame
	mov	x0, sp
	bl	trap_overflow

el2_serror:
	push_frame
	mov	x0, sp
	bl	trap_serror
el2_bad:
	push_frame
	mov	x0, sp
	bl	trap_bad
	.section .note.GNU-stack, "", %progbits
