/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is x86 about a second domain. */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/hvm/save.h>

void peer_config(struct xen_domctl_createdomain *config)
{
	config->arch.emulation_flags = XEN_X86_EMU_LAPIC;
}

void peer_pool(domid_t dom)
{
	static struct xen_domctl op;

	op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION;
	op.u.shadow_op.mb = 2;
	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_shadow_op, dom), 0);
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
	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_gethvmcontext, dom), 0);
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
	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_sethvmcontext, dom), 0);
	CHECK_EQ(peer_domctl(&op, XEN_DOMCTL_unpausedomain, dom), 0);
}
