/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Resets the machine by the first way that works: FADT register, 0xcf9, keyboard controller, triple fault. Any
 * context, also after a panic. */
void machine_reset(void) __attribute__((noreturn));
