/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* The domain watchdogs: two of them, numbered from 1; a timeout of 0 ends one. */
#include "guest.h"

static long watchdog(uint32_t id, uint32_t timeout)
{
	struct sched_watchdog w = {.id = id, .timeout = timeout};

	return HC(sched_op, SCHEDOP_watchdog, &w);
}

void guest_main(void)
{
	EXPECT_EQ(watchdog(1, 100), -XEN_EINVAL);
	EXPECT_EQ(watchdog(3, 100), -XEN_EINVAL);
	EXPECT_EQ(watchdog(~0u, 100), -XEN_EINVAL);
	EXPECT_EQ(watchdog(0, 1000), 1);
	EXPECT_EQ(watchdog(0, 1000), 2);
	/* Real Xen widens this errno as an unsigned number. */
	EXPECT_EQ((int)watchdog(0, 1000), -XEN_ENOSPC);
	EXPECT_EQ(watchdog(1, 900), 0);
	EXPECT_EQ(watchdog(1, 0), 0);
	EXPECT_EQ(watchdog(1, 0), -XEN_EINVAL);
	EXPECT_EQ(watchdog(0, 1000), 1);
	EXPECT_EQ(watchdog(1, 0), 0);
	EXPECT_EQ(watchdog(2, 0), 0);
	EXPECT_EQ(HC(sched_op, SCHEDOP_watchdog, 0x200000000ul), -XEN_EFAULT);
}
