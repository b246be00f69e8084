/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second domain, made the way a tool stack makes one; its vCPU never runs. */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/hvm/save.h>

static long domctl(struct xen_domctl *op, uint32_t cmd, domid_t dom)
{
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
	    .arch.emulation_flags = XEN_X86_EMU_LAPIC,
	};
	CHECK_EQ(domctl(&op, XEN_DOMCTL_createdomain, 0), 0);
	dom = op.domain;
	op.u.max_vcpus.max = 1;
	CHECK_EQ(domctl(&op, XEN_DOMCTL_max_vcpus, dom), 0);
	memset(&op, 0, sizeof(op));
	op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION;
	op.u.shadow_op.mb = 2;
	CHECK_EQ(domctl(&op, XEN_DOMCTL_shadow_op, dom), 0);
	op.u.max_mem.max_memkb = (pages + 64) * 4;
	CHECK_EQ(domctl(&op, XEN_DOMCTL_max_mem, dom), 0);
	populate(dom, pages);
	return dom;
}

void peer_destroy(domid_t dom)
{
	static struct xen_domctl op;

	CHECK_EQ(domctl(&op, XEN_DOMCTL_destroydomain, dom), 0);
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

/* The domain's first record, without which nothing is taken; returns its length. */
static unsigned context_header(domid_t dom, void *out, unsigned room)
{
	static uint8_t all[65536];
	static struct xen_domctl op;
	struct hvm_save_descriptor *d = (void *)all;
	unsigned size = sizeof(*d) + HVM_SAVE_LENGTH(HEADER);

	memset(&op, 0, sizeof(op));
	op.u.hvmcontext.size = sizeof(all);
	set_xen_guest_handle(op.u.hvmcontext.buffer, all);
	CHECK_EQ(domctl(&op, XEN_DOMCTL_gethvmcontext, dom), 0);
	CHECK_EQ(d->typecode, HVM_SAVE_CODE(HEADER));
	CHECK(size <= room);
	memcpy(out, all, size);
	return size;
}

void peer_start(domid_t dom, uint32_t entry)
{
	static uint8_t stream[4096];
	static struct hvm_hw_cpu cpu;
	static struct xen_domctl op;
	struct hvm_save_descriptor d = {.typecode = HVM_SAVE_CODE(CPU), .length = sizeof(cpu)};
	unsigned at = context_header(dom, stream, sizeof(stream));

	cpu.rip = entry;
	cpu.rflags = 2;
	cpu.cr0 = 0x11;
	cpu.dr6 = 0xffff0ff0;
	cpu.dr7 = 0x400;
	cpu.cs_limit = cpu.ds_limit = cpu.es_limit = cpu.ss_limit = ~0u;
	cpu.cs_arbytes = 0xc9b;
	cpu.ds_arbytes = cpu.es_arbytes = cpu.ss_arbytes = 0xc93;
	cpu.tr_arbytes = 0x8b;
	cpu.tr_limit = 0x67;
	memcpy(stream + at, &d, sizeof(d));
	memcpy(stream + at + sizeof(d), &cpu, sizeof(cpu));
	at += sizeof(d) + sizeof(cpu);
	d = (struct hvm_save_descriptor){.typecode = HVM_SAVE_CODE(END)};
	memcpy(stream + at, &d, sizeof(d));
	memset(&op, 0, sizeof(op));
	op.u.hvmcontext.size = at + sizeof(d);
	set_xen_guest_handle(op.u.hvmcontext.buffer, stream);
	CHECK_EQ(domctl(&op, XEN_DOMCTL_sethvmcontext, dom), 0);
	CHECK_EQ(domctl(&op, XEN_DOMCTL_unpausedomain, dom), 0);
}
