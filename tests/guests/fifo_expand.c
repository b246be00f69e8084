/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* The event array grows by pages of the guest's, after init_control only, up to 128 of them. */
#include "guest.h"

void guest_main(void)
{
	char *page = alloc_pages(1);
	struct evtchn_expand_array bad = {.array_gfn = 0x7ffffffffful};
	unsigned n = 0;
	long rc;

	EXPECT_EQ(fifo_expand(page), -XEN_EOPNOTSUPP);
	fifo_init(0);
	EXPECT_EQ(event_op(EVTCHNOP_expand_array, &bad), -XEN_EINVAL);
	for (n = 0; n < 200; n++) {
		struct evtchn_expand_array e = {.array_gfn = PFN(alloc_pages(1))};

		rc = event_op(EVTCHNOP_expand_array, &e);
		if (rc) {
			break;
		}
	}
	EXPECT_EQ(rc, -XEN_ENOSPC);
	EXPECT_EQ(n, EVTCHN_FIFO_NR_CHANNELS / (PAGE_SIZE / sizeof(event_word_t)));
}
