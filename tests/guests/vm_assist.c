/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* vm_assist: of the assists only runstate_update_flag is for this kind of domain. */
#include "guest.h"

void guest_main(void)
{
	unsigned type;

	for (type = 0; type < 64; type++) {
		long want = type == VMASST_TYPE_runstate_update_flag ? 0 : -XEN_EINVAL;

		EXPECT(HC(vm_assist, VMASST_CMD_enable, type) == want, "type %u", type);
		EXPECT(HC(vm_assist, VMASST_CMD_disable, type) == want, "type %u", type);
	}
	EXPECT_EQ(HC(vm_assist, VMASST_CMD_enable, ~0u), -XEN_EINVAL);
	EXPECT_EQ(HC(vm_assist, 2, VMASST_TYPE_runstate_update_flag), -XEN_ENOSYS);
}
