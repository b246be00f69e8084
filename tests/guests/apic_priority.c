/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * Priorities: TPR and CR8 are one register and hold interrupts of their class back, PPR is the
 * higher of TPR and the one in service, EOI ends the highest in service. (Not here,
 * for QEMU 7.2 has bugs there: CR8 lowered with an interrupt waiting, and a TPR of its own class.)
 */
#include "guest.h"

static volatile uint32_t order[4], count;
static volatile uint32_t nested_ppr;

static void on_low(struct regs *r)
{
	(void)r;
	order[count++] = 1;
	EXPECT(apic_bit(APIC_ISR, 0x60), "not in service");
	/* Of the two sent here only the higher one gets through. */
	apic_write(APIC_ICR, APIC_DEST_SELF | 0x61);
	apic_write(APIC_ICR, APIC_DEST_SELF | 0x90);
	take_interrupts();
	EXPECT(apic_bit(APIC_IRR, 0x61), "0x61 is not waiting");
	order[count++] = 3;
	apic_eoi();
}

static void on_same_class(struct regs *r)
{
	(void)r;
	order[count++] = 4;
	apic_eoi();
}

static void on_high(struct regs *r)
{
	(void)r;
	order[count++] = 2;
	nested_ppr = apic_read(APIC_PPR);
	apic_eoi();
}

void guest_main(void)
{
	unsigned i;

	apic_init();
	set_irq_handler(0x60, on_low);
	set_irq_handler(0x61, on_same_class);
	set_irq_handler(0x90, on_high);
	apic_write(APIC_TPR, 0x70);
	EXPECT_EQ(read_cr8(), 7);
	EXPECT_EQ(apic_read(APIC_PPR), 0x70);
	apic_write(APIC_ICR, APIC_DEST_SELF | 0x60);
	EXPECT(!WAIT_IRQ(count, 20), "the TPR did not hold the interrupt back");
	EXPECT(apic_bit(APIC_IRR, 0x60), "not waiting");
	EXPECT_EQ(read_cr8(), 7);
	apic_write(APIC_TPR, 0x50);
	EXPECT(WAIT_IRQ(count == 4, 1000), "%u handlers ran", count);
	for (i = 0; i < 4; i++) {
		EXPECT(order[i] == i + 1, "step %u: %u", i, order[i]);
	}
	EXPECT_EQ(nested_ppr & 0xf0, 0x90);
	EXPECT_EQ(apic_read(APIC_ISR + 0x30), 0);
	write_cr8(9);
	EXPECT_EQ(apic_read(APIC_TPR), 0x90);
	EXPECT_EQ(read_cr8(), 9);
	write_cr8(0);
	EXPECT_EQ(apic_read(APIC_TPR), 0);
}
