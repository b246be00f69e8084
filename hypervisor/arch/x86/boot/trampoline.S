/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start of the other CPUs: real mode at a 4 KiB page below 1 MiB where smp.c put a copy of this code. The page
 * holds, after the code, the fields that smp.c fills. Its tables map the page itself 1:1 and the hypervisor.
 */
	.section .trampoline, "a", @progbits
	.code16
	.globl trampoline_start
trampoline_start:
	cli
	cld
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	trampoline_gdt_pointer - trampoline_start
	mov	trampoline_cr3 - trampoline_start, %eax
	mov	%eax, %cr3
	mov	%cr4, %eax
	or	$0xa0, %eax			/* PAE, PGE */
	mov	%eax, %cr4
	mov	$0xc0000080, %ecx		/* EFER: LME, NXE */
	rdmsr
	or	$0x900, %eax
	wrmsr
	mov	%cr0, %eax
	and	$0x9ffaffff, %eax
	or	$0x80010023, %eax		/* PG WP NE MP PE: straight to long mode */
	mov	%eax, %cr0
	ljmpl	*(trampoline_entry64 - trampoline_start)

	.align 4
	.globl trampoline_entry64
trampoline_entry64:
	.long trampoline_64 - trampoline_start	/* smp.c adds the page's address */
	.short 0x08
	.align 4
	.globl trampoline_gdt_pointer
trampoline_gdt_pointer:
	.short 23
	.long trampoline_gdt - trampoline_start	/* smp.c adds the page's address */
	.align 8
trampoline_gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
	.globl trampoline_cr3
trampoline_cr3:
	.long 0
	.align 8
	.globl trampoline_stack
trampoline_stack:
	.quad 0
	.globl trampoline_cpu
trampoline_cpu:
	.quad 0

	.code64
trampoline_64:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	mov	trampoline_stack(%rip), %rsp
	mov	trampoline_cpu(%rip), %rdi
	xor	%ebp, %ebp
	movabs	$smp_ap_main, %rax
	call	*%rax
1:	cli
	hlt
	jmp	1b
	.globl trampoline_end
trampoline_end:
