/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The 4 GiB of Hyp mode: nothing, devices and stacks, frame table, image (mullion.lds), and from 1 GiB on the direct
 * map. It holds what lies within 3 GiB of the machine's first RAM; the rest is not used (docs/support.md).
 */
#include <hv/types.h>

#define ROOT_LEVEL	3		/* of the tables, 1 is the level of pages */
#define AREA_BASE	0x10000000ULL
#define AREA_SIZE	MIB(256)
#define FRAMETABLE_BASE 0x20000000ULL
#define DIRECT_BASE	0x40000000ULL
/* One block less, so that the end of everything is not 0. */
#define DIRECT_SIZE	(GIB(3) - MIB(2))

extern uint64_t direct_first;		/* abi.c: the machine address at DIRECT_BASE */
#define DIRECT_FIRST	direct_first

static inline void layout_set_first(uint64_t first_ram)
{
	direct_first = ROUND_DOWN(first_ram, MIB(2));
}
