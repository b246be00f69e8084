/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * The callback parameter of type vector: an upcall arrives on that vector without an in-service
 * bit, only with interrupts on, and again for as long as upcall_pending stays set.
 */
#include "guest.h"

static volatile uint32_t calls;
static volatile bool in_service;

static void on_upcall(struct regs *r)
{
	in_service |= apic_bit(APIC_ISR, r->vector);
	if (++calls % 3 == 0) {
		vcpu_info(0)->evtchn_upcall_pending = 0;
	}
}

void guest_main(void)
{
	evtchn_port_t p = event_bind_ipi(0);
	uint64_t value;

	apic_init();
	set_irq_handler(0x91, on_upcall);
	set_irq_handler(0x92, on_upcall);
	event_ack_upcall();
	EXPECT_EQ(hvm_set_param(HVM_PARAM_CALLBACK_IRQ, 2ull << 56 | 0x91), 0);
	EXPECT_EQ(hvm_get_param(HVM_PARAM_CALLBACK_IRQ, &value), 0);
	EXPECT_EQ(value, 2ull << 56 | 0x91);
	EXPECT_EQ(event_send(p), 0);
	EXPECT_EQ(calls, 0);
	EXPECT(WAIT_IRQ(calls >= 3, 1000), "%u upcalls", calls);
	EXPECT_EQ(irq_count[0][0x91], 3);
	EXPECT(!in_service, "the callback vector must not go through the local APIC");
	EXPECT_EQ(hvm_set_param(HVM_PARAM_CALLBACK_IRQ, 2ull << 56 | 0x92), 0);
	event_clear(p);
	event_ack_upcall();
	EXPECT_EQ(event_send(p), 0);
	EXPECT(WAIT_IRQ(calls >= 6, 1000), "%u upcalls", calls);
	EXPECT_EQ(irq_count[0][0x92], 3);
	EXPECT_EQ(irq_count[0][0x91], 3);
}
