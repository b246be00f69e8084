/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * The shared page can be mapped, is the same page at every mapping, and starts with no event masked
 * or pending but for the upcall flags.
 */
#include "guest.h"

static long map_at(void *page)
{
	struct xen_add_to_physmap a = {
	    .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .gpfn = PFN(page)};

	return HC(memory_op, XENMEM_add_to_physmap, &a);
}

void guest_main(void)
{
	struct shared_info *second = alloc_pages(1), *first = shared_info();
	evtchn_port_t p;
	long rc;
	unsigned i;

	_Static_assert(sizeof(struct shared_info) <= 4096, "one page");
	_Static_assert(offsetof(struct shared_info, evtchn_pending) ==
			   XEN_LEGACY_MAX_VCPUS * sizeof(struct vcpu_info),
		       "64-bit layout");
	for (i = 0; i < 64; i++) {
		EXPECT(first->evtchn_pending[i] == 0, "word %u", i);
	}
	/* The page moves: the first mapping goes. Xen on ARM keeps it until it is taken out. */
	rc = map_at(second);
	if (!on_x86 && rc == -XEN_EBUSY) {
		second = first;
	} else {
		EXPECT_EQ(rc, 0);
	}
	p = event_bind_ipi(0);
	EXPECT_EQ(event_send(p), 0);
	EXPECT(test_bit(p, second->evtchn_pending), "the event is not in the mapped page");
	EXPECT_EQ(second->vcpu_info[0].evtchn_upcall_pending, 1);
	EXPECT(!on_x86 || second->vcpu_info[0].time.tsc_to_system_mul, "no time");
}
