/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * The list: the word of the last event gets the next port in its link field, an event that is
 * linked already is not linked twice, one whose PENDING the guest cleared while linked is.
 */
#include "guest.h"

#define PENDING	  (1u << EVTCHN_FIFO_PENDING)
#define LINKED	  (1u << EVTCHN_FIFO_LINKED)
#define LINK_MASK ((1u << EVTCHN_FIFO_LINK_BITS) - 1)

void guest_main(void)
{
	evtchn_port_t a, b, c;

	fifo_init(0);
	fifo_expand(alloc_pages(1));
	a = event_bind_ipi(0);
	b = event_bind_ipi(0);
	c = event_bind_ipi(0);
	EXPECT_EQ(event_send(b), 0);
	EXPECT_EQ(event_send(a), 0);
	EXPECT_EQ(event_send(b), 0);
	EXPECT_EQ(event_send(c), 0);
	EXPECT_EQ(fifo_control(0)->head[7], b);
	EXPECT_EQ(*fifo_word(b), PENDING | LINKED | a);
	EXPECT_EQ(*fifo_word(a), PENDING | LINKED | c);
	EXPECT_EQ(*fifo_word(c), PENDING | LINKED);
	/* Taken by the guest out of order: pending again, still on the list, once. */
	__atomic_and_fetch(fifo_word(a), ~PENDING, __ATOMIC_SEQ_CST);
	EXPECT_EQ(event_send(a), 0);
	EXPECT_EQ(*fifo_word(a), PENDING | LINKED | c);
	EXPECT_EQ(fifo_pop(0, 7), b);
	EXPECT_EQ(fifo_pop(0, 7), a);
	EXPECT_EQ(event_send(a), 0);
	EXPECT_EQ(*fifo_word(c), PENDING | LINKED | a);
	EXPECT_EQ(fifo_pop(0, 7), c);
	EXPECT_EQ(fifo_pop(0, 7), a);
	EXPECT_EQ(fifo_pop(0, 7), 0);
	EXPECT_EQ(fifo_control(0)->ready, 0);
	/* An emptied list starts over at its head. */
	EXPECT_EQ(event_send(c), 0);
	EXPECT_EQ(fifo_control(0)->head[7], c);
	EXPECT_EQ(fifo_control(0)->ready, 1u << 7);
}
