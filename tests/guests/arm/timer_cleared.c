/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 pcpus=1 xen=skip "shows nothing of what is disabled, takes no write of ICPENDR" */
/*
 * A timer's interrupt that comes while it is disabled, and is then cleared or set by hand: it is a
 * level, so it is pending as long as the timer asks for it, and it comes when it is enabled. The
 * machine's interrupt behind it does not stay with the CPU when the vCPU has left: another vCPU's
 * timer works there.
 */
#include "guest.h"

#define VIRTUAL	 27
#define BIT_OF	 (1u << VIRTUAL)
#define IMASK	 2ul
#define ISENABLE 0x100
#define ICENABLE 0x180
#define ISPEND	 0x200
#define ICPEND	 0x280

static volatile bool left, works;

static void on_irq(uint32_t intid)
{
	timer_control_set(intid == VIRTUAL, IMASK | TIMER_ENABLE);
}

static void due_while_disabled(void)
{
	*irqs_register(ICENABLE) = BIT_OF;
	timer_start(true, 0);
	EXPECT(WAIT_FOR(*irqs_register(ISPEND) & BIT_OF, 1000), "not pending while it is disabled");
}

static void other(void *arg)
{
	(void)arg;
	irqs_init(0);
	due_while_disabled();
	*irqs_register(ICPEND) = BIT_OF;
	timer_control_set(true, 0);
	*irqs_register(ICPEND) = BIT_OF;
	left = true;
	while (!works) {
		EXPECT_EQ(HC(sched_op, SCHEDOP_yield, 0), 0);
	}
}

static void expect_timer(const char *when)
{
	irq_count[0][VIRTUAL] = 0;
	timer_start(true, 2000 * tsc_khz() / 1000);
	EXPECT(WAIT_IRQ(irq_count[0][VIRTUAL], 3000), "no interrupt %s", when);
}

void guest_main(void)
{
	private_irq = on_irq;
	irqs_init(BIT_OF);
	expect_timer("at first");
	/* Cleared, it is pending again at once; enabled, it comes. */
	due_while_disabled();
	*irqs_register(ICPEND) = BIT_OF;
	EXPECT(WAIT_FOR(*irqs_register(ISPEND) & BIT_OF, 1000),
	       "the timer asks, and it is not pending");
	irq_count[0][VIRTUAL] = 0;
	*irqs_register(ISENABLE) = BIT_OF;
	EXPECT(WAIT_IRQ(irq_count[0][VIRTUAL], 3000),
	       "no interrupt after it was cleared and enabled");
	expect_timer("after it was cleared");
	due_while_disabled();
	*irqs_register(ISPEND) = BIT_OF;
	*irqs_register(ISENABLE) = BIT_OF;
	take_interrupts();
	expect_timer("after it was set by hand");
	/* The other vCPU leaves the CPU with its timer's interrupt cleared and disabled. */
	cpu_run(1, other, NULL);
	while (!left) {
		EXPECT_EQ(HC(sched_op, SCHEDOP_yield, 0), 0);
	}
	expect_timer("where another vCPU has cleared its own");
	works = true;
}
