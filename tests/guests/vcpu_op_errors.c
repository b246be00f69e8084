/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/* vcpu_op: unknown vCPUs are ENOENT, unknown commands ENOSYS; what a vCPU that is down answers. */
#include "guest.h"

void guest_main(void)
{
	struct vcpu_get_physid id;

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
