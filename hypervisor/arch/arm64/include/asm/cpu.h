/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <asm/arch_cpu.h>

struct cpu;

/* TPIDR_EL2 points at the struct cpu. */
static inline struct cpu *this_cpu(void)
{
	struct cpu *c;

	__asm__("mrs %0, tpidr_el2" : "=r"(c));
	return c;
}
