/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* Shutdown requests that cannot be carried out change nothing. */
#include "guest.h"

void guest_main(void)
{
	struct sched_remote_shutdown r = {.domain_id = 77, .reason = SHUTDOWN_poweroff};
	struct sched_shutdown s = {.reason = SHUTDOWN_crash};
	struct sched_pin_override pin = {.pcpu = 7777};

	EXPECT_EQ(HC(sched_op, SCHEDOP_remote_shutdown, &r), -XEN_ESRCH);
	EXPECT_EQ(HC(sched_op, SCHEDOP_remote_shutdown, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(sched_op, SCHEDOP_shutdown, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(sched_op, SCHEDOP_shutdown_code, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(sched_op, SCHEDOP_shutdown_code, &s), 0);
	EXPECT_EQ(HC(sched_op, SCHEDOP_pin_override, &pin), -XEN_EINVAL);
	EXPECT_EQ(HC(sched_op, SCHEDOP_pin_override, 0x200000000ul), -XEN_EFAULT);
}
