/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt and exception entry of the hypervisor itself: one 16-byte stub a vector, then a common frame
 * (struct trap_frame). There is only ring 0 on this side, so no swapgs and no stack change but for the IST.
 */
	.text
	.align 16
	.globl trap_stubs
trap_stubs:
vector = 0
	.rept 256
	.align 16
	/* the CPU pushes an error code for 8, 10-14, 17, 21, 29, 30 */
	.if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30)
	.else
	push	$0
	.endif
	push	$vector
	jmp	trap_common
vector = vector + 1
	.endr

trap_common:
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%r11
	push	%r10
	push	%r9
	push	%r8
	push	%rdi
	push	%rsi
	push	%rbp
	push	%rbx
	push	%rdx
	push	%rcx
	push	%rax
	cld
	mov	%rsp, %rdi
	mov	%rsp, %rbx
	and	$~15, %rsp
	call	trap_dispatch
	mov	%rbx, %rsp
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rbx
	pop	%rbp
	pop	%rsi
	pop	%rdi
	pop	%r8
	pop	%r9
	pop	%r10
	pop	%r11
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	add	$16, %rsp
	iretq

/* bool rdmsr_safe(uint32_t msr, uint64_t *v) */
	.globl rdmsr_safe
rdmsr_safe:
	mov	%edi, %ecx
1:	rdmsr
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, (%rsi)
	mov	$1, %eax
	ret
2:	xor	%eax, %eax
	ret
	.pushsection .extable, "a"
	.quad 1b, 2b
	.popsection

/* bool wrmsr_safe(uint32_t msr, uint64_t v) */
	.globl wrmsr_safe
wrmsr_safe:
	mov	%edi, %ecx
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
3:	wrmsr
	mov	$1, %eax
	ret
4:	xor	%eax, %eax
	ret
	.pushsection .extable, "a"
	.quad 3b, 4b
	.popsection

/* void main_loop_on_stack(void *top, void (*fn)(void)): leaves the boot stack for good */
	.globl main_loop_on_stack
main_loop_on_stack:
	mov	%rdi, %rsp
	xor	%ebp, %ebp
	call	*%rsi
	ud2
