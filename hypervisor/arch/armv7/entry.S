/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exception vectors of Hyp mode, and the way into a guest and out of it. While a guest runs, SP_hyp stands where
 * guest_enter left it: on the host's callee-saved registers, with the pointer to the guest's registers on top. Hyp mode
 * has an SP of its own, but its LR is User mode's, so it is saved like r0 to r12.
 */
#include <asm/entry.h>

#define MODE_HYP	0x1a

	.arch	armv7ve
	.arm

	.section .vectors, "ax"
	.balign	32
	.globl	vectors
vectors:
	b	hyp_bad				/* reset: not an exception of Hyp mode */
	b	hyp_undefined
	b	hyp_bad				/* HVC from Hyp mode */
	b	hyp_prefetch
	b	hyp_data
	b	guest_trap
	b	any_irq
	b	any_irq				/* FIQ is not used by anybody but us */

	.text
guest_trap:
	push	{r0, r1}
	ldr	r0, [sp, #8]
	mov	r1, #EXIT_SYNC
	b	guest_exit

any_irq:
	push	{r0, r1}
	mrs	r0, spsr
	and	r0, r0, #0x1f
	cmp	r0, #MODE_HYP
	beq	hyp_irq
	ldr	r0, [sp, #8]
	mov	r1, #EXIT_IRQ
	b	guest_exit

/*
 * void guest_run(struct guest_regs *r): enters the guest, and again as long as guest_exited says so. Between exit and
 * entry the callee-saved registers hold the guest's values, which C keeps but never looks at.
 */
	.globl	guest_run
guest_run:
	push	{r0, r4-r11, lr}
guest_enter:
	ldr	lr, [r0, #REGS_LR]
	ldr	r1, [r0, #REGS_PC]
	ldr	r2, [r0, #REGS_PC + 4]
	msr	ELR_hyp, r1
	msr	spsr_cxsf, r2
	clrex
	ldm	r0, {r0-r12}
	eret
	/* Nothing beyond an eret may be executed speculatively. */
	dsb	nsh
	isb

/* r0 = the guest's registers, r1 = reason; the guest's r0 and r1 on the stack. */
guest_exit:
	add	r0, r0, #8
	stm	r0, {r2-r12, lr}
	mrs	r2, ELR_hyp
	mrs	r3, spsr
	strd	r2, r3, [r0, #REGS_PC - 8]
	pop	{r2, r3}
	strd	r2, r3, [r0, #-8]
	sub	r0, r0, #8
	mov	fp, #0
	bl	guest_exited
	cmp	r0, #0
	ldrne	r0, [sp]
	bne	guest_enter
	pop	{r0, r4-r11, lr}
	bx	lr

/*
 * An interrupt of our own: what C does not keep, and the return. The stack may be at an odd word, which C's must not.
 * What was being read exclusively is to be read again.
 */
hyp_irq:
	pop	{r0, r1}
	push	{r0-r3, r12, lr}
	mrs	r0, ELR_hyp
	mrs	r1, spsr
	and	r2, sp, #4
	sub	sp, sp, r2
	push	{r0-r3}
	bl	trap_irq
	pop	{r0-r3}
	add	sp, sp, r2
	msr	ELR_hyp, r0
	msr	spsr_cxsf, r1
	clrex
	pop	{r0-r3, r12, lr}
	eret
	dsb	nsh
	isb

	/*
	 * Stacks are the upper half of aligned blocks of twice their size: bit STACK_SHIFT of a pointer into one is
	 * set. When it is not, the stack has overflowed into its guard, and the frame goes to another stack. The
	 * sum and the differences look at SP without a register to spare.
	 */
	.macro	check_stack
	sub	sp, sp, #FRAME_SIZE
	add	sp, sp, r0
	sub	r0, sp, r0
	tst	r0, #1 << STACK_SHIFT
	beq	overflow
	sub	r0, sp, r0
	sub	sp, sp, r0
	.endm

	/* Exceptions of our own: a struct trap_frame is built, see asm/traps.h. SP is below it already. */
	.macro	fill_frame
	stm	sp, {r0-r12}
	mrs	r1, ELR_hyp
	mrs	r2, spsr
	add	r3, sp, #FRAME_SIZE
	str	r3, [sp, #52]
	str	lr, [sp, #56]
	str	r1, [sp, #60]
	str	r2, [sp, #64]
	mov	r0, sp
	bic	sp, sp, #7
	.endm

hyp_data:
	check_stack
	push	{r0, r1}
	mrs	r0, spsr
	and	r0, r0, #0x1f
	cmp	r0, #MODE_HYP
	pop	{r0, r1}
	bne	1f
	fill_frame
	bl	trap_data
1:	add	sp, sp, #FRAME_SIZE		/* asynchronous, while a guest ran */
	push	{r0, r1}
	ldr	r0, [sp, #8]
	mov	r1, #EXIT_SERROR
	b	guest_exit

overflow:					/* r0 = where SP was; what r0 held is lost */
	ldr	sp, =emergency_stack_end - FRAME_SIZE
	fill_frame
	bl	trap_overflow

hyp_undefined:
	check_stack
	fill_frame
	bl	trap_undefined
hyp_prefetch:
	check_stack
	fill_frame
	bl	trap_prefetch
hyp_bad:
	check_stack
	fill_frame
	bl	trap_bad
	.section .note.GNU-stack, "", %progbits
