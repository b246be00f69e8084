/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The plan of the service VM's memory (common/dom0_memory.c). Boot CPU, in this order. */
#include <hv/boot.h>
#include <hv/types.h>

struct domain;

/* All RAM that hv_reserved leaves, as whole frames. Returns bytes. */
uint64_t dom0_collect_ram(void);
/* What lies below at is not for it. Returns the bytes that remain. */
uint64_t dom0_drop_below(uint64_t at);
/* How much of what is there the service VM gets, by dom0_mem=; boot_fail when that cannot be. */
uint64_t dom0_choose_size(uint64_t available);
/* Keeps that much, from the bottom. */
void dom0_clip_ram(uint64_t size);
/* Does [start, end) lie in one range of it? */
bool dom0_holds(uint64_t start, uint64_t end);
/* The result, which must not go to the allocator: sorted and page-aligned. */
unsigned int dom0_ram_ranges(const struct memory_range **out);
/* Gives [start, start + size) of it to some use; returns start. */
uint64_t dom0_take(uint64_t start, uint64_t size);
/*
 * Room in it that nothing else was given: the lowest or the highest in [min, max), page-aligned. 0:
 * there is none.
 */
uint64_t dom0_take_low(uint64_t size, uint64_t min, uint64_t max);
uint64_t dom0_take_high(uint64_t size, uint64_t min, uint64_t max);
/* Gives d its RAM 1:1. */
void dom0_populate(struct domain *d);
