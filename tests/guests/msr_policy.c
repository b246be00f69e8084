/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * MSRs: unknown ones and those of features that are not offered raise #GP, reads and writes alike.
 */
#include "guest.h"

void guest_main(void)
{
	static const uint32_t denied[] = {
	    0x00000002, 0x0000003a, 0x00000048, 0x0000010a, 0x000001a0, 0x00000480,
	    0x00000485, 0x00000570, 0x00000d90, 0x00001000, 0x40000100, 0x4000ffff,
	    0x80000000, 0xbfffffff, 0xc0000105, 0xc0001fff, 0xc0012000, 0xffffffff,
	};
	uint64_t v;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(denied); i++) {
		unsigned f;

		/* Intel's own, which tell what the processor has: a hypervisor may answer there. */
		if (cpu_is_intel && (denied[i] == 0x3a || denied[i] == 0x1a0)) {
			continue;
		}
		f = try_rdmsr(denied[i], &v);
		EXPECT(f == FAULT_GP, "read of %#x: %#x, value %#lx", denied[i], f, v);
		f = try_wrmsr(denied[i], 0);
		EXPECT(f == FAULT_GP, "write of %#x: %#x", denied[i], f);
	}
	/* The hypercall page: only page 0, only into RAM. */
	EXPECT_EQ(try_wrmsr(0x40000000, (uint64_t)hypercall_page | 1), FAULT_GP);
	EXPECT_EQ(try_wrmsr(0x40000000, 0x7ffffffffff000ull), FAULT_GP);
}
