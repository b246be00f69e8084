/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * Closing a FIFO port clears PENDING and keeps it linked: the guest meets the word on the list and
 * drops it. Words that the guest scribbled on hurt nobody but the guest.
 */
#include "guest.h"

#define PENDING (1u << EVTCHN_FIFO_PENDING)
#define LINKED	(1u << EVTCHN_FIFO_LINKED)
#define BUSY	(1u << EVTCHN_FIFO_BUSY)

void guest_main(void)
{
	evtchn_port_t a, b;

	fifo_init(0);
	fifo_expand(alloc_pages(1));
	a = event_bind_ipi(0);
	b = event_bind_ipi(0);
	EXPECT_EQ(event_send(a), 0);
	EXPECT_EQ(event_send(b), 0);
	EXPECT_EQ(event_close(a), 0);
	EXPECT_EQ(*fifo_word(a) & PENDING, 0);
	EXPECT_EQ(*fifo_word(a) & LINKED, LINKED);
	EXPECT_EQ(fifo_pop(0, 7), a);
	EXPECT_EQ(fifo_pop(0, 7), b);
	EXPECT_EQ(fifo_control(0)->ready, 0);
	/* Reserved bits and a bogus link in a word that is not linked. */
	*fifo_word(b) = BUSY | 0x1ffff;
	EXPECT_EQ(event_send(b), 0);
	EXPECT((*fifo_word(b) & (PENDING | LINKED)) == (PENDING | LINKED), "%#x", *fifo_word(b));
	/* A tail whose link field the guest overwrote. */
	*fifo_word(b) = PENDING | LINKED | 5;
	a = event_bind_ipi(0);
	EXPECT_EQ(event_send(a), 0);
	EXPECT_EQ(event_close(a), 0);
	EXPECT_EQ(event_close(b), 0);
}
