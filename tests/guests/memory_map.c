/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* The memory map of a domain (x86): ranges that are its RAM, and as many of them as there is room
 * for. */
#include "guest.h"

void guest_main(void)
{
	domid_t self = DOMID_SELF;
	long pages = HC(memory_op, XENMEM_current_reservation, &self);
	long last = HC(memory_op, XENMEM_maximum_gpfn, &self);
	struct xen_memory_map m = {.nr_entries = 2};
	char buffer[20 * 2];
	uint64_t from, to, total = 0;
	unsigned i;

	for (i = 0; ram_range(i, &from, &to); i++) {
		total += (to - from) / PAGE_SIZE;
		EXPECT(from < to && (long)(to / PAGE_SIZE) <= last + 1, "%#lx to %#lx", from, to);
	}
	EXPECT((long)total <= pages, "map of %lu pages for %ld", total, pages);
	EXPECT((long)total > pages - 1024, "map of %lu pages for %ld", total, pages);
	set_xen_guest_handle(m.buffer, buffer);
	EXPECT_EQ(HC(memory_op, XENMEM_memory_map, &m), 0);
	EXPECT_EQ(m.nr_entries, 2);
	EXPECT_EQ(HC(memory_op, XENMEM_memory_map, 0x200000000ul), -XEN_EFAULT);
}
