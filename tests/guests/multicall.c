/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * multicall does its entries in order and stores each result; a nested one is EINVAL there, an
 * unknown number ENOSYS.
 */
#include "guest.h"

void guest_main(void)
{
	static multicall_entry_t e[40];
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(e); i++) {
		e[i].op = __HYPERVISOR_xen_version;
		e[i].args[0] = XENVER_version;
		e[i].result = 1;
	}
	e[1].op = __HYPERVISOR_multicall;
	e[1].args[0] = (unsigned long)&e[2];
	e[1].args[1] = 1;
	e[2].op = 60;
	e[3].op = ~0ul;
	e[4].op = __HYPERVISOR_event_channel_op;
	e[4].args[0] = EVTCHNOP_send;
	e[4].args[1] = (unsigned long)0x200000000ull;
	EXPECT_EQ(HC(multicall, e, ARRAY_SIZE(e)), 0);
	EXPECT_EQ(e[0].result, 4 << 16 | 17);
	EXPECT_EQ(e[1].result, -XEN_EINVAL);
	EXPECT_EQ(e[2].result, -XEN_ENOSYS);
	EXPECT_EQ(e[3].result, -XEN_ENOSYS);
	EXPECT_EQ(e[4].result, -XEN_EFAULT);
	for (i = 5; i < ARRAY_SIZE(e); i++) {
		EXPECT(e[i].result == (4 << 16 | 17), "entry %u: %#lx", i, e[i].result);
	}
	EXPECT_EQ(HC(multicall, e, 0), 0);
	EXPECT_EQ(HC(multicall, 0x200000000ul, 1), -XEN_EFAULT);
}
