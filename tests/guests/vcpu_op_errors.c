/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/* vcpu_op: unknown vCPUs are ENOENT, unknown commands ENOSYS; what a vCPU that is down answers. */
#include "guest.h"

/* vCPUs are PSCI's; only two operations on areas of memory exist. */
static void on_arm(void)
{
	static const int absent[] = {
	    VCPUOP_initialise,
	    VCPUOP_up,
	    VCPUOP_down,
	    VCPUOP_is_up,
	    VCPUOP_get_runstate_info,
	    VCPUOP_set_periodic_timer,
	    VCPUOP_set_singleshot_timer,
	    VCPUOP_get_physid,
	    VCPUOP_register_vcpu_time_memory_area,
	    99,
	    -1,
	};
	static char page[256];

	for (unsigned i = 0; i < ARRAY_SIZE(absent); i++) {
		long rc = HC(vcpu_op, absent[i], 0, page);

		EXPECT(rc == -XEN_EINVAL, "command %d: %ld", absent[i], rc);
		rc = HC(vcpu_op, absent[i], 77, page);
		EXPECT(rc == -XEN_ENOENT, "command %d of no vCPU: %ld", absent[i], rc);
	}
	EXPECT_EQ(HC(vcpu_op, VCPUOP_register_vcpu_info, 0, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_register_vcpu_info, 77, page), -XEN_ENOENT);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_register_runstate_memory_area, 77, page), -XEN_ENOENT);
}

void guest_main(void)
{
	struct vcpu_get_physid id;

	if (!on_x86) {
		on_arm();
		return;
	}
	EXPECT_EQ(HC(vcpu_op, VCPUOP_is_up, 0, 0), 1);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_is_up, 1, 0), 0);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_is_up, 2, 0), -XEN_ENOENT);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_is_up, 77, 0), -XEN_ENOENT);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_is_up, -1, 0), -XEN_ENOENT);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_up, 1, 0), -XEN_EINVAL);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_up, 0, 0), 0);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_down, 1, 0), 0);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_get_physid, 0, &id), -XEN_EINVAL);
	EXPECT_EQ(HC(vcpu_op, 99, 0, 0), -XEN_ENOSYS);
	EXPECT_EQ(HC(vcpu_op, 99, 77, 0), -XEN_ENOENT);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_initialise, 1, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_register_vcpu_info, 0, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(vcpu_op, VCPUOP_get_runstate_info, 0, 0x200000000ul), -XEN_EFAULT);
}
