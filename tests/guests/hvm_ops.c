/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* The other commands of hvm_op that a PVH domain can meet, and those it cannot use. */
#include "guest.h"

void guest_main(void)
{
	struct xen_hvm_altp2m_op a = {.version = HVMOP_ALTP2M_INTERFACE_VERSION,
				      .cmd = HVMOP_altp2m_get_domain_state,
				      .domain = DOMID_SELF};
	struct xen_hvm_get_time t = {0};
	struct xen_hvm_xentrace trace = {.event = 1};
	static char page[64];

	EXPECT_EQ(HC(hvm_op, HVMOP_flush_tlbs, 0), 0);
	EXPECT_EQ(HC(hvm_op, HVMOP_flush_tlbs, page), -XEN_EINVAL);
	EXPECT_EQ(HC(hvm_op, HVMOP_altp2m, &a), -XEN_EOPNOTSUPP);
	EXPECT_EQ(HC(hvm_op, HVMOP_get_time, &t), 0);
	EXPECT(t.now > 0 && t.now < 1000000000000ull, "%lu", t.now);
	EXPECT_EQ(HC(hvm_op, HVMOP_get_time, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(hvm_op, HVMOP_xentrace, &trace), 0);
	trace.extra_bytes = 255;
	EXPECT_EQ(HC(hvm_op, HVMOP_xentrace, &trace), -XEN_EINVAL);
	EXPECT_EQ(HC(hvm_op, HVMOP_set_evtchn_upcall_vector, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(hvm_op, 2, page), -XEN_ENOSYS);
	EXPECT_EQ(HC(hvm_op, 99, page), -XEN_ENOSYS);
	EXPECT_EQ(HC(hvm_op, -1, page), -XEN_ENOSYS);
}
