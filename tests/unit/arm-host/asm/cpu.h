/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <asm/arch_cpu.h>

struct cpu;

/* The one whose vCPU the test runs. */
struct cpu *this_cpu(void);
