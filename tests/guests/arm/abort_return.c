/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* An abort that the hypervisor makes is told at the instruction that it is about, as the CPU's. */
#include "guest.h"

void guest_main(void)
{
	volatile struct probe *p = &probes[cpu_self()];
	uint64_t hole = free_gfn() * PAGE_SIZE;
	uint32_t v;

	EXPECT(try_read32(hole, &v), "a load");
	EXPECT_EQ(v, ~0u);
	EXPECT_EQ(p->pc, p->resume - 4);
	EXPECT(try_write32(hole, 1), "a store");
	EXPECT_EQ(p->pc, p->resume - 4);
}
