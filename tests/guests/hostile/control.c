/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls of the tools: queries of anything, and changes to domains that the guest made. */
#include "hostile.h"

#include <xen/domctl.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

static union {
	struct xen_domctl domctl;
	struct xen_sysctl sysctl;
	struct xen_platform_op platform;
	uint64_t word[24];
} op;

/* Everything in the argument that could be an address is one that does no harm. */
static void fill_with_pointers(void)
{
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(op.word); i++) {
		op.word[i] = one_in(2)	 ? some_pointer()
			     : one_in(2) ? rnd_below(8)
					 : rnd() | 1ull << 45;
	}
}

static void some_sysctl(void)
{
	static const uint32_t queries[] = {
	    XEN_SYSCTL_readconsole,	   XEN_SYSCTL_physinfo,
	    XEN_SYSCTL_sched_id,	   XEN_SYSCTL_getcpuinfo,
	    XEN_SYSCTL_availheap,	   XEN_SYSCTL_getdomaininfolist,
	    XEN_SYSCTL_cputopoinfo,	   XEN_SYSCTL_numainfo,
	    XEN_SYSCTL_pcitopoinfo,	   XEN_SYSCTL_get_cpu_levelling_caps,
	    XEN_SYSCTL_get_cpu_featureset, 9999,
	};

	fill_with_pointers();
	op.sysctl.cmd = queries[rnd_below(ARRAY_SIZE(queries))];
	op.sysctl.interface_version = one_in(8) ? rnd() : XEN_SYSCTL_INTERFACE_VERSION;
	if (op.sysctl.cmd == XEN_SYSCTL_readconsole) {
		op.sysctl.u.readconsole.clear = 0;
	}
	HC(sysctl, place(&op.sysctl, sizeof(op.sysctl)));
}

static void some_shadow_op(void)
{
	static const uint32_t ops[] = {
	    XEN_DOMCTL_SHADOW_OP_OFF,		 XEN_DOMCTL_SHADOW_OP_ENABLE,
	    XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, XEN_DOMCTL_SHADOW_OP_CLEAN,
	    XEN_DOMCTL_SHADOW_OP_PEEK,		 XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION,
	    XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION, 9999,
	};

	op.domctl.u.shadow_op.op = ops[rnd_below(ARRAY_SIZE(ops))];
	op.domctl.u.shadow_op.mode = rnd_below(8);
	op.domctl.u.shadow_op.pages = one_in(4) ? rnd() : rnd_below(100000);
}

static void some_domctl(void)
{
	static const uint32_t queries[] = {
	    XEN_DOMCTL_getdomaininfo,	  XEN_DOMCTL_getvcpuinfo,
	    XEN_DOMCTL_getvcpuaffinity,	  XEN_DOMCTL_gethvmcontext,
	    XEN_DOMCTL_getpageframeinfo3, XEN_DOMCTL_get_address_size,
	    XEN_DOMCTL_getvcpucontext,	  XEN_DOMCTL_gethvmcontext_partial,
	    XEN_DOMCTL_getnodeaffinity,	  9999,
	};
	static const uint32_t changes[] = {
	    XEN_DOMCTL_pausedomain,	 XEN_DOMCTL_unpausedomain,  XEN_DOMCTL_max_mem,
	    XEN_DOMCTL_setvcpuaffinity,	 XEN_DOMCTL_max_vcpus,	    XEN_DOMCTL_setvcpucontext,
	    XEN_DOMCTL_sethvmcontext,	 XEN_DOMCTL_hypercall_init, XEN_DOMCTL_destroydomain,
	    XEN_DOMCTL_set_address_size, XEN_DOMCTL_resumedomain,   XEN_DOMCTL_setdomainhandle,
	    XEN_DOMCTL_shadow_op,	 XEN_DOMCTL_cacheflush,	    XEN_DOMCTL_vuart_op,
	};
	uint32_t cmd = queries[rnd_below(ARRAY_SIZE(queries))];

	fill_with_pointers();
	op.domctl.domain = some_domain();
	if (one_in(2)) {
		cmd = changes[rnd_below(ARRAY_SIZE(changes))];
		/* Our own making, or nobody. */
		op.domctl.domain = 1 + rnd_below(2000);
	}
	if (cmd == XEN_DOMCTL_shadow_op) {
		some_shadow_op();
	}
	op.domctl.cmd = cmd;
	op.domctl.interface_version = one_in(8) ? rnd() : XEN_DOMCTL_INTERFACE_VERSION;
	HC(domctl, &op.domctl);
}

static void create_domain(void)
{
	unsigned i;

	memset(&op, 0, sizeof(op));
	op.domctl.cmd = XEN_DOMCTL_createdomain;
	op.domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domctl.domain = one_in(2) ? 0 : 1 + rnd_below(4);
	op.domctl.u.createdomain = (struct xen_domctl_createdomain){
	    .flags = one_in(4) ? rnd() : XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
	    .iommu_opts = one_in(4) ? rnd() : 0,
	    .max_vcpus = one_in(4) ? rnd() : 1 + rnd_below(4),
	    .max_evtchn_port = one_in(4) ? rnd() : 1023,
	    .max_grant_frames = one_in(4) ? (int)rnd() : 4,
	    .max_maptrack_frames = one_in(4) ? (int)rnd() : 4,
	    .vmtrace_size = one_in(8) ? rnd() : 0,
	    .cpupool_id = one_in(8) ? rnd() : 0,
	};
	op.domctl.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(2);
	peer_config(&op.domctl.u.createdomain);
	if (one_in(4)) {
		op.domctl.u.createdomain.grant_opts = rnd();
	}
	if (one_in(4)) {
		uint8_t *arch = (uint8_t *)&op.domctl.u.createdomain.arch;

		arch[rnd_below(sizeof(op.domctl.u.createdomain.arch))] = rnd();
	}
	for (i = 0; i < 16; i++) {
		op.domctl.u.createdomain.handle[i] = rnd();
	}
	HC(domctl, &op.domctl);
}

void hostile_control(void)
{
	switch (rnd_below(8)) {
	case 0:
		if (one_in(16)) {
			create_domain();
		}
		break;
	case 1:
		fill_with_pointers();
		op.platform.cmd = one_in(2) ? XENPF_get_cpuinfo : 9999;
		op.platform.interface_version = one_in(4) ? rnd() : XENPF_INTERFACE_VERSION;
		HC(platform_op, place(&op.platform, sizeof(op.platform)));
		break;
	case 2:
	case 3:
		some_sysctl();
		break;
	default:
		some_domctl();
	}
}

void hostile_tidy_domains(void)
{
	static struct xen_domctl_getdomaininfo list[64];
	unsigned i, n;

	if (hostile_is_domu()) {
		return;
	}
	memset(&op, 0, sizeof(op));
	op.sysctl.cmd = XEN_SYSCTL_getdomaininfolist;
	op.sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	op.sysctl.u.getdomaininfolist.first_domain = 1;
	op.sysctl.u.getdomaininfolist.max_domains = ARRAY_SIZE(list);
	set_xen_guest_handle(op.sysctl.u.getdomaininfolist.buffer, list);
	if (HC(sysctl, &op.sysctl)) {
		return;
	}
	n = op.sysctl.u.getdomaininfolist.num_domains;
	for (i = 0; i < n && i < ARRAY_SIZE(list); i++) {
		memset(&op, 0, sizeof(op));
		op.domctl.cmd = XEN_DOMCTL_destroydomain;
		op.domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
		op.domctl.domain = list[i].domain;
		HC(domctl, &op.domctl);
	}
	/* Let them go for good. */
	for (i = 0; i < 1000; i++) {
		HC(sched_op, SCHEDOP_yield, 0);
	}
}

uint64_t hostile_free_pages(void)
{
	memset(&op, 0, sizeof(op));
	op.sysctl.cmd = XEN_SYSCTL_physinfo;
	op.sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	if (hostile_is_domu() || HC(sysctl, &op.sysctl)) {
		return 0;
	}
	return op.sysctl.u.physinfo.free_pages;
}
