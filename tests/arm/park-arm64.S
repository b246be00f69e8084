/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware for a machine that has none: lets all CPUs wait at one release address, as boards with spin tables do, and
 * goes on to the hypervisor. machine_board.py has the same addresses. Entered as a kernel is, x0 = device tree.
 */
#define HYPERVISOR	0x40400000
#define RELEASE		0x47000ff8
#define CPU_ON		0xc4000003

	.text
	.globl	_start
_start:
	mov	x20, x0
	mov	x21, #1
1:	ldr	x0, =CPU_ON
	mov	x1, x21
	adr	x2, park
	ldr	x3, =RELEASE
	smc	#0
	add	x21, x21, #1
	cbz	x0, 1b				/* until there is no such CPU */
	mov	x0, x20
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	ldr	x4, =HYPERVISOR
	br	x4

park:	wfe
	ldr	x1, [x0]
	cbz	x1, park
	br	x1
	.section .note.GNU-stack, "", %progbits
