/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * multicall of a 32-bit caller: an entry is eight words of 32 bits, and each call in it is one of
 * the 32-bit ABI.
 */
#include "guest.h"

struct entry32 {
	uint32_t op, result, args[6];
};

struct reservation32 {
	uint32_t extent_start, nr_extents, extent_order, mem_flags;
	domid_t domid;
};

#define MANY 800

/* Calls that are interrupted inside of a multicall. */
static void preempted(void)
{
	struct vcpu_set_periodic_timer tick = {.period_ns = 1000000};
	static uint32_t list[MANY];
	static struct entry32 e[4];
	static struct reservation32 r = {.nr_extents = MANY, .domid = DOMID_SELF};
	char *pages = alloc_pages(MANY);
	unsigned i;

	r.extent_start = LOW32(list);
	for (i = 0; i < MANY; i++) {
		list[i] = PFN(pages) + i;
	}
	for (i = 0; i < ARRAY_SIZE(e); i++) {
		e[i].op = __HYPERVISOR_memory_op;
		e[i].args[0] = i % 2 ? XENMEM_populate_physmap : XENMEM_decrease_reservation;
		e[i].args[1] = LOW32(&r);
	}
	CHECK_EQ(HC(vcpu_op, VCPUOP_set_periodic_timer, 0, &tick), 0);
	EXPECT_EQ(COMPAT(multicall, e, ARRAY_SIZE(e)), 0);
	CHECK_EQ(HC(vcpu_op, VCPUOP_stop_periodic_timer, 0), 0);
	for (i = 0; i < ARRAY_SIZE(e); i++) {
		EXPECT(e[i].result == MANY, "entry %u: %d", i, e[i].result);
		EXPECT_EQ(e[i].args[1], LOW32(&r));
	}
	memset(pages, 1, MANY * PAGE_SIZE);
}

void guest_main(void)
{
	static struct entry32 e[40];
	static uint32_t list[1];
	static struct reservation32 r = {.nr_extents = 1, .domid = DOMID_SELF}, short_one;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(e); i++) {
		e[i].op = __HYPERVISOR_xen_version;
		e[i].args[0] = XENVER_version;
		e[i].result = 1;
	}
	list[0] = PFN(alloc_pages(1));
	r.extent_start = LOW32(list);
	e[1].op = __HYPERVISOR_multicall;
	e[1].args[0] = LOW32(&e[2]);
	e[1].args[1] = 1;
	e[2].op = 60;
	e[3].op = ~0u;
	e[4].op = __HYPERVISOR_memory_op;
	e[4].args[0] = XENMEM_decrease_reservation;
	e[4].args[1] = LOW32(&r);
	e[5] = e[4];
	e[5].args[0] = XENMEM_populate_physmap;
	/* No extents. */
	e[6] = e[4];
	e[6].args[1] = LOW32(&short_one);
	EXPECT_EQ(COMPAT(multicall, e, ARRAY_SIZE(e)), 0);
	EXPECT_EQ(e[0].result, 4 << 16 | 17);
	EXPECT_EQ((int)e[1].result, -XEN_EINVAL);
	EXPECT_EQ((int)e[2].result, -XEN_ENOSYS);
	EXPECT_EQ((int)e[3].result, -XEN_ENOSYS);
	EXPECT_EQ(e[4].result, 1);
	EXPECT_EQ(e[5].result, 1);
	EXPECT_EQ(e[6].result, 0);
	for (i = 7; i < ARRAY_SIZE(e); i++) {
		EXPECT(e[i].result == (4 << 16 | 17), "entry %u: %#x", i, e[i].result);
		EXPECT(e[i].op == __HYPERVISOR_xen_version && !e[i].args[0], "entry %u is written",
		       i);
	}
	EXPECT_EQ(COMPAT(multicall, e, 0), 0);
	EXPECT_EQ(COMPAT(multicall, 0xe0000000, 1), -XEN_EFAULT);
	preempted();
}
