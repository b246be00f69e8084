/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <asm/arch_cpu.h>

struct cpu;

/* HTPIDR points at the struct cpu. */
static inline struct cpu *this_cpu(void)
{
	struct cpu *c;

	__asm__("mrc p15, 4, %0, c13, c0, 2" : "=r"(c));
	return c;
}
