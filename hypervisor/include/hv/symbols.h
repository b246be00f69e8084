/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

/* Name and offset of an address of the image's text; "?" when unknown. Any context. */
const char *symbol_of(uint64_t addr, uint64_t *offset);
/* One line of a backtrace. */
void symbol_print(uint64_t addr);
