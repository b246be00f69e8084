/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* FIFO lifts the 2-level limit of ports; events of high ports come like others. */
#include "guest.h"

#define PORTS 5000

void guest_main(void)
{
	evtchn_port_t p = 0;
	unsigned i;

	fifo_init(0);
	for (i = 0; i < PORTS; i++) {
		p = event_bind_ipi(0);
	}
	EXPECT_EQ(p, PORTS);
	fifo_fit(p);
	EXPECT_EQ(event_send(p), 0);
	EXPECT_EQ(fifo_control(0)->ready, 0);
	EXPECT_EQ(event_unmask(p), 0);
	EXPECT_EQ(fifo_control(0)->ready, 1u << 7);
	EXPECT_EQ(fifo_pop(0, 7), p);
	EXPECT_EQ(event_send(EVTCHN_FIFO_NR_CHANNELS), -XEN_EINVAL);
	EXPECT_EQ(event_send(PORTS + 100), -XEN_EINVAL);
}
