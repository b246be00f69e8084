/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Boot-time memory of the x86 port (arch/x86/boot/). */
#include <hv/addr.h>
#include <hv/boot.h>

#define IMAGE_LMA	0x200000UL

/* Marks of the linker script. */
extern char _image_start[], _text_end[], _rodata_end[], _load_end[], _image_end[];

void boot_switch_image(void *dst, const void *src, size_t len, uint64_t cr3);

/* Parses what the loader left; fills boot_info with modules and tables still where the loader put them. */
void multiboot_parse(uint32_t magic, hpa_t info);

/* Sorts, rounds and un-overlaps the memory map: for a byte claimed twice the more restrictive type wins. */
void memory_map_sanitise(struct memory_range *map, unsigned int *count, unsigned int max);

/*
 * Boot allocator: memory for the hypervisor's own long-lived tables, taken from the top of RAM below 4 GiB. What
 * it gave is in hv_reserved and never goes to the frame allocator. Used until paging_init_final has run.
 */
void boot_memory_init(void);
void boot_memory_exclude(uint64_t start, uint64_t len);
hpa_t boot_alloc(uint64_t size, uint64_t align);	/* zeroed; boot_fail when there is none */
hpa_t boot_alloc_low(uint64_t size);			/* below 640 KiB, not zeroed */
/* Moves the boot modules out of the service VM's way. */
void boot_move_modules(void);

extern hpa_t trampoline_page;
#define TRAMPOLINE_SIZE	0x4000UL

/* Final tables (paging.c): builds them with boot_alloc, moves the image and switches. */
void paging_init(void);
