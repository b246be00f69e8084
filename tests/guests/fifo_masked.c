/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * A masked FIFO event is pending but on no list; the unmask operation links it. Without a word
 * for the port (array too short) it is kept and comes when the array grows.
 */
#include "guest.h"

#define PENDING (1u << EVTCHN_FIFO_PENDING)
#define MASKED	(1u << EVTCHN_FIFO_MASKED)
#define LINKED	(1u << EVTCHN_FIFO_LINKED)

void guest_main(void)
{
	evtchn_port_t p, early;

	fifo_init(0);
	early = event_bind_ipi(0);
	p = event_bind_ipi(0);
	EXPECT_EQ(event_send(early), 0);
	EXPECT_EQ(fifo_control(0)->ready, 0);
	EXPECT_EQ(fifo_expand(alloc_pages(1)), 0);
	EXPECT_EQ(*fifo_word(early) & (PENDING | MASKED | LINKED), PENDING | LINKED);
	EXPECT_EQ(fifo_control(0)->ready, 1u << 7);
	EXPECT_EQ(fifo_pop(0, 7), early);

	*fifo_word(p) = MASKED;
	EXPECT_EQ(event_send(p), 0);
	EXPECT_EQ(*fifo_word(p), PENDING | MASKED);
	EXPECT_EQ(fifo_control(0)->ready, 0);
	EXPECT_EQ(event_unmask(p), 0);
	EXPECT_EQ(*fifo_word(p), PENDING | LINKED);
	EXPECT_EQ(fifo_control(0)->ready, 1u << 7);
	EXPECT_EQ(fifo_control(0)->head[7], p);
	EXPECT_EQ(fifo_pop(0, 7), p);
	EXPECT_EQ(*fifo_word(p), 0);
}
