/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between board.c and the GIC's version of each width (gic.c), and what start.S calls. */
#ifndef GUEST_BOARD_H
#define GUEST_BOARD_H

#include "guest.h"

/* An interrupt was taken; gic.c ends it. */
void board_irq(uint32_t intid);
void guest_irq(void);
void guest_start(unsigned long fdt);
/* The i-th range of registers that the GIC's node in the tree has; the domain's place of it. */
uint64_t board_gic(unsigned i);
/* Where the vCPU goes on. */
unsigned long guest_fault(unsigned long status, unsigned long pc, unsigned long far);
#endif
