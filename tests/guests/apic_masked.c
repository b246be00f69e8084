/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * RFLAGS.IF holds every interrupt back, whatever makes it pending while it is clear: a self-IPI, the end of another
 * one, a lower TPR; and whatever interrupts the machine itself takes meanwhile.
 */
#include "guest.h"

#define ROUNDS	20
#define HOLD_MS	4
#define APIC_AT	0xfee00000

static volatile uint32_t low, high, early;
static uint64_t hold;

/* Nothing here and in reg() brings the hypervisor in when the CPU virtualises the APIC. */
static void spin(void)
{
	uint64_t until = rdtsc() + hold;

	while (rdtsc() < until) {
	}
}

static void reg(unsigned r, uint32_t val)
{
	mmio_write32(APIC_AT + r, val);
}

static void on_low(struct regs *r)
{
	(void)r;
	low++;
	reg(APIC_EOI, 0);
}

/* Keeps interrupts of the machine coming: on one CPU its own timer's, on two another's kicks. */
static void disturb(void *arg)
{
	(void)arg;
	apic_init();
	for (;;) {
		apic_send(cpu_apic_id(0), APIC_INT_ASSERT | 0x50);
		delay_us(500);
	}
}

/* The end of this one would let the lower one through. */
static void on_high(struct regs *r)
{
	uint32_t before = low;

	(void)r;
	reg(APIC_ICR, APIC_DEST_SELF | 0x60);
	reg(APIC_EOI, 0);
	spin();
	early += low != before;
	high++;
}

static void held(const char *by, uint32_t before)
{
	spin();
	EXPECT(low == before, "%s came with RFLAGS.IF clear", by);
	take_interrupts();
	EXPECT(low == before + 1, "%s did not come", by);
}

void guest_main(void)
{
	unsigned i;

	apic_init();
	hold = HOLD_MS * (uint64_t)tsc_khz();
	set_irq_handler(0x60, on_low);
	set_irq_handler(0x90, on_high);
	cpu_run(1, disturb, NULL);
	EXPECT(WAIT_IRQ(irq_count[0][0x50], 5000), "the other vCPU does not run");
	for (i = 0; i < ROUNDS; i++) {
		take_interrupts();
		reg(APIC_ICR, APIC_DEST_SELF | 0x60);
		held("a self-IPI", low);
		reg(APIC_TPR, 0x70);
		reg(APIC_ICR, APIC_DEST_SELF | 0x60);
		take_interrupts();
		reg(APIC_TPR, 0);
		held("an interrupt that the TPR let go", low);
		reg(APIC_ICR, APIC_DEST_SELF | 0x90);
		take_interrupts();
		take_interrupts();
		EXPECT_EQ(high, i + 1);
		EXPECT(!early, "the end of an interrupt brought another with RFLAGS.IF clear");
	}
}
