/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

struct cpu;

struct arch_cpu {
	unsigned int unused;
};

/* The calling thread's. */
struct cpu *this_cpu(void);
