/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PVH guest that halts at once and for good, for the rounds of create and destroy. */
	.code32
	.text
	.globl	_start
_start:
	cli
halt:
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
