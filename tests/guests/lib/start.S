/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PVH start (32-bit protected mode, paging off), long mode, trap entries, start of other vCPUs. */

#define MSR_EFER 0xc0000080

	.section .note.Xen, "a", @note
	.align 4
	.long 4, 4, 18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long _start

	.section .text.start, "ax"
	.code32
	.globl _start
_start:
	rdtsc				/* before anything else: the bench reads it */
	mov %eax, entry_tsc
	mov %edx, entry_tsc + 4
	mov %ebx, start_info
	cld
	mov $boot_stack_top, %esp
	lgdt gdt_pointer
	call enter_long_mode32
	ljmp $0x10, $1f
	.code64
1:	mov $boot_stack_top, %rsp
	xor %ebp, %ebp
	call guest_start
	ud2

	/* From 32-bit protected mode with the GDT loaded: paging and EFER.LME on, returns in compat mode. */
	.code32
enter_long_mode32:
	mov $0x620, %eax		/* PAE, OSFXSR, OSXMMEXCPT */
	mov %eax, %cr4
	mov $pml4, %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	rdmsr
	or $0x901, %eax			/* SCE, LME, NXE */
	wrmsr
	mov $0x80010033, %eax		/* PG, WP, NE, ET, MP, PE */
	mov %eax, %cr0
	mov $0x18, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	ret

	/* Copied below 1 MiB; starts in real mode at offset 0 of its segment. */
	.code16
	.globl ap_trampoline, ap_trampoline_end
ap_trampoline:
	cli
	mov %cs, %ax
	mov %ax, %ds
	lgdtl ap_gdt_pointer - ap_trampoline
	mov %cr0, %eax
	or $1, %eax
	mov %eax, %cr0
	ljmpl $0x08, $ap_start32
	.align 8
ap_gdt_pointer:
	.word gdt_end - gdt - 1
	.long gdt
ap_trampoline_end:

	.code32
ap_start32:
	mov $0x18, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov ap_stack, %esp
	call enter_long_mode32
	ljmp $0x10, $1f
	.code64
1:	mov ap_stack, %rsp
	xor %ebp, %ebp
	call ap_main
	ud2

	.text
	.globl hypercall_raw
hypercall_raw:
	mov %rdi, %rax
	mov %rsi, %rdi
	mov %rdx, %rsi
	mov %rcx, %rdx
	mov %r8, %r10
	mov %r9, %r8
	cmpb $0, cpu_is_intel
	jne 1f
	vmmcall
	ret
1:	vmcall
	ret

	/* The same in a compatibility-mode segment: EAX and five 32-bit arguments, for user of the
	 * 32-bit ABI. RDI points at six words: number, then arguments. */
	.globl hypercall_compat, hypercall_protected
	/* In protected mode without paging, left and entered again around the call. */
hypercall_protected:
	mov $protected_target, %eax
	jmp 1f
hypercall_compat:
	mov $compat_target, %eax
1:	push %rbx
	push %rbp
	push %r12
	mov %rsp, %r12
	mov %rdi, %r11
	mov %rax, %r10
	mov (%r11), %eax
	mov 4(%r11), %ebx
	mov 8(%r11), %ecx
	mov 12(%r11), %edx
	mov 16(%r11), %esi
	mov 20(%r11), %edi
	lcall *(%r10)
	mov %r12, %rsp
	cltq
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.code32
protected_body:
	mov %cr0, %ebp
	btr $31, %ebp
	mov %ebp, %cr0
	cmpb $0, cpu_is_intel
	jne 1f
	vmmcall
	jmp 2f
1:	vmcall
2:	mov %cr0, %ebp
	bts $31, %ebp
	mov %ebp, %cr0
	lret
compat_body:
	cmpb $0, cpu_is_intel
	jne 1f
	vmmcall
	lret
1:	vmcall
	lret
	.code64

	/* void wrmsr_compat(uint32_t msr, uint64_t value): by 32-bit code of long mode. */
	.globl wrmsr_compat
wrmsr_compat:
	push %r12
	mov %rsp, %r12
	mov %edi, %ecx
	mov %esi, %eax
	mov %rsi, %rdx
	shr $32, %rdx
	lcall *compat_wrmsr_target
	mov %r12, %rsp
	pop %r12
	ret
	.code32
compat_wrmsr_body:
	wrmsr
	lret
	.code64

	/* long user_call(long (*fn)(void *), void *arg) */
	.globl user_call, user_return
user_call:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, user_kernel_rsp
	mov %rdi, %rax
	mov %rsi, %rdi
	push $0x2b
	push $user_stack_top
	push $0x002			/* interrupts stay off */
	push $0x33
	push $user_entry
	iretq
user_entry:
	call *%rax
	int $0x81
	ud2
	/* Jumped to by the trap code with the result in RAX */
user_return:
	mov user_kernel_rsp, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

trap_common:
	push %rax
	push %rbx
	push %rcx
	push %rdx
	push %rsi
	push %rdi
	push %rbp
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
	cld
	mov %rsp, %rdi
	call trap_entry
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rbp
	pop %rdi
	pop %rsi
	pop %rdx
	pop %rcx
	pop %rbx
	pop %rax
	add $16, %rsp
	iretq

	/* 256 entries of 16 bytes */
	.align 16
	.globl trap_stubs
trap_stubs:
	.set vec, 0
	.rept 256
	.align 16
	.if (vec == 8) || (vec == 10) || (vec == 11) || (vec == 12) || (vec == 13) || (vec == 14) || (vec == 17)
	.else
	push $0
	.endif
	push $vec
	jmp trap_common
	.set vec, vec + 1
	.endr

	.data
	.align 4096
	.globl pml4
pml4:	.quad pdpt + 7
	.fill 511, 8, 0
pdpt:	.quad pd + 0x0007, pd + 0x1007, pd + 0x2007, pd + 0x3007
	.fill 508, 8, 0
pd:	.set page, 0
	.rept 2048
	.quad page * 0x200000 + 0x87	/* 2 MiB, user, writable, present */
	.set page, page + 1
	.endr

	.align 16
	.globl gdt
gdt:	.quad 0
	.quad 0x00cf9b000000ffff	/* 0x08: 32-bit code */
	.quad 0x00af9b000000ffff	/* 0x10: 64-bit code */
	.quad 0x00cf93000000ffff	/* 0x18: data */
	.quad 0x00cffb000000ffff	/* 0x20: user 32-bit code */
	.quad 0x00cff3000000ffff	/* 0x28: user data */
	.quad 0x00affb000000ffff	/* 0x30: user 64-bit code */
	.quad 0
	.fill 2 * 16, 8, 0		/* 0x40: task segments */
gdt_end:
	.globl gdt_pointer
gdt_pointer:
	.word gdt_end - gdt - 1
	.quad gdt
compat_target:
	.long compat_body
	.word 0x08
protected_target:
	.long protected_body
	.word 0x08
compat_wrmsr_target:
	.long compat_wrmsr_body
	.word 0x08
	.align 8
	.globl start_info, entry_tsc, ap_stack, cpu_is_intel
start_info:	.quad 0
entry_tsc:	.quad 0
ap_stack:	.quad 0
user_kernel_rsp: .quad 0
cpu_is_intel:	.byte 0

	.bss
	.align 4096
	.globl hypercall_page
hypercall_page:
	.skip 4096
	.skip 16384
boot_stack_top:
	.skip 8192
user_stack_top:

	.section .note.GNU-stack, "", @progbits
