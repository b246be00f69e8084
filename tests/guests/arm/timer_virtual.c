/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * The virtual timer and the physical one: each interrupts (PPI 27 and 30) when it is due and not
 * before, is silent while masked, and wakes a WFI and a blocked vCPU.
 */
#include "guest.h"

#define VIRTUAL	 27
#define PHYSICAL 30
#define ENABLE	 TIMER_ENABLE
#define IMASK	 2ul
#define ISTATUS	 4ul

static void on_irq(uint32_t intid)
{
	timer_control_set(intid == VIRTUAL, IMASK | ENABLE);
}

static void arm_timer(uint32_t intid, uint64_t us)
{
	timer_start(intid == VIRTUAL, us * tsc_khz() / 1000);
}

static uint64_t control(uint32_t intid)
{
	return timer_control(intid == VIRTUAL);
}

static void check(uint32_t intid)
{
	volatile uint32_t *count = &irq_count[0][intid];
	uint64_t t0 = rdtsc(), before;

	arm_timer(intid, 20000);
	before = control(intid) & 7;
	/* unless the machine was too busy for us */
	EXPECT(before == ENABLE || rdtsc() - t0 >= 20 * tsc_khz(),
	       "timer %u is due before its time: %lx", intid, before);
	EXPECT(WAIT_IRQ(*count, 5000), "timer %u: no interrupt", intid);
	EXPECT(rdtsc() - t0 >= 20 * tsc_khz(), "timer %u is early", intid);
	EXPECT_EQ(*count, 1);
	EXPECT_EQ(control(intid) & 7, ENABLE | IMASK | ISTATUS);
	/* Masked it is silent; due long ago it comes at once. */
	take_interrupts();
	EXPECT_EQ(*count, 1);
	*count = 0;
	arm_timer(intid, 0);
	EXPECT(WAIT_IRQ(*count, 5000), "timer %u: no interrupt when it is late", intid);
	EXPECT_EQ(*count, 1);
	/* WFI and SCHEDOP_block end by it. */
	*count = 0;
	arm_timer(intid, 20000);
	__asm__ volatile("wfi" ::: "memory");
	EXPECT_EQ(*count, 0);
	take_interrupts();
	EXPECT_EQ(*count, 1);
	arm_timer(intid, 20000);
	sti();
	EXPECT_EQ(HC(sched_op, SCHEDOP_block, 0), 0);
	cli();
	EXPECT_EQ(*count, 2);
}

void guest_main(void)
{
	private_irq = on_irq;
	irqs_init(1u << VIRTUAL | 1u << PHYSICAL);
	check(VIRTUAL);
	check(PHYSICAL);
}
