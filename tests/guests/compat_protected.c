/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * A caller in protected mode without paging has the 32-bit ABI: its addresses are physical ones,
 * for structures, lists and arrays of calls alike.
 */
#include "guest.h"

struct entry32 {
	uint32_t op, result, args[6];
};

static long call(uint32_t nr, uint32_t a, uint32_t b, uint32_t c)
{
	const uint32_t words[6] = {nr, a, b, c, 0, 0};

	return hypercall_protected(words);
}

void guest_main(void)
{
	static struct {
		uint32_t extent_start, nr_extents, extent_order, mem_flags;
		domid_t domid;
	} r = {.nr_extents = 3, .domid = DOMID_SELF};
	static uint32_t list[3];
	static struct entry32 e[2];
	static struct {
		uint32_t ports, nr_ports;
		uint64_t timeout;
	} poll;
	char *pages = alloc_pages(3);
	unsigned i;

	EXPECT_EQ(call(__HYPERVISOR_xen_version, XENVER_version, 0, 0), 4 << 16 | 17);
	for (i = 0; i < 3; i++) {
		list[i] = PFN(pages) + i;
	}
	r.extent_start = LOW32(list);
	EXPECT_EQ(call(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, LOW32(&r), 0), 3);
	EXPECT_EQ(call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, LOW32(&r), 0), 3);
	memset(pages, 1, 3 * PAGE_SIZE);
	for (i = 0; i < 2; i++) {
		e[i].op = __HYPERVISOR_memory_op;
		e[i].args[0] = i ? XENMEM_populate_physmap : XENMEM_decrease_reservation;
		e[i].args[1] = LOW32(&r);
	}
	EXPECT_EQ(call(__HYPERVISOR_multicall, LOW32(e), 2, 0), 0);
	EXPECT_EQ(e[0].result, 3);
	EXPECT_EQ(e[1].result, 3);
	EXPECT_EQ(call(__HYPERVISOR_multicall, 0xe0000000, 1, 0), -XEN_EFAULT);
	poll.timeout = system_time(0) + 5000000;
	EXPECT_EQ(call(__HYPERVISOR_sched_op, SCHEDOP_poll, LOW32(&poll), 0), 0);
	EXPECT(system_time(0) >= poll.timeout, "poll came back early");
}
