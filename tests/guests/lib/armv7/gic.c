/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GICv2 of QEMU's virt machine. */
#include "board.h"

#define GICD	    0x08000000ul
#define GICC	    0x08010000ul
#define GICD_ENABLE 0x100
#define GICC_PMR    0x04
#define GICC_IAR    0x0c
#define GICC_EOIR   0x10

static volatile uint32_t *reg(uint32_t a)
{
	return (volatile uint32_t *)a;
}

volatile uint32_t *irqs_register(uint32_t offset)
{
	return reg(GICD + offset);
}

void irqs_init(uint32_t enable)
{
	*reg(GICD) = 1;
	*irqs_register(GICD_ENABLE) = enable;
	*reg(GICC + GICC_PMR) = 0xff;
	*reg(GICC) = 1;
	barrier();
}

void guest_irq(void)
{
	uint32_t ack = *reg(GICC + GICC_IAR), id = ack & 0x3ff;

	if (id < 1020) {
		board_irq(id);
		*reg(GICC + GICC_EOIR) = ack;
	}
}

/* Of libgcc's division by zero. */
int raise(int signal);
int raise(int signal)
{
	guest_fail(__FILE__, __LINE__, "division by zero", "%d", signal);
	guest_end();
}
