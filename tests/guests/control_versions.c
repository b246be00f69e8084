/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * The tools' hypercalls: another interface version is EACCES before anything else, an unknown
 * command ENOSYS, an unreadable argument EFAULT, an unknown domain ESRCH.
 */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

static struct xen_domctl domctl;
static struct xen_sysctl sysctl;
static struct xen_platform_op platform;

static long do_domctl(uint32_t version, uint32_t cmd, domid_t dom)
{
	memset(&domctl, 0, sizeof(domctl));
	domctl.interface_version = version;
	domctl.cmd = cmd;
	domctl.domain = dom;
	return HC(domctl, &domctl);
}

static long do_sysctl(uint32_t version, uint32_t cmd)
{
	memset(&sysctl, 0, sizeof(sysctl));
	sysctl.interface_version = version;
	sysctl.cmd = cmd;
	return HC(sysctl, &sysctl);
}

static long do_platform(uint32_t version, uint32_t cmd)
{
	memset(&platform, 0, sizeof(platform));
	platform.interface_version = version;
	platform.cmd = cmd;
	return HC(platform_op, &platform);
}

void guest_main(void)
{
	EXPECT_EQ(do_domctl(XEN_DOMCTL_INTERFACE_VERSION + 1, XEN_DOMCTL_getdomaininfo, 0),
		  -XEN_EACCES);
	EXPECT_EQ(do_domctl(0, 9999, 0), -XEN_EACCES);
	EXPECT_EQ(do_domctl(XEN_DOMCTL_INTERFACE_VERSION, 9999, 0), -XEN_ENOSYS);
	EXPECT_EQ(do_domctl(XEN_DOMCTL_INTERFACE_VERSION, 0, 0), -XEN_ENOSYS);
	EXPECT_EQ(do_domctl(XEN_DOMCTL_INTERFACE_VERSION, 9999, 77), -XEN_ESRCH);
	EXPECT_EQ(do_domctl(XEN_DOMCTL_INTERFACE_VERSION, XEN_DOMCTL_pausedomain, 77), -XEN_ESRCH);
	EXPECT_EQ(do_domctl(XEN_DOMCTL_INTERFACE_VERSION, XEN_DOMCTL_destroydomain, 77),
		  -XEN_ESRCH);
	EXPECT_EQ(HC(domctl, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(do_sysctl(XEN_SYSCTL_INTERFACE_VERSION + 1, XEN_SYSCTL_physinfo), -XEN_EACCES);
	EXPECT_EQ(do_sysctl(XEN_SYSCTL_INTERFACE_VERSION, 9999), -XEN_ENOSYS);
	EXPECT_EQ(HC(sysctl, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(do_platform(XENPF_INTERFACE_VERSION + 1, XENPF_getidletime), -XEN_EACCES);
	EXPECT_EQ(do_platform(XENPF_INTERFACE_VERSION, 9999), -XEN_ENOSYS);
	EXPECT_EQ(HC(platform_op, 0x200000000ul), -XEN_EFAULT);
}
