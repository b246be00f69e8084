/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PVH guest that waits for good, for the rounds of create and destroy. With interrupts off its only vCPU would be
 * down, and the domain with it; no interrupt is set up to come.
 */
	.code32
	.text
	.globl	_start
_start:
halt:
	sti
	hlt
	jmp	halt

	.section .note.mullion, "a", @note
	.p2align 2
	.long	4		/* length of the name */
	.long	4		/* length of the value */
	.long	18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	_start

	.section .note.GNU-stack, "", @progbits
