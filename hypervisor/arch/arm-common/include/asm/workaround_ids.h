/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Numbers of the firmware's functions (Arm DEN 0028, 7.4 to 7.6), for C and assembler. */
#define SMCCC_WORKAROUND_1 0x80008000	/* branch targets */
#define SMCCC_WORKAROUND_2 0x80007fff	/* stores that loads pass: firmware has it on, unless it is told */
#define SMCCC_WORKAROUND_3 0x80003fff	/* branch history, and all that the first is for */
