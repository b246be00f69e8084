/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * A vCPU's own upcall vector goes through its local APIC: in service until the EOI. Exception
 * vectors are EINVAL, an unknown vCPU ENOENT.
 */
#include "guest.h"

static volatile bool in_service;
static volatile uint32_t calls;

static void on_upcall(struct regs *r)
{
	vcpu_info(cpu_self())->evtchn_upcall_pending = 0;
	in_service = apic_bit(APIC_ISR, r->vector);
	apic_eoi();
	calls++;
}

static long set_vector(uint32_t vcpu, uint8_t vector)
{
	struct xen_hvm_evtchn_upcall_vector v = {.vcpu = vcpu, .vector = vector};

	return HC(hvm_op, HVMOP_set_evtchn_upcall_vector, &v);
}

void guest_main(void)
{
	evtchn_port_t p = event_bind_ipi(0);

	apic_init();
	set_irq_handler(0xa1, on_upcall);
	event_ack_upcall();
	EXPECT_EQ(set_vector(0, 0xa1), 0);
	EXPECT_EQ(set_vector(1, 0xa2), 0);
	EXPECT_EQ(set_vector(0, 0xf), -XEN_EINVAL);
	EXPECT_EQ(set_vector(0, 0), -XEN_EINVAL);
	EXPECT_EQ(set_vector(77, 0xa1), -XEN_ENOENT);
	EXPECT_EQ(event_send(p), 0);
	EXPECT(WAIT_IRQ(calls, 1000), "no upcall");
	EXPECT_EQ(calls, 1);
	EXPECT(in_service, "the upcall vector must go through the local APIC");
	EXPECT(!apic_bit(APIC_ISR, 0xa1));
	event_clear(p);
	event_ack_upcall();
	EXPECT_EQ(event_send(p), 0);
	EXPECT(WAIT_IRQ(calls == 2, 1000), "no second upcall");
}
