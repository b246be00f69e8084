/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * HVM parameters: a domain may set few of its own, the privileged domain those of others; numbers
 * beyond the table are EINVAL, unknown domains ESRCH.
 */
#include "guest.h"

static long param(int op, domid_t dom, uint32_t index, uint64_t *value)
{
	struct xen_hvm_param p = {.domid = dom, .index = index, .value = *value};
	long rc = HC(hvm_op, op, &p);

	*value = p.value;
	return rc;
}

void guest_main(void)
{
	domid_t dom = peer_create(8);
	uint64_t v = 1;
	static const uint32_t refused[] = {
	    HVM_PARAM_STORE_PFN,    HVM_PARAM_CONSOLE_PFN, HVM_PARAM_TIMER_MODE,
	    HVM_PARAM_HPET_ENABLED, HVM_PARAM_ALTP2M,	   HVM_PARAM_IOREQ_SERVER_PFN,
	    HVM_PARAM_OF_THE_ARCH,
	};
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		long rc = hvm_set_param(refused[i], 1);

		/* What a domain on ARM does not have is no parameter. */
		EXPECT(rc == -XEN_EPERM || (!on_x86 && rc == -XEN_EINVAL), "parameter %u: %ld",
		       refused[i], rc);
	}
	EXPECT_EQ(hvm_set_param(HVM_PARAM_STORE_PFN, 1), -XEN_EPERM);
	EXPECT_EQ(hvm_get_param(HVM_PARAM_TIMER_MODE, &v), on_x86 ? -XEN_EPERM : -XEN_EINVAL);
	EXPECT_EQ(param(HVMOP_set_param, dom, HVM_PARAM_TIMER_MODE, &v), on_x86 ? 0 : -XEN_EINVAL);
	EXPECT_EQ(hvm_set_param(HVM_PARAM_STORE_EVTCHN, 7), on_x86 ? 0 : -XEN_EPERM);
	EXPECT_EQ(hvm_get_param(HVM_PARAM_STORE_EVTCHN, &v), 0);
	EXPECT(!on_x86 || v == 7, "%lu", v);
	EXPECT_EQ(hvm_set_param(HVM_NR_PARAMS, 1), -XEN_EINVAL);
	EXPECT_EQ(hvm_set_param(~0u, 1), -XEN_EINVAL);
	EXPECT_EQ(hvm_get_param(HVM_NR_PARAMS, &v), -XEN_EINVAL);
	EXPECT_EQ(hvm_get_param(HVM_PARAM_STORE_PFN, &v), 0);
	EXPECT_EQ(param(HVMOP_get_param, 77, HVM_PARAM_STORE_PFN, &v), -XEN_ESRCH);
	EXPECT_EQ(param(HVMOP_set_param, 77, HVM_PARAM_STORE_PFN, &v), -XEN_ESRCH);
	v = 0xfeff;
	EXPECT_EQ(param(HVMOP_set_param, dom, HVM_PARAM_STORE_PFN, &v), 0);
	v = 0;
	EXPECT_EQ(param(HVMOP_get_param, dom, HVM_PARAM_STORE_PFN, &v), 0);
	EXPECT_EQ(v, 0xfeff);
	EXPECT_EQ(HC(hvm_op, HVMOP_set_param, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(hvm_op, HVMOP_get_param, 0x200000000ul), -XEN_EFAULT);
}
