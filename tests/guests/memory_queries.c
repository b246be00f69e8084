/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* The queries of memory_op: sizes that fit together, ESRCH for other domains, the map of our RAM.
 */
#include "guest.h"

void guest_main(void)
{
	domid_t self = DOMID_SELF, bad = 77;
	struct xen_memory_map m = {.nr_entries = 0};
	char buffer[20 * 2];
	uint64_t from, to, total = 0;
	long pages, last;
	unsigned i;

	pages = HC(memory_op, XENMEM_current_reservation, &self);
	EXPECT(pages > 8192 && pages < 1 << 20, "%ld pages", pages);
	EXPECT_EQ(HC(memory_op, XENMEM_current_reservation, &bad), -XEN_ESRCH);
	EXPECT_EQ(HC(memory_op, XENMEM_maximum_reservation, &bad), -XEN_ESRCH);
	EXPECT_EQ(HC(memory_op, XENMEM_maximum_gpfn, &bad), -XEN_ESRCH);
	EXPECT_EQ(HC(memory_op, XENMEM_current_reservation, 0x200000000ul), -XEN_EFAULT);
	last = HC(memory_op, XENMEM_maximum_gpfn, &self);
	for (i = 0; ram_range(i, &from, &to); i++) {
		total += (to - from) / PAGE_SIZE;
		EXPECT(from < to && (long)(to / PAGE_SIZE) <= last + 1, "%#lx to %#lx", from, to);
	}
	EXPECT((long)total <= pages, "map of %lu pages for %ld", total, pages);
	EXPECT((long)total > pages - 1024, "map of %lu pages for %ld", total, pages);
	printf("maximum RAM page %#lx, maximum frame %#lx\n",
	       HC(memory_op, XENMEM_maximum_ram_page, 0), last);
	EXPECT(HC(memory_op, XENMEM_maximum_ram_page, 0) > 0x8000, "maximum_ram_page");
	set_xen_guest_handle(m.buffer, buffer);
	m.nr_entries = 2;
	EXPECT_EQ(HC(memory_op, XENMEM_memory_map, &m), 0);
	EXPECT_EQ(m.nr_entries, 2);
	EXPECT_EQ(HC(memory_op, XENMEM_memory_map, 0x200000000ul), -XEN_EFAULT);
	/* The machine's own map is no business of a translated domain. */
	EXPECT_EQ(HC(memory_op, XENMEM_machine_memory_map, &m), -XEN_ENOSYS);
	EXPECT_EQ(HC(memory_op, XENMEM_machphys_mapping, &m), -XEN_ENOSYS);
	EXPECT_EQ(HC(memory_op, 60, &m), -XEN_ENOSYS);
	EXPECT_EQ(HC(memory_op, 63, &m), -XEN_ENOSYS);
}
