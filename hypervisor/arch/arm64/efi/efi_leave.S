/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last steps in the firmware's address space, which is 1:1: x0 = device tree, x1 = entry of the image. From here to
 * the entry all fetches are past the caches; the caller has cleaned this code and the image.
 */
	.text
	.globl	efi_leave
	.balign	64
efi_leave:
	msr	daifset, #15
	dsb	sy
	mrs	x2, sctlr_el2
	mov	x3, #0x1005			/* I, C, M */
	bic	x2, x2, x3
	msr	sctlr_el2, x2
	isb
	tlbi	alle2
	ic	iallu
	dsb	sy
	isb
	mov	x4, x1
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	br	x4
	.section .note.GNU-stack, "", %progbits
