/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* The queries of memory_op: sizes that fit together, ESRCH for other domains. */
#include "guest.h"

void guest_main(void)
{
	domid_t self = DOMID_SELF, bad = 77;
	struct xen_memory_map m = {.nr_entries = 0};
	long pages, last;

	pages = HC(memory_op, XENMEM_current_reservation, &self);
	EXPECT(pages > 8192 && pages < 1 << 20, "%ld pages", pages);
	EXPECT_EQ(HC(memory_op, XENMEM_current_reservation, &bad), -XEN_ESRCH);
	EXPECT_EQ(HC(memory_op, XENMEM_maximum_reservation, &bad), -XEN_ESRCH);
	EXPECT_EQ(HC(memory_op, XENMEM_maximum_gpfn, &bad), -XEN_ESRCH);
	EXPECT_EQ(HC(memory_op, XENMEM_current_reservation, 0x200000000ul), -XEN_EFAULT);
	last = HC(memory_op, XENMEM_maximum_gpfn, &self);
	printf("maximum RAM page %#lx, maximum frame %#lx\n",
	       HC(memory_op, XENMEM_maximum_ram_page, 0), last);
	EXPECT(HC(memory_op, XENMEM_maximum_ram_page, 0) > 0x8000, "maximum_ram_page");
	/* The machine's own map is no business of a translated domain. */
	EXPECT_EQ(HC(memory_op, XENMEM_machine_memory_map, &m), -XEN_ENOSYS);
	EXPECT_EQ(HC(memory_op, XENMEM_machphys_mapping, &m), -XEN_ENOSYS);
	EXPECT_EQ(HC(memory_op, 60, &m), -XEN_ENOSYS);
	EXPECT_EQ(HC(memory_op, 63, &m), -XEN_ENOSYS);
}
