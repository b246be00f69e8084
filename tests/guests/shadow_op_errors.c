/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* Which operations of log-dirty are refused, and when. */
#include "guest.h"

#include <xen/domctl.h>

static struct xen_domctl op;
static uint64_t bits[2];

static long shadow(domid_t dom, uint32_t what, uint32_t mode, void *bitmap, uint64_t pages)
{
	memset(&op, 0, sizeof(op));
	op.cmd = XEN_DOMCTL_shadow_op;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = dom;
	op.u.shadow_op.op = what;
	op.u.shadow_op.mode = mode;
	op.u.shadow_op.pages = pages;
	set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, bitmap);
	return HC(domctl, &op);
}

void guest_main(void)
{
	const uint32_t log = XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY;
	domid_t dom = peer_create(16);

	EXPECT_EQ(shadow(OWN_DOMID, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, 0, 0), -XEN_EINVAL);
	EXPECT_EQ(shadow(OWN_DOMID, XEN_DOMCTL_SHADOW_OP_OFF, 0, 0, 0), -XEN_EINVAL);
	EXPECT_EQ(shadow(77, XEN_DOMCTL_SHADOW_OP_OFF, 0, 0, 0), -XEN_ESRCH);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION, 0, 0, 0), 0);
	EXPECT_EQ(op.u.shadow_op.mb, 2);
	EXPECT_EQ(shadow(dom, 99, 0, 0, 0), -XEN_EINVAL);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_ENABLE_TEST, 0, 0, 0), -XEN_EINVAL);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_ENABLE, 0, 0, 0), -XEN_EINVAL);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_OFF, 0, 0, 0), 0);
	/* Without logging nothing was written. */
	bits[0] = bits[1] = ~0ul;
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_CLEAN, 0, bits, 64), 0);
	EXPECT_EQ(bits[0], 0);
	EXPECT_EQ(bits[1], ~0ul);
	EXPECT_EQ(op.u.shadow_op.pages, 64);
	EXPECT_EQ(op.u.shadow_op.stats.dirty_count, 0);

	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_ENABLE, log, 0, 0), 0);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_ENABLE, log, 0, 0), -XEN_EINVAL);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, 0, 0), -XEN_EINVAL);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_CLEAN, 2, bits, 64), -XEN_EINVAL);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_PEEK, 2, bits, 64), -XEN_EINVAL);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_PEEK, 0, (void *)0x200000000ul, 64),
		  -XEN_EFAULT);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_CLEAN, 0, (void *)0x200000000ul, 64),
		  -XEN_EFAULT);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_PEEK, 0, 0, 64), 0);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_CLEAN, 0, bits, 0), 0);
	/* Whole bytes are written, and no more. */
	bits[0] = ~0ul;
	EXPECT_EQ(
	    shadow(dom, XEN_DOMCTL_SHADOW_OP_CLEAN, XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL, bits, 9), 0);
	EXPECT_EQ(bits[0], ~0xfffful);
	EXPECT_EQ(op.u.shadow_op.pages, 9);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_OFF, 0, 0, 0), 0);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_OFF, 0, 0, 0), 0);
	/* And once more from the start. */
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, 0, 0), 0);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_OFF, 0, 0, 0), 0);
	peer_destroy(dom);
	EXPECT_EQ(shadow(dom, XEN_DOMCTL_SHADOW_OP_OFF, 0, 0, 0), -XEN_ESRCH);
}
