/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot sector of the Bochs machine. Bochs itself has put the hypervisor and its modules into memory, with a
 * multiboot information block that says where (bochs.py); what is left to do is to touch that memory in order, to ask
 * the firmware for the memory map, and to jump. A second start is the end: the machine was reset. GRUB would read 100 MB through the firmware, at 10 s for what costs nothing here.
 */
#define INFO_MMAP_LENGTH	44	/* in the block, Multiboot 0.6.96 section 3.3 */
#define ENTRY			(BASE + 4)
#define STARTED			(BASE + 8)
#define INFO			(BASE + 16)
#define MMAP			0x8000	/* as the block says */
#define SMAP			0x534d4150

	.code16
	.text
	.globl _start
_start:
	cli
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x7c00, %sp
	mov	$MMAP, %di
	xor	%ebx, %ebx
1:	movl	$20, (%di)
	add	$4, %di
	mov	$0xe820, %eax
	mov	$20, %ecx
	mov	$SMAP, %edx
	int	$0x15
	jc	2f
	add	$20, %di
	test	%ebx, %ebx
	jnz	1b
	jmp	3f
2:	sub	$4, %di
3:	cli
	in	$0x92, %al
	or	$2, %al
	out	%al, $0x92
	lgdtl	gdt_pointer
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmpl	$0x08, $protected

	.code32
protected:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %fs
	mov	%eax, %gs
	mov	%eax, %ss
	mov	$END, %eax
1:	cmp	$END + 32 * BLOCK, %eax
	je	3f
	mov	(%eax), %ecx
	add	$BLOCK, %eax
	cmp	$LAST_SPARE, %ecx
	jne	1b
	mov	$BASE, %eax
2:	mov	(%eax), %ecx
	add	$BLOCK, %eax
	cmp	$END, %eax
	jb	2b
3:	mov	$no_mark, %esi
	cmpl	$MARK, BASE
	jne	end
	mov	$reset, %esi
	cmpl	$0, STARTED
	jne	end
	incl	STARTED
	movzwl	%di, %edi
	sub	$MMAP, %edi
	mov	%edi, INFO + INFO_MMAP_LENGTH
	mov	$0x2badb002, %eax
	mov	$INFO, %ebx
	jmp	*ENTRY

	/* say on the serial line why, then leave by Bochs's own port */
end:	mov	$0x3f8 + 5, %edx
1:	in	%dx, %al
	test	$0x20, %al
	jz	1b
	lodsb
	mov	$0x3f8, %edx
	out	%al, %dx
	test	%al, %al
	jnz	end
	mov	$0x8900, %edx
	mov	$shutdown, %esi
2:	lodsb
	out	%al, %dx
	jmp	2b

no_mark: .asciz	"bochs-loader: memory is not laid out as expected\r\n"
reset:	.asciz	"bochs-loader: the machine was reset\r\n"
shutdown: .ascii "Shutdown"

	.align	8
gdt:	.quad	0
	.quad	0x00cf9b000000ffff
	.quad	0x00cf93000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

	.org	510
	.byte	0x55, 0xaa
