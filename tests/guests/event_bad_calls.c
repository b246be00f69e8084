/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* Unknown event-channel commands are ENOSYS; an argument that is not mapped is EFAULT. */
#include "guest.h"

void guest_main(void)
{
	static const int commands[] = {
	    EVTCHNOP_bind_interdomain,
	    EVTCHNOP_bind_virq,
	    EVTCHNOP_bind_pirq,
	    EVTCHNOP_close,
	    EVTCHNOP_send,
	    EVTCHNOP_status,
	    EVTCHNOP_alloc_unbound,
	    EVTCHNOP_bind_ipi,
	    EVTCHNOP_bind_vcpu,
	    EVTCHNOP_unmask,
	    EVTCHNOP_reset,
	    EVTCHNOP_init_control,
	    EVTCHNOP_expand_array,
	    EVTCHNOP_set_priority,
	};
	char *page = alloc_pages(1);
	unsigned i;

	map_page(0x300000000ul, (uint64_t)page);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		EXPECT(event_op(commands[i], (void *)0x200000000ul) == -XEN_EFAULT, "command %d",
		       commands[i]);
		/* The first byte is there, the next page is not. */
		EXPECT(event_op(commands[i], (void *)0x300000ffful) == -XEN_EFAULT, "command %d",
		       commands[i]);
	}
	EXPECT_EQ(event_op(15, page), -XEN_ENOSYS);
	EXPECT_EQ(event_op(99, page), -XEN_ENOSYS);
	EXPECT_EQ(event_op(-1, page), -XEN_ENOSYS);
}
