/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* A hypercall from ring 3 is EPERM, whatever its number. */
#include "guest.h"

static long version(void *arg)
{
	(void)arg;
	return hypercall_raw(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, 0);
}

static long unknown(void *arg)
{
	(void)arg;
	return hypercall_raw(60, 0, 0, 0, 0, 0);
}

static long by_page(void *arg)
{
	(void)arg;
	return HC(sched_op, SCHEDOP_yield, 0);
}

void guest_main(void)
{
	EXPECT_EQ(user_call(version, NULL), -XEN_EPERM);
	EXPECT_EQ(user_call(unknown, NULL), -XEN_EPERM);
	EXPECT_EQ(user_call(by_page, NULL), -XEN_EPERM);
	EXPECT_EQ(version(NULL), 4 << 16 | 17);
}
