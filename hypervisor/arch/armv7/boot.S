/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the boot loader to C, by the boot protocol of Linux's ARM zImage: MMU and data cache off, r2 = physical address
 * of the device tree, in Hyp mode. The image lies on any page; nothing here uses an absolute address before the MMU is
 * on.
 *
 * Two roots share the tables of the image: hv_root, for good, and boot_root, which also maps the page of the code below
 * 1:1, for the moment in which a CPU turns its MMU on. Entries are of 64 bits; the upper half holds only PAGE_XN, for
 * images are loaded below 4 GiB.
 */
#define TABLE		3			/* next-level table, or a page on the last level */
#define PAGE_CODE	0x7cb			/* page, AF, inner shareable, AP[1] RES1 + read-only, HMAIR 2 */
#define PAGE_DATA	0x74b
#define PAGE_XN		(1 << 22)		/* bit 54 */
#define IMAGE_L3_TABLES	8			/* 16 MiB of image */

#define HMAIR0		0x44ff0400		/* 0 nGnRnE, 1 nGnRE, 2 write-back, 3 non-cacheable */
#define HTCR		0x80803500		/* RES1, inner shareable, write-back, 32 bits */
#define HSCTLR		0x30cd181d		/* RES1, WXN, I, C, M; A is off */
#define MODE_HYP	0x1a

	.arch	armv7ve
	.arm
	/* r0 = place of sym, by its distance from here. */
	.macro	place reg, sym
	ldr	\reg, =\sym
	sub	\reg, \reg, r10
	add	\reg, \reg, r9
	.endm

	.section .head, "ax"
	.globl	boot_start
boot_start:
	.rept	8
	nop
	.endr
	b	boot_entry
	.word	0x016f2818			/* a zImage */
	.word	0
	.word	_load_size
	.word	0x04030201			/* little endian */

	.section .boot.text, "ax"
boot_entry:
	mov	r8, r2
	bl	find_place
	bl	require_hyp
	bl	make_tables
	place	r0, boot_root
	bl	mmu_on				/* returns at the image's own address */
	bl	to_hv_root

	ldr	sp, =boot_stack_end
	ldr	r0, =vectors
	mcr	p15, 4, r0, c12, c0, 0		/* HVBAR */
	isb
	ldr	r0, =_bss_start
	ldr	r1, =_image_end
	mov	r2, #0
	mov	r3, #0
1:	strd	r2, r3, [r0], #8
	cmp	r0, r1
	blo	1b
	mov	fp, #0
	mov	lr, #0
	mov	r0, r8
	mov	r1, #0
	mov	r2, r9
	mov	r3, #0
	b	boot_main

/* PSCI CPU_ON enters here, r0 = top of the CPU's stack, where its struct cpu stands. */
	.globl	boot_secondary
boot_secondary:
	mov	r8, r0
	bl	find_place
	bl	require_hyp
	place	r0, boot_root
	bl	mmu_on
	bl	to_hv_root
	sub	sp, r8, #8
	ldr	r0, =vectors
	mcr	p15, 4, r0, c12, c0, 0
	isb
	mov	fp, #0
	mov	lr, #0
	ldr	r0, [sp]
	b	smp_secondary_main

/* Entered where the board starts CPUs at a bare address: this one waits until boot_pen has its number. */
	.globl	boot_secondary_pen
boot_secondary_pen:
	cpsid	aif
	bl	find_place
	place	r1, boot_pen
	mrs	r0, cpsr
	and	r0, r0, #0x1f
	cmp	r0, #MODE_HYP
	beq	1f
	ldr	r12, [r1, #16]			/* what the board's firmware has for the way into Hyp mode */
	cmp	r12, #0
	beq	halt
	adr	r0, 1f
	smc	#0
1:	bl	find_place			/* the firmware may have left anything in registers */
	place	r1, boot_pen
	mrc	p15, 0, r2, c0, c0, 5		/* MPIDR */
	bic	r2, r2, #0xff000000
2:	ldr	r3, [r1]
	cmp	r3, r2
	beq	3f
	wfe
	b	2b
3:	ldr	r0, [r1, #8]
	b	boot_secondary

/* r9 = where the image is, r10 = where it is to be. */
find_place:
	adr	r9, boot_entry
	ldr	r10, =boot_entry
	ldr	r0, =boot_start
	sub	r1, r10, r0
	sub	r9, r9, r1
	mov	r10, r0
	bx	lr

/* In another mode, or off a page, there is no way on, and no console to say so: docs/support.md. */
require_hyp:
	cpsid	aif
	mrs	r0, cpsr
	and	r0, r0, #0x1f
	cmp	r0, #MODE_HYP
	bne	halt
	bic	r0, r9, #0xff0
	bic	r0, r0, #0x00f
	cmp	r0, r9
	bxeq	lr
halt:	wfe
	b	halt

/* r0 = root. Turns caches and MMU on and returns to the caller at its address in the image. */
mmu_on:
	sub	lr, lr, r9
	add	lr, lr, r10
	ldr	r1, =HMAIR0
	mcr	p15, 4, r1, c10, c2, 0
	ldr	r1, =HTCR
	mcr	p15, 4, r1, c2, c0, 2
	mov	r1, #0
	mcrr	p15, 4, r0, r1, c2		/* HTTBR */
	isb
	mcr	p15, 4, r1, c8, c7, 0		/* TLBIALLH */
	mcr	p15, 0, r1, c7, c5, 0		/* ICIALLU */
	mcr	p15, 0, r1, c7, c5, 6		/* BPIALL */
	dsb	sy
	isb
	ldr	r1, =HSCTLR
	mcr	p15, 4, r1, c1, c0, 0
	isb
	bx	lr

to_hv_root:
	place	r0, hv_root
	mov	r1, #0
	mcrr	p15, 4, r0, r1, c2
	isb
	mcr	p15, 4, r1, c8, c7, 0
	dsb	sy
	isb
	bx	lr

/* Tables are written past the caches; what caches hold of them from before is thrown away before and after. */
make_tables:
	mov	r11, lr
	bl	forget_tables
	place	r0, boot_tables
	place	r1, boot_tables_end
	mov	r2, #0
	mov	r3, #0
1:	strd	r2, r3, [r0], #8
	cmp	r0, r1
	blo	1b

	/* hv_root -> image_l2 -> image_l3, boot_root -> boot_l2 -> the same */
	place	r2, hv_root
	place	r3, image_l2
	bl	link_image
	place	r2, boot_root
	place	r3, boot_l2
	bl	link_image

	/* pages of the image, at the start of image_l3: its address is a multiple of 2 MiB */
	mov	r0, r9
	place	r2, image_l3
	place	r1, _text_end
	ldr	r3, =PAGE_CODE
	mov	r4, #0
	bl	map_up_to
	place	r1, _rodata_end
	mov	r4, #PAGE_XN
	bl	map_up_to
	place	r1, _image_end
	ldr	r3, =PAGE_DATA
	bl	map_up_to

	/* this page 1:1, in boot_l2 when that is its GiB */
	place	r3, boot_l2
	mov	r1, r9, lsr #30
	mov	r5, r10, lsr #30
	cmp	r1, r5
	beq	2f
	place	r3, ident_l2
	place	r2, boot_root
	orr	r0, r3, #TABLE
	add	r2, r2, r1, lsl #3
	str	r0, [r2]
2:	ubfx	r1, r9, #21, #9
	add	r3, r3, r1, lsl #3
	ldr	r0, [r3]
	cmp	r0, #0
	bne	halt				/* loaded where the image is to be mapped */
	place	r2, ident_l3
	orr	r0, r2, #TABLE
	str	r0, [r3]
	ubfx	r1, r9, #12, #9
	add	r2, r2, r1, lsl #3
	mov	r0, r9
	add	r1, r9, #4096
	ldr	r3, =PAGE_CODE
	mov	r4, #0
	bl	map_up_to

	dsb	sy
	mov	lr, r11

forget_tables:
	place	r0, boot_tables
	place	r1, boot_tables_end
	mrc	p15, 0, r2, c0, c0, 1		/* CTR */
	ubfx	r2, r2, #16, #4			/* log2 of the words of the smallest line */
	mov	r3, #4
	lsl	r3, r3, r2
1:	mcr	p15, 0, r0, c7, c6, 1		/* DCIMVAC */
	add	r0, r0, r3
	cmp	r0, r1
	blo	1b
	dsb	sy
	bx	lr

/* Root r2 gets the image's tables by way of the table r3. */
link_image:
	mov	r1, r10, lsr #30
	add	r2, r2, r1, lsl #3
	orr	r0, r3, #TABLE
	str	r0, [r2]
	ubfx	r1, r10, #21, #9
	add	r3, r3, r1, lsl #3
	place	r0, image_l3
	orr	r0, r0, #TABLE
	mov	r1, #IMAGE_L3_TABLES
1:	str	r0, [r3], #8
	add	r0, r0, #4096
	subs	r1, r1, #1
	bne	1b
	bx	lr

/* Entries from r2 on map r0 up to r1 with the bits r4:r3. */
map_up_to:
	cmp	r0, r1
	bxhs	lr
	orr	r5, r0, r3
	str	r5, [r2], #4
	str	r4, [r2], #4
	add	r0, r0, #4096
	b	map_up_to

	.ltorg
	.globl	boot_text_end
boot_text_end:

/* Leaves the present stack: r0 = top of another, r1 = a function that does not return. */
	.text
	.globl	main_loop_on_stack
main_loop_on_stack:
	mov	sp, r0
	mov	fp, #0
	mov	lr, #0
	bx	r1

	.section .boot.tables, "aw", %progbits
	.balign	4096
	.globl	hv_root, boot_tables, boot_tables_end
boot_tables:
hv_root:	.skip	4096
boot_root:	.skip	4096
image_l2:	.skip	4096
boot_l2:	.skip	4096
image_l3:	.skip	4096 * IMAGE_L3_TABLES
ident_l2:	.skip	4096
ident_l3:	.skip	4096
boot_tables_end:
/* Of the CPU that may pass: its affinity, the top of its stack, a call into Hyp mode. A line of its own. */
	.globl	boot_pen
boot_pen:	.skip	2048

	.bss
	.balign	32768
	.skip	16384
boot_stack:
	.skip	16384
	.globl	boot_stack_end
boot_stack_end:
	.globl	emergency_stack_end
	.skip	8192
	.balign	4096
emergency_stack_end:
	.section .note.GNU-stack, "", %progbits
