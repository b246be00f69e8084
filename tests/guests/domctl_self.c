/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* What a domain may not ask for itself, and what the list of domains says of it. */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/sysctl.h>

static struct xen_domctl op;
static struct xen_sysctl sys;
static struct xen_domctl_getdomaininfo list[4];

static long domctl(uint32_t cmd, domid_t dom)
{
	op.cmd = cmd;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = dom;
	return HC(domctl, &op);
}

void guest_main(void)
{
	domid_t dom = peer_create(8), self = DOMID_SELF;

	EXPECT_EQ(domctl(XEN_DOMCTL_pausedomain, OWN_DOMID), -XEN_EINVAL);
	EXPECT_EQ(domctl(XEN_DOMCTL_destroydomain, OWN_DOMID), -XEN_EINVAL);
	EXPECT_EQ(domctl(XEN_DOMCTL_getdomaininfo, OWN_DOMID), 0);
	EXPECT_EQ(op.u.getdomaininfo.domain, OWN_DOMID);
	EXPECT_EQ(op.u.getdomaininfo.tot_pages, HC(memory_op, XENMEM_current_reservation, &self));
	EXPECT_EQ(op.u.getdomaininfo.nr_online_vcpus, 1);
	EXPECT(op.u.getdomaininfo.flags & XEN_DOMINF_hvm_guest, "%#x", op.u.getdomaininfo.flags);
	EXPECT(op.u.getdomaininfo.flags & XEN_DOMINF_running, "%#x", op.u.getdomaininfo.flags);
	sys.cmd = XEN_SYSCTL_getdomaininfolist;
	sys.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	sys.u.getdomaininfolist.first_domain = 0;
	sys.u.getdomaininfolist.max_domains = 4;
	set_xen_guest_handle(sys.u.getdomaininfolist.buffer, list);
	EXPECT_EQ(HC(sysctl, &sys), 0);
	EXPECT_EQ(sys.u.getdomaininfolist.num_domains, 2);
	EXPECT_EQ(list[1].domain, dom);
	EXPECT(list[1].flags & XEN_DOMINF_paused, "a new domain starts paused: %#x", list[1].flags);
	EXPECT_EQ(list[1].tot_pages, 8);
	EXPECT_EQ(domctl(XEN_DOMCTL_unpausedomain, dom), 0);
	EXPECT_EQ(domctl(XEN_DOMCTL_pausedomain, dom), 0);
	EXPECT_EQ(domctl(XEN_DOMCTL_unpausedomain, dom), 0);
	EXPECT_EQ(domctl(XEN_DOMCTL_unpausedomain, dom), -XEN_EINVAL);
}
