/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * A caller in 32-bit code of long mode gets the 32-bit ABI: registers EBX, ECX, EDX, ESI, EDI and
 * the 32-bit layout of structures.
 */
#include "guest.h"

static long compat(uint32_t nr, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t words[6] = {nr, a, b, c, 0, 0};

	return hypercall_compat(words);
}

void guest_main(void)
{
	static struct {
		uint32_t extent_start, nr_extents, extent_order, mem_flags;
		domid_t domid;
	} reservation = {.nr_extents = 1, .domid = DOMID_SELF};
	static uint32_t list[1];
	static struct evtchn_alloc_unbound a = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};

	EXPECT_EQ(compat(__HYPERVISOR_xen_version, XENVER_version, 0, 0), 4 << 16 | 17);
	EXPECT_EQ(compat(60, 0, 0, 0), -XEN_ENOSYS);
	EXPECT_EQ(compat(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
			 (uint32_t)(uint64_t)&a, 0),
		  0);
	EXPECT(a.port != 0);
	list[0] = PFN(alloc_pages(1));
	reservation.extent_start = (uint32_t)(uint64_t)list;
	EXPECT_EQ(compat(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
			 (uint32_t)(uint64_t)&reservation, 0),
		  1);
	EXPECT_EQ(compat(__HYPERVISOR_memory_op, XENMEM_populate_physmap,
			 (uint32_t)(uint64_t)&reservation, 0),
		  1);
}
