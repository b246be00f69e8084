/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * Sending a vector below 16 sets an error bit, shown after a write to the ESR, and raises the error
 * interrupt.
 */
#include "guest.h"

void guest_main(void)
{
	apic_init();
	apic_write(APIC_LVTERR, 0x55);
	apic_write(APIC_ESR, 0);
	EXPECT_EQ(apic_read(APIC_ESR), 0);
	apic_send(cpu_apic_id(0), APIC_INT_ASSERT | 5);
	apic_write(APIC_ESR, 0);
	EXPECT((apic_read(APIC_ESR) & 0x60) != 0, "ESR %#x", apic_read(APIC_ESR));
	EXPECT(WAIT_IRQ(irq_count[0][0x55] >= 1, 1000), "no error interrupt");
	EXPECT_EQ(irq_count[0][5], 0);
}
