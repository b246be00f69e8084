/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * NMIs do not nest: one that comes while another is handled waits for its IRET, also when the handler makes exits, and of
 * several that come meanwhile one is kept. An interrupt taken by the handler does not end the blocking, its IRET does.
 */
#include "guest.h"

static volatile unsigned depth, deepest, rounds;
static volatile bool again;

static void send_self(void)
{
	apic_send(cpu_apic_id(0), APIC_INT_ASSERT | APIC_DM_NMI);
}

static void on_nmi(struct regs *r)
{
	(void)r;
	depth++;
	deepest = depth > deepest ? depth : deepest;
	rounds++;
	if (again) {
		again = false;
		send_self();
		send_self();
		(void)cpuid(0, 0);
		(void)rdmsr(MSR_TSC);
		delay_us(1000);
		EXPECT_EQ(rounds, 1);
	}
	depth--;
}

void guest_main(void)
{
	apic_init();
	set_irq_handler(X86_NMI, on_nmi);
	send_self();
	EXPECT(WAIT_FOR(rounds == 1, 1000), "no NMI");
	rounds = 0;
	again = true;
	send_self();
	EXPECT(WAIT_FOR(rounds >= 2, 1000), "the second NMI did not come");
	delay_us(5000);
	EXPECT_EQ(rounds, 2);
	EXPECT_EQ(deepest, 1);
	/* HLT with interrupts off ends with it as well. */
	rounds = 0;
	send_self();
	EXPECT(WAIT_FOR(rounds == 1, 1000), "no third NMI");
}
