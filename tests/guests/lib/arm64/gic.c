/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GICv3 of QEMU's virt machine. */
#include "board.h"

#define GICD_CTLR  0x08000000ul
#define GICR	   0x080a0000ul
#define GICR_WAKER 0x14
#define GICR_SGI   0x10000
#define GROUP	   0x080
#define ENABLE	   0x100

static volatile uint32_t *reg(uint64_t a)
{
	return (volatile uint32_t *)a;
}

void irqs_init(uint32_t enable)
{
	uint64_t own = GICR + cpu_self() * 0x20000ul;

	*reg(GICD_CTLR) = 1 << 4 | 1 << 1; /* affinity routing, group 1 */
	*reg(own + GICR_WAKER) = 0;
	*reg(own + GICR_SGI + GROUP) = ~0u;
	*reg(own + GICR_SGI + ENABLE) = enable;
	__asm__ volatile("msr S3_0_C12_C12_5, %0; isb" ::"r"(7ul)); /* ICC_SRE_EL1 */
	__asm__ volatile("msr S3_0_C4_C6_0, %0" ::"r"(0xfful));	    /* ICC_PMR_EL1 */
	__asm__ volatile("msr S3_0_C12_C12_7, %0; isb" ::"r"(1ul)); /* ICC_IGRPEN1_EL1 */
}

void guest_irq(void)
{
	uint64_t id;

	__asm__ volatile("mrs %0, S3_0_C12_C12_0; dsb sy" : "=r"(id)::"memory"); /* ICC_IAR1_EL1 */
	if (id < 1020) {
		board_irq((uint32_t)id);
		__asm__ volatile("msr S3_0_C12_C12_1, %0; isb" ::"r"(id)
				 : "memory"); /* ICC_EOIR1_EL1 */
	}
}
