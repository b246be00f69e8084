/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 64-bit divisions that the compiler calls (Run-time ABI for the Arm Architecture, 4.3.1): quotient in r0 and r1,
 * remainder in r2 and r3. divide_u64 and divide_s64 (lib/divide.c) write the remainder through a pointer.
 */
	.arch	armv7ve
	.arm
	.text
	.macro	division name, fn
	.globl	\name
\name:
	push	{r4, lr}
	sub	sp, sp, #16
	add	r12, sp, #8
	str	r12, [sp]
	bl	\fn
	ldrd	r2, r3, [sp, #8]
	add	sp, sp, #16
	pop	{r4, lr}
	bx	lr
	.endm

	division __aeabi_uldivmod, divide_u64
	division __aeabi_ldivmod, divide_s64
	.section .note.GNU-stack, "", %progbits
