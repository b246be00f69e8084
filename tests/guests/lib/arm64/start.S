/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel by Linux's arm64 boot protocol. It runs where it is loaded: relocates itself, then maps all of memory 1:1,
 * the first GiB as devices.
 */
#define RELATIVE	1027		/* R_AARCH64_RELATIVE */
#define BLOCK_DEVICE	0x401		/* MAIR 0 */
#define BLOCK_NORMAL	0x705		/* MAIR 1, inner shareable */
#define TCR		0x200803519	/* 39 bits, write-back, inner shareable, no TTBR1, 40 bits of output */

	.section .head, "ax"
	.globl	_start
_start:
	b	1f
	.long	0
	.quad	0
	.quad	0x100000			/* guest.ld sees to it that this is enough */
	.quad	0xa
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0
1:	mov	x20, x0
	adrp	x19, _start			/* linked at 0, so this is the distance */
	adrp	x1, _rela_start
	add	x1, x1, :lo12:_rela_start
	adrp	x2, _rela_end
	add	x2, x2, :lo12:_rela_end
2:	cmp	x1, x2
	b.hs	4f
	ldp	x3, x4, [x1], #16
	ldr	x5, [x1], #8
	cmp	w4, #RELATIVE
	b.ne	2b
	add	x5, x5, x19
	str	x5, [x3, x19]
	b	2b

4:	adrp	x0, tables
	add	x0, x0, :lo12:tables
	mov	x1, #0
	mov	x2, #BLOCK_DEVICE
5:	orr	x3, x2, x1, lsl #30
	str	x3, [x0, x1, lsl #3]
	mov	x2, #BLOCK_NORMAL
	add	x1, x1, #1
	cmp	x1, #512
	b.lo	5b
	bl	mmu_on
	adrp	x1, stack_top
	mov	sp, x1
	msr	tpidr_el1, xzr
	mov	x0, x20
	bl	guest_start
	b	.

/* What another vCPU starts with; x0 = its stack's end, the number of the vCPU on top. */
	.globl	secondary_start
secondary_start:
	mov	x20, x0
	bl	mmu_on
	mov	sp, x20
	ldr	x1, [sp, #-16]!
	msr	tpidr_el1, x1
	bl	secondary_main
	b	.

mmu_on:	dsb	sy
	adrp	x0, tables
	add	x0, x0, :lo12:tables
	ldr	x1, =0xff04
	msr	mair_el1, x1
	ldr	x1, =TCR
	msr	tcr_el1, x1
	msr	ttbr0_el1, x0
	isb
	tlbi	vmalle1
	dsb	sy
	mrs	x1, sctlr_el1
	mov	x2, #0x1005			/* M, C, I */
	orr	x1, x1, x2
	msr	sctlr_el1, x1
	adr	x1, vectors
	msr	vbar_el1, x1
	isb
	ret

	.balign	2048
vectors:
	.rept	5
	.balign	128
	b	fault
	.endr
	.balign	128
	b	irq
	.rept	10
	.balign	128
	b	fault
	.endr

	.macro	save
	stp	x0, x1, [sp, #-176]!
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x29, [sp, #144]
	str	x30, [sp, #160]
	.endm

fault:	save
	mrs	x0, esr_el1
	mrs	x1, elr_el1
	mrs	x2, far_el1
	bl	guest_fault
	msr	elr_el1, x0
	b	1f

irq:	save
	bl	guest_irq
1:	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	ldp	x18, x29, [sp, #144]
	ldr	x30, [sp, #160]
	ldp	x0, x1, [sp], #176
	eret
	.ltorg

	.section .tables, "aw", %nobits
	.balign	4096
	.globl	tables
tables:	.skip	4096
	.skip	65536
stack_top:
	.section .note.GNU-stack, "", %progbits
