/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * A domain of HVM type has no use for the operations that work on machine frames or page tables:
 * they do not exist for it, before any argument is looked at.
 */
#include "guest.h"

void guest_main(void)
{
	static const int commands[] = {
	    GNTTABOP_dump_table,	GNTTABOP_transfer,    GNTTABOP_unmap_and_replace,
	    GNTTABOP_get_status_frames, GNTTABOP_cache_flush,
	};
	/* On ARM the last one exists. */
	unsigned count = ARRAY_SIZE(commands) - !on_x86;
	char *page = alloc_pages(1);
	unsigned i;

	for (i = 0; i < count; i++) {
		EXPECT(grant_op(commands[i], page, 1) == -XEN_ENOSYS, "command %d", commands[i]);
		EXPECT(grant_op(commands[i], (void *)0x200000000ul, 1) == -XEN_ENOSYS, "command %d",
		       commands[i]);
	}
}
