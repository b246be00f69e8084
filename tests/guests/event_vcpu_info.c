/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: smp=2 */
/*
 * A vCPU's information area may be placed once, anywhere within a page; afterwards its upcall flag
 * and its time are there. Registering marks an upcall pending, so that none is lost.
 */
#include "guest.h"

static long place(unsigned vcpu, uint64_t gfn, uint32_t offset)
{
	struct vcpu_register_vcpu_info r = {.mfn = gfn, .offset = offset};

	return HC(vcpu_op, VCPUOP_register_vcpu_info, vcpu, &r);
}

void guest_main(void)
{
	char *page = alloc_pages(2);
	struct vcpu_info *moved = (void *)(page + 256);
	evtchn_port_t p = event_bind_ipi(0), peer = event_bind_ipi(1);

	vcpu_info(0)->evtchn_upcall_pending = 0;
	EXPECT_EQ(place(0, PFN(page), PAGE_SIZE - 32), -XEN_ENXIO);
	EXPECT_EQ(place(0, PFN(page), 0xffffffff), -XEN_ENXIO);
	EXPECT_EQ(place(0, 0x7ffffffffful, 0), -XEN_EINVAL);
	EXPECT_EQ(place(77, PFN(page), 0), -XEN_ENOENT);
	EXPECT_EQ(place(0, PFN(page), 256), 0);
	EXPECT_EQ(moved->evtchn_upcall_pending, 1);
	EXPECT_EQ(moved->evtchn_pending_sel, ~(xen_ulong_t)0);
	EXPECT_EQ(place(0, PFN(page), 256), -XEN_EINVAL);
	EXPECT_EQ(place(0, PFN(page) + 1, 0), -XEN_EINVAL);
	moved->evtchn_upcall_pending = 0;
	moved->evtchn_pending_sel = 0;
	vcpu_info(0)->evtchn_upcall_pending = 0;
	EXPECT_EQ(event_send(p), 0);
	EXPECT_EQ(moved->evtchn_upcall_pending, 1);
	EXPECT_EQ(moved->evtchn_pending_sel, 1ul << p / 64);
	EXPECT_EQ(vcpu_info(0)->evtchn_upcall_pending, 0);
	EXPECT(!on_x86 || moved->time.tsc_to_system_mul != 0, "no time in the registered area");
	/* For another vCPU that is not up. */
	EXPECT_EQ(place(1, PFN(page) + 1, PAGE_SIZE - sizeof(struct vcpu_info)), 0);
	moved = (void *)(page + 2 * PAGE_SIZE - sizeof(struct vcpu_info));
	moved->evtchn_upcall_pending = 0;
	moved->evtchn_pending_sel = 0;
	EXPECT_EQ(event_send(peer), 0);
	EXPECT_EQ(moved->evtchn_upcall_pending, 1);
}
