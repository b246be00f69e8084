/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GICv2: the only one of this width. */
#include "board.h"
#include "gic_v2.h"

volatile uint32_t *irqs_register(uint32_t offset)
{
	return gic_v2_dist(offset);
}

void irqs_init(uint32_t enable)
{
	gic_v2_init(enable);
}

void guest_irq(void)
{
	gic_v2_irq();
}

/* Of libgcc's division by zero. */
int raise(int signal);
int raise(int signal)
{
	guest_fail(__FILE__, __LINE__, "division by zero", "%d", signal);
	guest_end();
}
