/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the boot loader to C, by the boot protocol of Linux's arm64 Image: MMU off, x0 = physical address of the device
 * tree, at EL2. The image lies at any multiple of 2 MiB; nothing here uses an absolute address before the MMU is on.
 *
 * Two roots share the tables of the image: hv_root, for good, and boot_root, which also maps the page of the code
 * below 1:1, for the moment in which a CPU turns its MMU on.
 */
#define TABLE		3			/* next-level table, or a page on the last level */
#define PAGE_CODE	0x7cb			/* page, AF, inner shareable, AP RES1 + read-only, MAIR 2 */
#define PAGE_RODATA	(0x7cb | (1 << 54))	/* and never executed */
#define PAGE_DATA	(0x74b | (1 << 54))
#define MPIDR_AFFINITY	0xff00ffffff
#define IMAGE_L3_TABLES	8			/* 16 MiB of image */
#define PE_HEADERS	4096			/* the first page */
#define PE_FILE_ALIGN	512

#define MAIR		0x44ff0400		/* 0 nGnRnE, 1 nGnRE, 2 write-back, 3 non-cacheable */
#define TCR_BASE	0x80803510		/* RES1, 4K, inner shareable, write-back, 48 bits */
#define SCTLR		0x30cd183d		/* RES1, WXN, I, SA, C, M; A is off */

	.section .head, "ax"
	.globl	boot_start
boot_start:
	add	x13, x18, #0x16			/* harmless, and reads "MZ" for EFI */
	b	boot_entry
	.quad	0				/* offset from a multiple of 2 MiB */
	.quad	_image_size
	.quad	0xa				/* little endian, 4K pages, anywhere in memory */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	pe_header - boot_start

/*
 * The same image as an EFI application (Microsoft's PE format specification; what Linux's and others' images have): it
 * needs no relocation, for what runs in the firmware's address space is position independent (efi/).
 */
pe_header:
	.ascii	"PE\0\0"
	.short	0xaa64				/* AArch64 */
	.short	2				/* sections */
	.long	0, 0, 0
	.short	pe_sections - pe_optional
	.short	0x206				/* executable, no line numbers, no debug data */
pe_optional:
	.short	0x20b				/* PE32+ */
	.byte	0, 0
	.long	_pe_text_size, _pe_data_file_size, _pe_bss_size
	.long	_pe_entry
	.long	PE_HEADERS			/* start of code */
	.quad	0
	.long	4096, PE_FILE_ALIGN		/* alignment of sections: in memory, in the file */
	.long	0, 0, 0, 0
	.long	_image_size, PE_HEADERS
	.long	0
	.short	10				/* EFI application */
	.short	0x100				/* data need not be executable */
	.quad	0, 0, 0, 0
	.long	0
	.long	6				/* data directories, all empty */
	.quad	0, 0, 0, 0, 0, 0
pe_sections:
	.ascii	".text\0\0\0"
	.long	_pe_text_size, PE_HEADERS, _pe_text_size, PE_HEADERS
	.long	0, 0, 0
	.long	0x60000020			/* code, read, execute */
	.ascii	".data\0\0\0"
	.long	_pe_data_size, _pe_data_start, _pe_data_file_size, _pe_data_start
	.long	0, 0, 0
	.long	0xc0000040			/* data, read, write */
	.org	boot_start + PE_HEADERS

	.section .boot.text, "ax"
boot_entry:
	mov	x21, x0
	mrs	x0, CurrentEL
	cmp	x0, #(2 << 2)
	b.ne	halt				/* no EL2, and no console to say so: docs/support.md */
	msr	daifset, #15
	adrp	x19, boot_start			/* where the image is */
	ldr	x20, =boot_start		/* where it is to be */
	bl	make_tables
	adrp	x0, boot_root
	bl	mmu_on				/* returns at the image's own address */
	adrp	x0, hv_root
	bl	to_hv_root

	ldr	x0, =boot_stack_end
	mov	sp, x0
	adrp	x0, vectors
	msr	vbar_el2, x0
	isb
	adrp	x0, _bss_start
	adrp	x1, _image_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x21
	mov	x1, x19
	b	boot_main

/* PSCI CPU_ON enters here, x0 = top of the CPU's stack, where its struct cpu stands. */
	.globl	boot_secondary
boot_secondary:
	mov	x21, x0
	mrs	x0, CurrentEL
	cmp	x0, #(2 << 2)
	b.ne	halt
	msr	daifset, #15
	adrp	x19, boot_start
	ldr	x20, =boot_start
	adrp	x0, boot_root
	bl	mmu_on
	adrp	x0, hv_root
	bl	to_hv_root
	sub	sp, x21, #16
	adrp	x0, vectors
	msr	vbar_el2, x0
	isb
	mov	x29, xzr
	mov	x30, xzr
	ldr	x0, [sp]
	b	smp_secondary_main

/* Entered where the board starts CPUs at a bare address: this one waits until boot_pen has its number. */
	.globl	boot_secondary_pen
boot_secondary_pen:
	adrp	x1, boot_pen
	add	x1, x1, :lo12:boot_pen
	mrs	x2, mpidr_el1
	ldr	x3, =MPIDR_AFFINITY
	and	x2, x2, x3
1:	ldr	x3, [x1]
	cmp	x3, x2
	b.eq	2f
	wfe
	b	1b
2:	ldr	x0, [x1, #8]
	b	boot_secondary

halt:	wfe
	b	halt

/* x0 = root. Turns caches and MMU on and returns to the caller at its address in the image. */
mmu_on:
	sub	x30, x30, x19
	add	x30, x30, x20
	ldr	x1, =MAIR
	msr	mair_el2, x1
	ldr	x1, =TCR_BASE
	mrs	x2, id_aa64mmfr0_el1
	and	x2, x2, #15			/* width of physical addresses; 5: 48 bits */
	cmp	x2, #5
	mov	x3, #5
	csel	x2, x2, x3, lo
	orr	x1, x1, x2, lsl #16
	msr	tcr_el2, x1
	msr	ttbr0_el2, x0
	isb
	tlbi	alle2
	ic	iallu
	dsb	sy
	isb
	ldr	x1, =SCTLR
	msr	sctlr_el2, x1
	isb
	ret

/* x0 = root, by its address in the image. */
to_hv_root:
	sub	x0, x0, x20
	add	x0, x0, x19
	msr	ttbr0_el2, x0
	isb
	tlbi	alle2
	dsb	sy
	isb
	ret

/* Tables are written past the caches; what caches hold of them from before is thrown away before and after. */
make_tables:
	mov	x28, x30
	bl	forget_tables
	adrp	x0, boot_tables
	adrp	x1, boot_tables_end
1:	stp	xzr, xzr, [x0], #16
	cmp	x0, x1
	b.lo	1b

	/* hv_root, boot_root -> image_l1 -> image_l2 -> image_l3 ... */
	adrp	x0, image_l1
	orr	x0, x0, #TABLE
	ubfx	x1, x20, #39, #9
	adrp	x2, hv_root
	str	x0, [x2, x1, lsl #3]
	adrp	x2, boot_root
	str	x0, [x2, x1, lsl #3]
	adrp	x0, image_l2
	orr	x0, x0, #TABLE
	ubfx	x1, x20, #30, #9
	adrp	x2, image_l1
	str	x0, [x2, x1, lsl #3]
	adrp	x0, image_l3
	orr	x0, x0, #TABLE
	adrp	x2, image_l2
	mov	x1, #IMAGE_L3_TABLES
2:	str	x0, [x2], #8
	add	x0, x0, #4096
	subs	x1, x1, #1
	b.ne	2b

	/* pages of the image, at the start of image_l3: its address is a multiple of 2 MiB */
	adrp	x0, boot_start
	adrp	x2, image_l3
	adrp	x1, _text_end
	ldr	x3, =PAGE_CODE
	bl	map_up_to
	adrp	x1, _rodata_end
	ldr	x3, =PAGE_RODATA
	bl	map_up_to
	adrp	x1, _image_end
	ldr	x3, =PAGE_DATA
	bl	map_up_to

	/* this page and the next one 1:1 */
	adrp	x4, boot_start
	adrp	x0, ident_l1
	orr	x0, x0, #TABLE
	ubfx	x1, x4, #39, #9
	adrp	x2, boot_root
	str	x0, [x2, x1, lsl #3]
	adrp	x0, ident_l2
	orr	x0, x0, #TABLE
	ubfx	x1, x4, #30, #9
	adrp	x2, ident_l1
	str	x0, [x2, x1, lsl #3]
	adrp	x0, ident_l3
	orr	x0, x0, #TABLE
	ubfx	x1, x4, #21, #9
	adrp	x2, ident_l2
	str	x0, [x2, x1, lsl #3]
	adrp	x2, ident_l3
	mov	x0, x4
	add	x1, x4, #8192
	ldr	x3, =PAGE_CODE
	bl	map_up_to

	dsb	sy
	mov	x30, x28

forget_tables:
	adrp	x0, boot_tables
	adrp	x1, boot_tables_end
	mrs	x2, ctr_el0
	ubfx	x2, x2, #16, #4			/* log2 of the words of the smallest line */
	mov	x3, #4
	lsl	x3, x3, x2
1:	dc	ivac, x0
	add	x0, x0, x3
	cmp	x0, x1
	b.lo	1b
	dsb	sy
	ret

/* Entries from x2 on map x0 up to x1 with the bits x3. */
map_up_to:
	cmp	x0, x1
	b.hs	2f
	orr	x5, x0, x3
	str	x5, [x2], #8
	add	x0, x0, #4096
	b	map_up_to
2:	ret

	.ltorg

/* Leaves the present stack: x0 = top of another, x1 = a function that does not return. */
	.text
	.globl	main_loop_on_stack
main_loop_on_stack:
	mov	sp, x0
	mov	x29, xzr
	mov	x30, xzr
	br	x1

	.section .boot.tables, "aw", %progbits
	.balign	4096
	.globl	hv_root, boot_tables, boot_tables_end
boot_tables:
hv_root:	.skip	4096
boot_root:	.skip	4096
image_l1:	.skip	4096
image_l2:	.skip	4096
image_l3:	.skip	4096 * IMAGE_L3_TABLES
ident_l1:	.skip	4096
ident_l2:	.skip	4096
ident_l3:	.skip	4096
boot_tables_end:
/* Of the CPU that may pass: its affinity, the top of its stack. A line of its own. */
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
