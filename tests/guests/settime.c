/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* The initial domain sets the wall clock: what it was at system time 0 stands in the shared page
 * afterwards. */
#include "guest.h"

#include <xen/platform.h>

#define NOW_SECONDS 1700000000ull

void guest_main(void)
{
	static struct xen_platform_op op;
	volatile struct shared_info *s = shared_info();
	uint32_t before = s->wc_version;

	op.interface_version = XENPF_INTERFACE_VERSION;
	op.cmd = XENPF_settime64;
	op.u.settime64.mbz = 1;
	op.u.settime64.secs = NOW_SECONDS;
	EXPECT_EQ(HC(platform_op, &op), -XEN_EINVAL);
	op.u.settime64.mbz = 0;
	op.u.settime64.nsecs = 250000000;
	op.u.settime64.system_time = 10500000000ull;
	EXPECT_EQ(HC(platform_op, &op), 0);
	EXPECT(s->wc_version != before && !(s->wc_version & 1), "version %u after %u",
	       s->wc_version, before);
	EXPECT_EQ((uint64_t)s->wc_sec_hi << 32 | s->wc_sec, NOW_SECONDS - 11);
	EXPECT_EQ(s->wc_nsec, 750000000);
}
