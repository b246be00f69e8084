/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * The APIC timer: one-shot fires once, periodic goes on, the divider counts, the current count
 * runs down, an initial count of 0 stops it, and a masked entry counts without an interrupt.
 */
#include "guest.h"

#define VECTOR 0x50

static uint32_t irqs(void)
{
	return irq_count[0][VECTOR];
}

static void one_shot(uint32_t lvt, uint32_t count)
{
	apic_write(APIC_LVTT, lvt);
	apic_write(APIC_TMICT, count);
}

/* Timer ticks in 20 ms of TSC time. */
static uint64_t ticks_of(uint32_t divide)
{
	uint32_t left;

	apic_write(APIC_TDCR, divide);
	one_shot(APIC_LVT_MASKED | VECTOR, 0xffffffff);
	delay_us(20000);
	left = apic_read(APIC_TMCCT);
	apic_write(APIC_TMICT, 0);
	return 0xffffffffu - left;
}

void guest_main(void)
{
	uint64_t by1, by16;
	uint32_t ms10;

	apic_init();
	by1 = ticks_of(0xb);
	by16 = ticks_of(0x3);
	EXPECT(by1 > 1000, "%lu ticks in 20 ms", by1);
	EXPECT(by16 > by1 / 64 && by16 < by1 / 4, "%lu ticks undivided, %lu by 16", by1, by16);
	EXPECT_EQ(irqs(), 0);
	apic_write(APIC_TDCR, 0xb);
	ms10 = by1 / 2;
	one_shot(VECTOR, ms10);
	EXPECT(WAIT_IRQ(irqs() == 1, 3000), "one-shot");
	EXPECT(!WAIT_IRQ(irqs() > 1, 60), "one-shot fired again");
	EXPECT_EQ(apic_read(APIC_TMCCT), 0);
	apic_write(APIC_TDCR, 0xb);
	one_shot(VECTOR | APIC_LVT_PERIODIC, ms10);
	EXPECT(WAIT_IRQ(irqs() >= 5, 5000), "periodic: %u", irqs());
	apic_write(APIC_TMICT, 0);
	take_interrupts();
	by1 = irqs();
	EXPECT(!WAIT_IRQ(irqs() > by1, 60), "the stopped timer fired");
	one_shot(VECTOR | APIC_LVT_MASKED, ms10);
	EXPECT(!WAIT_IRQ(irqs() > by1, 60), "the masked timer fired");
	/* From periodic to one-shot while it runs. */
	one_shot(VECTOR | APIC_LVT_PERIODIC, ms10);
	EXPECT(WAIT_IRQ(irqs() >= by1 + 2, 5000), "periodic again");
	apic_write(APIC_LVTT, APIC_LVT_MASKED);
	apic_write(APIC_TMICT, 0);
}
