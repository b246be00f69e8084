/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gic_v2.h"

#include "board.h"

volatile uint32_t *gic_v2_dist(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(board_gic(0) + offset);
}

volatile uint32_t *gic_v2_cpu(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(board_gic(1) + offset);
}

void gic_v2_init(uint32_t enable)
{
	*gic_v2_dist(GICD_CTLR) = 1;
	*gic_v2_dist(GICD_ISENABLER) = enable;
	*gic_v2_cpu(GICC_PMR) = 0xff;
	*gic_v2_cpu(GICC_CTLR) = 1;
	barrier();
}

void gic_v2_irq(void)
{
	uint32_t ack = *gic_v2_cpu(GICC_IAR), id = ack & 0x3ff;

	if (id < 1020) {
		board_irq(id);
		*gic_v2_cpu(GICC_EOIR) = ack;
	}
}
