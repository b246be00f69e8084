/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secure firmware for QEMU's virt machine with EL3 and GICv2: hands the interrupts to the non-secure world, goes on to the
 * hypervisor at EL2, and answers what PSCI 1.1 and SMCCC 1.1 ask about speculation workarounds: it has the first. That
 * function spoils all that it may and counts; the end of the machine says how it was. machine_board.py has the addresses.
 */
#define HYPERVISOR	0x40400000
#define TREE		0x47800000
#define GICD		0x08000000
#define GICC		0x08010000
#define UART		0x09000000
#define MANY		400		/* exits that the guest makes */

#define SCR		0x531		/* EL2 is 64 bits wide and may HVC; non-secure */
#define SPSR_EL2H	0x3c9

#define NOT_SUPPORTED	-1

	.text
	.globl	_start
_start:
	ldr	x0, =GICD + 0x80		/* GICD_IGROUPR: all are the non-secure world's */
	mov	w1, #-1
	mov	w2, #32
1:	str	w1, [x0], #4
	sub	w2, w2, #1
	cbnz	w2, 1b
	ldr	x0, =GICC
	mov	w1, #0xff
	str	w1, [x0, #4]			/* GICC_PMR, or it could set half of the priorities only */
	adr	x0, vectors
	msr	vbar_el3, x0
	msr	cptr_el3, xzr
	ldr	x0, =SCR
	msr	scr_el3, x0
	ldr	x0, =SPSR_EL2H
	msr	spsr_el3, x0
	ldr	x0, =HYPERVISOR
	msr	elr_el3, x0
	isb
	ldr	x0, =TREE
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	eret

	/* x0 to x3 are ours, all else is the caller's. */
	.macro	answer, function, then
	ldr	w1, =\function
	cmp	w0, w1
	b.eq	\then
	.endm

smc:	mov	w2, w1				/* the function that features are asked of */
	answer	0x80008000, workaround
	answer	0x84000000, version		/* PSCI_VERSION */
	answer	0x80000000, version		/* SMCCC_VERSION */
	answer	0x84000008, end			/* SYSTEM_OFF */
	answer	0x8400000a, features		/* PSCI_FEATURES */
	answer	0x80000001, features		/* SMCCC_ARCH_FEATURES */
none:	mov	x0, #NOT_SUPPORTED
	eret
version:
	ldr	x0, =0x10001
	eret
features:
	mov	w0, w2
	answer	0x80000000, yes			/* SMCCC_VERSION is there */
	answer	0x80008000, yes
	b	none
yes:	mov	x0, xzr
	eret
workaround:
	adr	x1, count
	ldr	w0, [x1]
	add	w0, w0, #1
	str	w0, [x1]
	mov	x0, #NOT_SUPPORTED
	mov	x1, x0
	mov	x2, x0
	mov	x3, x0
	eret

end:	ldr	w0, count
	adr	x1, few
	cmp	w0, #MANY
	b.lo	1f
	adr	x1, many
1:	ldr	x2, =UART
2:	ldrb	w0, [x1], #1
	cbz	w0, .
	str	w0, [x2]
	b	2b

	.balign	2048
vectors:
	.rept	8
	.balign	128
	b	.
	.endr
	.balign	128
	b	smc				/* the only exception that is routed here */
	.balign	4
count:	.word	0
many:	.asciz	"\r\nmonitor: the workaround was called\r\n"
few:	.asciz	"\r\nmonitor: the workaround was called too few times\r\n"
	.section .note.GNU-stack, "", %progbits
