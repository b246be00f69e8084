/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel by Linux's arm64 boot protocol, MMU off, one CPU. Position independent. */
	.section .head, "ax"
	.globl	_start
_start:
	b	1f
	.long	0
	.quad	0
	.quad	_size
	.quad	0xa
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0
1:	adrp	x1, stack_top
	mov	sp, x1
	adr	x1, vectors
	msr	vbar_el1, x1
	bl	bench_main
2:	wfi
	b	2b

/* long hypercall(nr, a, b, c): the ABI has the number in x16. */
	.globl	hypercall
hypercall:
	mov	x16, x0
	mov	x0, x1
	mov	x1, x2
	mov	x2, x3
	hvc	#0xea1
	ret

/* PSCI: CPU_ON of the second vCPU. */
	.globl	start_secondary
start_secondary:
	ldr	x0, =0xc4000003
	mov	x1, #1
	adr	x2, secondary
	mov	x3, #0
	hvc	#0
	ret
secondary:
	adrp	x1, second_stack_top
	mov	sp, x1
	adr	x1, vectors
	msr	vbar_el1, x1
	b	bench_secondary

/* PSCI: power off. */
	.globl	power_off
power_off:
	ldr	w0, =0x84000008
	hvc	#0
	b	.
	.ltorg

	.balign	2048
vectors:
	.rept	16
	.balign	128
	b	bench_fault
	.endr

	.bss
	.balign	4096
	.skip	16384
stack_top:
	.skip	16384
second_stack_top:
	.section .note.GNU-stack, "", %progbits
