/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 pcpus=1 */
/*
 * Caches of a domain's memory are flushed in steps: what is interrupted goes on where it was, also
 * when another vCPU wants the CPU all the time.
 */
#include "guest.h"

#include <xen/domctl.h>

#define PAGES 49152u

static volatile bool stop;

static void busy(void *arg)
{
	while (!stop) {
		pause();
	}
}

static long flush(domid_t dom, uint64_t first, uint64_t count)
{
	static struct xen_domctl op;

	memset(&op, 0, sizeof(op));
	op.u.cacheflush.start_pfn = first;
	op.u.cacheflush.nr_pfns = count;
	return peer_domctl(&op, XEN_DOMCTL_cacheflush, dom);
}

void guest_main(void)
{
	domid_t dom = peer_create(PAGES);

	EXPECT_EQ(flush(dom, 0, 0), 0);
	EXPECT_EQ(flush(dom, 1, ~0ull), -XEN_EINVAL);
	cpu_run(1, busy, NULL);
	EXPECT_EQ(flush(dom, 0, PAGES), 0);
	stop = true;
	cpu_wait(1);
	peer_destroy(dom);
}
