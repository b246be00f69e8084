/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

struct cpu;

void smp_boot_cpu_init(void);		/* first thing of all */
void smp_init(void);			/* starts the other CPUs; they enter their main loops */
void smp_secondary_main(struct cpu *c) __attribute__((noreturn));	/* from boot.S */
/* Leaves the present stack and runs fn on the given one for good. */
void main_loop_on_stack(void *top, void (*fn)(void)) __attribute__((noreturn));
