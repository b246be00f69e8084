/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Starting CPUs (arch/arm-common/cpu_start.c). */
#include <asm/platform.h>

/*
 * Asks the firmware or the board to start the CPU on the stack that ends at top, where its struct cpu stands; one at a
 * time. True: it has been asked, and may come at any time. False: said why on the console. Needs the GIC.
 */
bool cpu_start(const struct platform_cpu *cpu, void *top);
/* The CPU has come, or is not waited for any more: one that comes now without PSCI goes nowhere. */
void cpu_start_over(void);
