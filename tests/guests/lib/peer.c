/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second domain, made the way a tool stack makes one; its vCPU never runs. */
#include "guest.h"

#include <xen/domctl.h>

long peer_domctl(void *arg, uint32_t cmd, domid_t dom)
{
	struct xen_domctl *op = arg;

	op->cmd = cmd;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = dom;
	return HC(domctl, op);
}

static void populate(domid_t dom, unsigned pages)
{
	unsigned i;

	for (i = 0; i < pages; i++) {
		xen_pfn_t gfn = i;
		struct xen_memory_reservation r = {.nr_extents = 1, .domid = dom};

		set_xen_guest_handle(r.extent_start, &gfn);
		CHECK_EQ(HC(memory_op, XENMEM_populate_physmap, &r), 1);
	}
}

domid_t peer_create(unsigned pages)
{
	static struct xen_domctl op;
	domid_t dom;

	memset(&op, 0, sizeof(op));
	op.u.createdomain = (struct xen_domctl_createdomain){
	    .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
	    .max_vcpus = 1,
	    .max_evtchn_port = 1023,
	    .max_grant_frames = 4,
	    .max_maptrack_frames = 4,
	    .grant_opts = XEN_DOMCTL_GRANT_version(2),
	};
	peer_config(&op.u.createdomain);
	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_createdomain, 0), 0);
	dom = op.domain;
	op.u.max_vcpus.max = 1;
	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_max_vcpus, dom), 0);
	peer_pool(dom);
	op.u.max_mem.max_memkb = (pages + 64) * 4;
	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_max_mem, dom), 0);
	populate(dom, pages);
	return dom;
}

void peer_destroy(domid_t dom)
{
	static struct xen_domctl op;

	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_destroydomain, dom), 0);
}

void *peer_map(domid_t dom, uint64_t gfn)
{
	xen_ulong_t idx = gfn;
	xen_pfn_t gpfn = free_gfn();
	int err = 0;
	struct xen_add_to_physmap_batch b = {
	    .domid = DOMID_SELF,
	    .space = XENMAPSPACE_gmfn_foreign,
	    .size = 1,
	    .u.foreign_domid = dom,
	};

	set_xen_guest_handle(b.idxs, &idx);
	set_xen_guest_handle(b.gpfns, &gpfn);
	set_xen_guest_handle(b.errs, &err);
	CHECK_EQ(HC(memory_op, XENMEM_add_to_physmap_batch, &b), 0);
	CHECK_EQ(err, 0);
	return (void *)(gpfn * PAGE_SIZE);
}

grant_entry_v1_t *peer_grants(domid_t dom)
{
	xen_pfn_t gpfn = free_gfn();
	struct xen_mem_acquire_resource r = {
	    .domid = dom,
	    .type = XENMEM_resource_grant_table,
	    .id = XENMEM_resource_grant_table_id_shared,
	    .nr_frames = 1,
	};

	set_xen_guest_handle(r.frame_list, &gpfn);
	CHECK_EQ(HC(memory_op, XENMEM_acquire_resource, &r), 0);
	return (void *)(gpfn * PAGE_SIZE);
}

void peer_grant(grant_entry_v1_t *table, grant_ref_t ref, uint64_t gfn, uint16_t extra_flags)
{
	table[ref].domid = OWN_DOMID;
	table[ref].frame = gfn;
	barrier();
	table[ref].flags = GTF_permit_access | extra_flags;
	barrier();
}
