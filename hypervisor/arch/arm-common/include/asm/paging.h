/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The hypervisor's own address space (paging.c; asm/layout.h of each width). */
#include <hv/addr.h>

/* Registers of a device, Device-nGnRE. Boot only; NULL: no more room. Never unmapped. */
volatile void *ioremap(hpa_t a, uint64_t size);
/* A boot-time mapping of normal memory that need not be RAM of ours (device tree, modules), read-only. */
const void *boot_map(hpa_t a, uint64_t size);
/* STACK_SIZE bytes above a guard; returns the top. NULL: no memory. */
void *stack_alloc(void);
#define STACK_SIZE	((uint64_t)16384)
/* Everything of [p, p + len) to the point of coherency, for those who look with caches off. */
void cache_clean_range(const void *p, size_t len);
/* The same, and out of the cache. */
void cache_clean_invalidate_range(const void *p, size_t len);
/* Boot memory before the allocator: zeroed pages that stay the hypervisor's. */
void *boot_alloc(size_t size);
/* After platform_init and before the allocator: direct map, final rights, frame table. */
void paging_init(void);
/* The frame allocator may be asked from now on. */
void paging_frames_ready(void);
