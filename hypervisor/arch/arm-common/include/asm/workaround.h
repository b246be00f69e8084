/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What the firmware does against speculation, by SMC (Arm DEN 0028, 7.4 to 7.6; DEN 0070): functions that make the CPU
 * forget what another context has taught its branch predictor. Where it offers one, arm64/workaround.c has each exit
 * of a guest call it, before anything else is done; where it does not, exits are what they are without.
 */
#include <asm/workaround_ids.h>
#include <hv/types.h>

#define SMCCC_NOT_REQUIRED 1
#define SMCCC_UNSUPPORTED  (-1)

/* Arch: each CPU at its start, on itself. */
void workaround_init_cpu(void);
/*
 * Arch: what a guest is told of these functions: 0 (its calls are worth something), SMCCC_NOT_REQUIRED,
 * SMCCC_UNSUPPORTED. Of the second: never 0, for it stays as the firmware has it.
 */
int workaround_for_guests(uint32_t fn);
