/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware for a machine that has none: lets all CPUs wait as Exynos 5250's do, for an entry at the start of the system
 * RAM, and goes on to the hypervisor. machine_board.py has the same addresses. Entered as a kernel is, r2 = device tree.
 * QEMU puts a PSCI node into every tree: its name is spoilt here.
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
	mov	r4, r8
	ldr	r5, [r8, #4]			/* size of the tree */
	rev	r5, r5
	add	r5, r5, r8
2:	adr	r6, name
	mov	r7, r4
3:	ldrb	r0, [r6], #1
	ldrb	r1, [r7], #1
	cmp	r0, #0
	beq	4f
	cmp	r0, r1
	beq	3b
	b	5f
4:	mov	r0, #'-'
	strb	r0, [r4]
5:	add	r4, r4, #1
	cmp	r4, r5
	blo	2b
	dsb	sy
	mov	r2, r8
	ldr	r3, =HYPERVISOR
	bx	r3

park:	wfe
	ldr	r1, [r0]
	cmp	r1, #0
	beq	park
	bx	r1
name:	.asciz	"arm,psci"
	.section .note.GNU-stack, "", %progbits
