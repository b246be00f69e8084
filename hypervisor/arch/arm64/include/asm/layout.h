/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The 48 bits of EL2's addresses: frame table, devices and stacks, image (mullion.lds), direct map from address 0 on. */
#include <hv/types.h>

#define ROOT_LEVEL	4		/* of the tables, 1 is the level of pages */
#define FRAMETABLE_BASE 0x00007c0000000000UL
#define AREA_BASE	0x00007e8000000000UL
#define AREA_SIZE	GIB(16)
#define DIRECT_BASE	0x0000800000000000UL
#define DIRECT_SIZE	BIT(44)
#define DIRECT_FIRST	0UL

static inline void layout_set_first(uint64_t first_ram)
{
}
