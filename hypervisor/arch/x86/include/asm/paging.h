/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The hypervisor's own address space (arch/x86/paging.c). One set of tables for all CPUs; no guest mapping
 * ever stands in it except by the direct map.
 */
#include <hv/addr.h>

#define DIRECTMAP_BASE	0xffff800000000000UL	/* all RAM, RW NX */
#define FRAMETABLE_BASE	0xffffc00000000000UL	/* struct page_info[], sparse */
#define VMAP_BASE	0xffffd00000000000UL	/* ioremap and guarded stacks */
#define IMAGE_BASE	0xffffffff80000000UL

/* Maps device memory uncached; NULL: no memory. Lives until iounmap. Boot and hypercall context. */
volatile void *ioremap(hpa_t start, size_t len);
void iounmap(volatile void *p);
/* Maps memory that need not be RAM, cached and read-only (firmware tables). Same life. */
const void *map_firmware(hpa_t start, size_t len);
void unmap_firmware(const void *p);
/* A stack of size bytes with a guard page below; returns its top. */
void *stack_alloc(size_t size);

/* From now on table pages come from the frame allocator. */
void paging_frames_ready(void);
/* Physical address of the tables, below 4 GiB. */
uint64_t paging_cr3(void);
