/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GICv3 or GICv2, where the tree has it. */
#include "board.h"
#include "gic_v2.h"

#define GICR_WAKER 0x14
#define GICR_SGI   0x10000
#define GROUP	   0x080
#define ENABLE	   0x100

static volatile uint32_t *reg(uint64_t a)
{
	return (volatile uint32_t *)a;
}

volatile uint32_t *irqs_register(uint32_t offset)
{
	if (gic_is_v2()) {
		return gic_v2_dist(offset);
	}
	return reg(board_gic(1) + cpu_self() * 0x20000ul + GICR_SGI + offset);
}

void irqs_init(uint32_t enable)
{
	uint64_t own;

	if (gic_is_v2()) {
		gic_v2_init(enable);
		return;
	}
	own = board_gic(1) + cpu_self() * 0x20000ul;
	*reg(board_gic(0)) = 1 << 4 | 1 << 1; /* affinity routing, group 1 */
	*reg(own + GICR_WAKER) = 0;
	*irqs_register(GROUP) = ~0u;
	*irqs_register(ENABLE) = enable;
	__asm__ volatile("msr S3_0_C12_C12_5, %0; isb" ::"r"(7ul)); /* ICC_SRE_EL1 */
	__asm__ volatile("msr S3_0_C4_C6_0, %0" ::"r"(0xfful));	    /* ICC_PMR_EL1 */
	__asm__ volatile("msr S3_0_C12_C12_7, %0; isb" ::"r"(1ul)); /* ICC_IGRPEN1_EL1 */
}

void guest_irq(void)
{
	uint64_t id;

	if (gic_is_v2()) {
		gic_v2_irq();
		return;
	}
	__asm__ volatile("mrs %0, S3_0_C12_C12_0; dsb sy" : "=r"(id)::"memory"); /* ICC_IAR1_EL1 */
	if (id < 1020) {
		board_irq((uint32_t)id);
		__asm__ volatile("msr S3_0_C12_C12_1, %0; isb" ::"r"(id)
				 : "memory"); /* ICC_EOIR1_EL1 */
	}
}
