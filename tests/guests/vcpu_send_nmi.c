/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/* send_nmi: the vCPU takes an NMI even with its interrupts off. */
#include "guest.h"

static void on_nmi(struct regs *r)
{
	(void)r;
}

static void spin(void *arg)
{
	volatile bool *stop = arg;

	while (!*stop) {
		pause();
	}
}

void guest_main(void)
{
	static volatile bool stop;

	set_irq_handler(X86_NMI, on_nmi);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_send_nmi, 0, 0), 0);
	EXPECT(WAIT_FOR(irq_count[0][X86_NMI] == 1, 1000), "%u NMIs", irq_count[0][X86_NMI]);
	cpu_run(1, spin, (void *)&stop);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_send_nmi, 1, 0), 0);
	EXPECT(WAIT_FOR(irq_count[1][X86_NMI] == 1, 5000), "%u NMIs", irq_count[1][X86_NMI]);
	stop = true;
	cpu_wait(1);
}
