/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel by Linux's zImage boot protocol. It runs where it is loaded: relocates itself, then maps all of the 4 GiB 1:1,
 * the first GiB as devices.
 */
#define RELATIVE	23		/* R_ARM_RELATIVE */
#define BLOCK_DEVICE	0x401		/* attribute 0, access flag */
#define BLOCK_NORMAL	0x705		/* attribute 1, inner shareable */
#define TTBCR		0x80003500	/* long descriptors, write-back, inner shareable */

	.arch	armv7ve
	.syntax	unified
	.arm
	/* reg = where sym is, by its distance: no address is right before the relocation. */
	.macro	place reg, sym
	ldr	\reg, .Ldistance\@
.Lhere\@:
	add	\reg, pc, \reg
	.subsection 1
.Ldistance\@:
	.word	\sym - (.Lhere\@ + 8)
	.previous
	.endm

	.section .head, "ax"
	.globl	_start
_start:
	.rept	8
	nop
	.endr
	b	1f
	.word	0x016f2818			/* a zImage */
	.word	0
	.word	image_end - _start		/* by distance, see place */
	.word	0x04030201
1:	cpsid	aif
	mov	r9, r2
	adr	r8, _start			/* linked at 0, so this is the distance */
	place	sp, stack_top
	place	r1, _rel_start
	place	r2, _rel_end
2:	cmp	r1, r2
	bhs	4f
	ldr	r3, [r1], #4
	ldr	r4, [r1], #4
	cmp	r4, #RELATIVE
	bne	2b
	ldr	r5, [r3, r8]
	add	r5, r5, r8
	str	r5, [r3, r8]
	b	2b

4:	place	r0, tables
	mov	r1, #0
	mov	r4, #0
	ldr	r2, =BLOCK_DEVICE
	ldr	r6, =BLOCK_NORMAL
5:	orr	r3, r2, r1, lsl #30
	str	r3, [r0], #4
	str	r4, [r0], #4
	mov	r2, r6
	add	r1, r1, #1
	cmp	r1, #4
	blo	5b
	bl	mmu_on
	mov	r0, #0
	mcr	p15, 0, r0, c13, c0, 4
	mov	r0, r9
	bl	guest_start
	b	.

/* What another vCPU starts with; r0 = its stack's end, the number of the vCPU on top. */
	.globl	secondary_start
secondary_start:
	mov	r9, r0
	bl	mmu_on
	sub	sp, r9, #16
	ldr	r0, [sp]
	mcr	p15, 0, r0, c13, c0, 4
	bl	secondary_main
	b	.

mmu_on:	dsb	sy
	ldr	r1, =0xff00			/* MAIR0: 0 strongly ordered, 1 write-back */
	mcr	p15, 0, r1, c10, c2, 0
	ldr	r1, =TTBCR
	mcr	p15, 0, r1, c2, c0, 2
	place	r1, tables
	mov	r2, #0
	mcrr	p15, 0, r1, r2, c2
	isb
	mcr	p15, 0, r2, c8, c7, 0
	mcr	p15, 0, r2, c7, c5, 0
	dsb	sy
	isb
	mrc	p15, 0, r1, c1, c0, 0
	ldr	r2, =0x1005			/* M, C, I */
	orr	r1, r1, r2
	bic	r1, r1, #2			/* A */
	mcr	p15, 0, r1, c1, c0, 0
	adr	r1, vectors
	mcr	p15, 0, r1, c12, c0, 0
	isb
	bx	lr

	.balign	32
vectors:
	b	.
	b	undefined
	b	.
	b	prefetch
	b	data
	b	.
	b	irq
	b	.

/* Every exception goes on in SVC mode, on the stack that was interrupted there. */
	.macro	enter, back
	.if	\back
	sub	lr, lr, #\back
	.endif
	srsdb	sp!, #0x13
	cps	#0x13
	push	{r0-r3, r12, lr}
	and	r1, sp, #4
	sub	sp, sp, r1
	push	{r1, r2}
	.endm
	.macro	leave
	pop	{r1, r2}
	add	sp, sp, r1
	pop	{r0-r3, r12, lr}
	rfeia	sp!
	.endm

irq:	enter	4
	bl	guest_irq
	leave

data:	enter	8
	mrc	p15, 0, r0, c5, c0, 0
	mrc	p15, 0, r2, c6, c0, 0
1:	ldr	r3, [sp]
	add	r3, sp, r3
	ldr	r1, [r3, #32]
	bl	guest_fault
	ldr	r3, [sp]
	add	r3, sp, r3
	str	r0, [r3, #32]
	leave
prefetch:
	enter	4
	mrc	p15, 0, r0, c5, c0, 1
	mrc	p15, 0, r2, c6, c0, 2
	b	1b
undefined:
	enter	4
	mvn	r0, #0
	mov	r2, #0
	b	1b
	.ltorg

	.section .tables, "aw", %progbits
	.globl	tables
	.balign	4096
tables:	.skip	4096
	.skip	16384
stack_top:
	.section .note.GNU-stack, "", %progbits
