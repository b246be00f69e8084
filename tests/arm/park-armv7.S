/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware for a machine that has none: lets all CPUs wait as Exynos 5250's do, for an entry at the start of the system
 * RAM, and goes on to the hypervisor. machine_board.py has the same addresses. Entered as a kernel is, r2 = device tree.
 */
#define HYPERVISOR	0x40400000
#define RELEASE		0x47000000
#define CPU_ON		0x84000003

	.arch	armv7ve
	.arm
	.text
	.globl	_start
_start:
	mov	r8, r2
	mov	r9, #1
1:	ldr	r0, =CPU_ON
	mov	r1, r9
	adr	r2, park
	ldr	r3, =RELEASE
	smc	#0
	add	r9, r9, #1
	cmp	r0, #0
	beq	1b				/* until there is no such CPU */
	mov	r2, r8
	ldr	r3, =HYPERVISOR
	bx	r3

park:	wfe
	ldr	r1, [r0]
	cmp	r1, #0
	beq	park
	bx	r1
	.section .note.GNU-stack, "", %progbits
