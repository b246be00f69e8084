/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/* An NMI by the ICR reaches a vCPU that has its interrupts off, and one that halts. */
#include "guest.h"

static volatile bool halting, woken;

static void on_nmi(struct regs *r)
{
	(void)r;
}

static void halt(void *arg)
{
	(void)arg;
	halting = true;
	__asm__ volatile("cli; hlt" ::: "memory");
	woken = true;
}

static void spin(void *arg)
{
	(void)arg;
	WAIT_FOR(irq_count[1][X86_NMI] >= 1, 5000);
}

void guest_main(void)
{
	set_irq_handler(X86_NMI, on_nmi);
	apic_init();
	cpu_run(1, spin, NULL);
	apic_send(cpu_apic_id(1), APIC_INT_ASSERT | APIC_DM_NMI);
	cpu_wait(1);
	EXPECT_EQ(irq_count[1][X86_NMI], 1);
	cpu_run(1, halt, NULL);
	CHECK(WAIT_FOR(halting, 5000));
	delay_us(20000);
	EXPECT(!woken, "halt did not halt");
	apic_send(cpu_apic_id(1), APIC_INT_ASSERT | APIC_DM_NMI);
	EXPECT(WAIT_FOR(woken, 5000), "the NMI did not end the halt");
	EXPECT_EQ(irq_count[1][X86_NMI], 2);
	EXPECT_EQ(irq_count[0][X86_NMI], 0);
}
