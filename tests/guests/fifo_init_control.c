/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * init_control: the block may stand anywhere in a page, aligned to 8; once per vCPU; the answer
 * tells the 17 link bits.
 */
#include "guest.h"

static long init(uint32_t vcpu, uint64_t gfn, uint32_t offset)
{
	struct evtchn_init_control c = {.vcpu = vcpu, .control_gfn = gfn, .offset = offset};
	long rc = event_op(EVTCHNOP_init_control, &c);

	EXPECT(rc || c.link_bits == 17, "%u link bits", c.link_bits);
	return rc;
}

void guest_main(void)
{
	char *page = alloc_pages(2);
	uint32_t last = PAGE_SIZE - sizeof(struct evtchn_fifo_control_block);

	EXPECT_EQ(init(77, PFN(page), 0), -XEN_ENOENT);
	EXPECT_EQ(init(0, PFN(page), 4), -XEN_EINVAL);
	EXPECT_EQ(init(0, PFN(page), last + 8), -XEN_EINVAL);
	EXPECT_EQ(init(0, PFN(page), 0xfffffff8), -XEN_EINVAL);
	EXPECT_EQ(init(0, 0x7ffffffffful, 0), -XEN_EINVAL);
	EXPECT_EQ(init(0, PFN(page), last), 0);
	EXPECT_EQ(init(0, PFN(page), 0), -XEN_EINVAL);
	EXPECT_EQ(init(1, PFN(page) + 1, 0), 0);
	EXPECT_EQ(init(1, PFN(page) + 1, 0), -XEN_EINVAL);
}
