/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * Arguments that are not there: an unmapped address, the last byte of a page before a hole, an
 * address in no RAM. Each hypercall that reads one answers EFAULT and does nothing else.
 */
#include "guest.h"

#define UNMAPPED 0x200000000ul
#define CROSSING 0x3000000ffful /* one byte, and the following page is not mapped */
#define TOP	 0xfffffffffffffff8ul

static void each(const char *what, unsigned long nr, unsigned long a1, unsigned arg, long want)
{
	static const unsigned long bad[] = {UNMAPPED, CROSSING, TOP};
	unsigned i;
	long rc;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		unsigned long a[5] = {a1, 0, 0, 0, 0};

		a[arg] = bad[i];
		if (nr == __HYPERVISOR_grant_table_op || nr == __HYPERVISOR_multicall) {
			a[arg + 1] = 1;
		}
		rc = hypercall(nr, a[0], a[1], a[2], a[3], a[4]);
		EXPECT(rc == want, "%s %lu at %#lx: %ld", what, a1, bad[i], rc);
	}
}

void guest_main(void)
{
	/* of ARM's ABI they are no part */
	long absent = on_x86 ? -XEN_EFAULT : -XEN_ENOSYS;
	uint64_t hole;

	map_page(0x3000000000ul, (uint64_t)alloc_pages(1));
	each("platform_op", __HYPERVISOR_platform_op, 0, 0, -XEN_EFAULT);
	each("multicall", __HYPERVISOR_multicall, 0, 0, -XEN_EFAULT);
	each("xen_version", __HYPERVISOR_xen_version, XENVER_capabilities, 1, -XEN_EFAULT);
	each("xen_version", __HYPERVISOR_xen_version, XENVER_guest_handle, 1, -XEN_EFAULT);
	each("memory_op", __HYPERVISOR_memory_op, XENMEM_add_to_physmap, 1, -XEN_EFAULT);
	each("memory_op", __HYPERVISOR_memory_op, XENMEM_memory_map, 1, absent);
	each("memory_op", __HYPERVISOR_memory_op, XENMEM_acquire_resource, 1, -XEN_EFAULT);
	each("event_channel_op", __HYPERVISOR_event_channel_op, EVTCHNOP_send, 1, -XEN_EFAULT);
	each("grant_table_op", __HYPERVISOR_grant_table_op, GNTTABOP_copy, 1, -XEN_EFAULT);
	each("grant_table_op", __HYPERVISOR_grant_table_op, GNTTABOP_query_size, 1, -XEN_EFAULT);
	each("grant_table_op", __HYPERVISOR_grant_table_op, GNTTABOP_set_version, 1, -XEN_EFAULT);
	each("grant_table_op", __HYPERVISOR_grant_table_op, GNTTABOP_get_version, 1, -XEN_EFAULT);
	each("sched_op", __HYPERVISOR_sched_op, SCHEDOP_poll, 1, -XEN_EFAULT);
	each("hvm_op", __HYPERVISOR_hvm_op, HVMOP_get_param, 1, -XEN_EFAULT);
	each("physdev_op", __HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add, 1, absent);
	each("sysctl", __HYPERVISOR_sysctl, 0, 0, -XEN_EFAULT);
	each("domctl", __HYPERVISOR_domctl, 0, 0, -XEN_EFAULT);
	each("vcpu_op", __HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 2, -XEN_EFAULT);
	if (on_x86) {
		each("vcpu_op", __HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 2, -XEN_EFAULT);
	}
	/* Mapped, but there is no RAM behind it. */
	hole = free_gfn();
	map_page(0x3000002000ul, hole * PAGE_SIZE);
	EXPECT_EQ(HC(event_channel_op, EVTCHNOP_send, 0x3000002000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(xen_version, XENVER_capabilities, 0x3000002000ul), -XEN_EFAULT);
}
