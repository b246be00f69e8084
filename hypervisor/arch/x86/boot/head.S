/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry from the boot loader: 32-bit protected mode, paging off, eax = magic, ebx = information.
 * Multiboot 0.6.96 section 3; Multiboot2 2.0 section 3. Builds early tables (identity and direct map of the
 * first 4 GiB, the image at its link address) and calls boot_main on the boot stack.
 */
#define IMAGE_VMA	0xffffffff80000000	/* as in mullion.lds */
#define IMAGE_LMA	0x200000
#define PA(sym)		((sym) - IMAGE_VMA + IMAGE_LMA)

#define MB1_MAGIC	0x1badb002
#define MB1_FLAGS	0x00010003	/* page-aligned modules, memory map, address fields */
#define MB2_MAGIC	0xe85250d6

	.section .multiboot, "ax", @progbits
	.align 8
mb1_header:
	.long MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)
	.long PA(mb1_header), PA(_image_start), PA(_load_end), PA(_image_end), PA(boot_start32)

	.align 8
mb2_header:
	.long MB2_MAGIC, 0, mb2_end - mb2_header
	.long -(MB2_MAGIC + 0 + (mb2_end - mb2_header)) & 0xffffffff
	.short 6, 0			/* modules page-aligned */
	.long 8
	.short 3, 0			/* entry address */
	.long 12, PA(boot_start32), 0
	.short 5, 1			/* framebuffer, when there is one: optional, no preference */
	.long 20, 0, 0, 0, 0
	.short 0, 0
	.long 8
mb2_end:

	.section .boot32, "ax", @progbits
	.code32
	.globl boot_start32
boot_start32:
	cli
	cld
	mov	$PA(boot_stack_top), %esp
	mov	%eax, %edi
	mov	%ebx, %esi

	/* long mode and no-execute are needed: extended leaf 1, EDX bits 29 and 20 */
	mov	$0x80000000, %eax
	cpuid
	cmp	$0x80000001, %eax
	jb	no_long_mode
	mov	$0x80000001, %eax
	cpuid
	and	$0x20100000, %edx
	cmp	$0x20100000, %edx
	jne	no_long_mode

	/* pml4: identity and direct map share one pdpt of four directories of 2 MiB pages */
	mov	$PA(early_pdpt), %eax
	or	$3, %eax
	mov	%eax, PA(early_pml4)
	mov	%eax, PA(early_pml4) + 256 * 8
	mov	$PA(early_pd), %eax
	or	$3, %eax
	xor	%ecx, %ecx
1:	mov	%eax, PA(early_pdpt)(, %ecx, 8)
	add	$4096, %eax
	inc	%ecx
	cmp	$4, %ecx
	jne	1b
	mov	$0x83, %eax
	xor	%ecx, %ecx
2:	mov	%eax, PA(early_pd)(, %ecx, 8)
	add	$0x200000, %eax
	inc	%ecx
	cmp	$2048, %ecx
	jne	2b
	/* the image: 8 MiB from its load address */
	mov	$PA(early_pdpt_image), %eax
	or	$3, %eax
	mov	%eax, PA(early_pml4) + 511 * 8
	mov	$PA(early_pd_image), %eax
	or	$3, %eax
	mov	%eax, PA(early_pdpt_image) + 510 * 8
	mov	$IMAGE_LMA + 0x83, %eax
	xor	%ecx, %ecx
3:	mov	%eax, PA(early_pd_image)(, %ecx, 8)
	add	$0x200000, %eax
	inc	%ecx
	cmp	$4, %ecx
	jne	3b

	mov	%cr4, %eax
	or	$0xa0, %eax			/* PAE, PGE */
	mov	%eax, %cr4
	mov	$PA(early_pml4), %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx		/* EFER: LME, NXE */
	rdmsr
	or	$0x900, %eax
	wrmsr
	mov	%cr0, %eax
	and	$0x9ffaffff, %eax		/* caches on, alignment checks off */
	or	$0x80010023, %eax		/* PG WP NE MP PE */
	mov	%eax, %cr0
	lgdt	PA(boot_gdt_pointer32)
	ljmp	$0x08, $PA(start64_low)

no_long_mode:
	mov	$PA(no_long_mode_text), %esi
	mov	$0xb8000, %edi
4:	lodsb
	test	%al, %al
	jz	5f
	mov	$0x3f8, %dx
	out	%al, %dx
	mov	$0x0f, %ah
	stosw
	jmp	4b
5:	hlt
	jmp	5b
no_long_mode_text:
	.asciz "Mullion: this CPU has no 64-bit mode with no-execute pages. Halted.\r\n"

	.align 8
	.globl boot_gdt
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff		/* 0x08: 64-bit code */
	.quad 0x00cf93000000ffff		/* 0x10: data */
boot_gdt_end:
boot_gdt_pointer32:
	.short boot_gdt_end - boot_gdt - 1
	.long PA(boot_gdt)

	.code64
start64_low:
	movabs	$start64_high, %rax
	jmp	*%rax

	.text
start64_high:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	lea	boot_stack_top(%rip), %rsp
	xor	%ebp, %ebp
	mov	%edi, %edi
	mov	%esi, %esi
	/* a stack canary before the first protected function: TSC mixed by a multiply */
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	movabs	$0x9e3779b97f4a7c15, %rdx
	imul	%rdx, %rax
	xor	%al, %al
	mov	%rax, __stack_chk_guard(%rip)
	call	boot_main
6:	cli
	hlt
	jmp	6b

/*
 * void boot_switch_image(void *dst, const void *src, size_t len, uint64_t cr3)
 * Copies the running image (with this very stack) and switches to tables that map the copy at the same
 * addresses. Nothing may be written to the image between the two.
 */
	.globl boot_switch_image
boot_switch_image:
	mov	%rcx, %rax
	mov	%rdx, %rcx
	shr	$3, %rcx
	rep movsq
	mov	%rax, %cr3
	mov	%cr4, %rax			/* drop global entries of the early tables */
	mov	%rax, %rdx
	and	$~0x80, %rdx
	mov	%rdx, %cr4
	mov	%rax, %cr4
	ret

	.bss
	.align 4096
early_pml4:
	.skip 4096
early_pdpt:
	.skip 4096
early_pd:
	.skip 4 * 4096
early_pdpt_image:
	.skip 4096
early_pd_image:
	.skip 4096
	.globl boot_stack_top
	.align 4096
	.skip 32768
boot_stack_top:
