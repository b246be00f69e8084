/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Resets the machine through PSCI. Any context, also after a panic. */
void machine_reset(void) __attribute__((noreturn));
