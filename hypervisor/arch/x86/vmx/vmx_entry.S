/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bool vmx_enter(struct guest_regs *regs, unsigned long flags)
 *
 * Interrupts are off before and after: one that arrives makes the guest exit and stays pending until the caller turns
 * them on. RSP, RIP and RFLAGS travel in the VMCS; offsets in struct guest_regs are asserted in asm/vcpu.h.
 */
#define VMCS_HOST_RSP	0x6c14
	.text
	.align 16
	.globl vmx_enter, vmx_exit_point
vmx_enter:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	mov	$VMCS_HOST_RSP, %eax
	vmwrite	%rsp, %rax
	test	$2, %sil			/* VMX_VERW: what is loaded from here on is the guest's own */
	jz	4f
	verw	verw_selector(%rip)
4:	test	$1, %sil			/* VMX_LAUNCHED; MOV leaves the flags alone */
	mov	0x00(%rdi), %rax
	mov	0x08(%rdi), %rcx
	mov	0x10(%rdi), %rdx
	mov	0x18(%rdi), %rbx
	mov	0x28(%rdi), %rbp
	mov	0x30(%rdi), %rsi
	mov	0x40(%rdi), %r8
	mov	0x48(%rdi), %r9
	mov	0x50(%rdi), %r10
	mov	0x58(%rdi), %r11
	mov	0x60(%rdi), %r12
	mov	0x68(%rdi), %r13
	mov	0x70(%rdi), %r14
	mov	0x78(%rdi), %r15
	mov	0x38(%rdi), %rdi
	jz	1f
	vmresume
	jmp	2f
1:	vmlaunch
2:	/* refused: the guest's registers are as they were in regs */
	pop	%rdi
	xor	%eax, %eax
	jmp	3f
	.align 16
vmx_exit_point:
	push	%rdi
	mov	8(%rsp), %rdi
	mov	%rax, 0x00(%rdi)
	mov	%rcx, 0x08(%rdi)
	mov	%rdx, 0x10(%rdi)
	mov	%rbx, 0x18(%rdi)
	mov	%rbp, 0x28(%rdi)
	mov	%rsi, 0x30(%rdi)
	mov	%r8, 0x40(%rdi)
	mov	%r9, 0x48(%rdi)
	mov	%r10, 0x50(%rdi)
	mov	%r11, 0x58(%rdi)
	mov	%r12, 0x60(%rdi)
	mov	%r13, 0x68(%rdi)
	mov	%r14, 0x70(%rdi)
	mov	%r15, 0x78(%rdi)
	pop	%rax
	mov	%rax, 0x38(%rdi)
	pop	%rdi
	mov	$1, %eax
3:	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	/* what the guest left in the rest must not steer speculation */
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	ret
	.section .rodata
	.align 2
verw_selector:
	.word	0x10				/* a writable data segment: any other kind may skip the clearing */
	.section .note.GNU-stack, "", @progbits
