/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * Numbers without a hypercall for this kind of domain are ENOSYS: those only page-table guests
 * have, those that went away, and everything beyond the table.
 */
#include "guest.h"

void guest_main(void)
{
	static const uint32_t absent[] = {
	    0,	1,   2,	  3,   4,   5,	 6,	 8,	     9,		  10,	       11, 14,
	    16, 19,  22,  23,  25,  28,	 30,	 31,	     38,	  43,	       44, 45,
	    46, 47,  50,  51,  52,  53,	 54,	 55,	     56,	  57,	       63, 64,
	    65, 100, 127, 128, 255, 256, 0x1000, 0x7fffffff, 0x80000000u, 0xffffffffu,
	};
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(absent); i++) {
		long rc = hypercall_raw(absent[i], 0, 0, 0, 0, 0);

		EXPECT(rc == -XEN_ENOSYS, "hypercall %u: %ld", absent[i], rc);
	}
	EXPECT_EQ(HC(xsm_op, 0), -XEN_ENOSYS);
	/* The upper half of the register counts as well. */
	for (i = 16; i < 8 * sizeof(long); i += 16) {
		EXPECT_EQ(hypercall_raw(1ul << i | __HYPERVISOR_xen_version, 0, 0, 0, 0, 0),
			  -XEN_ENOSYS);
	}
}
