/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl, the x86 part: ports, time, the state of vCPUs, nested tables' memory, types of frames. */
#include <hv/bitops.h>
#include <hv/ctl.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/p2m.h>
#include <hv/page.h>
#include <hv/sched.h>
#include <asm/exit.h>
#include <asm/fpu.h>
#include <asm/guest_tsc.h>
#include <asm/hvm_context.h>
#include <asm/io.h>
#include <asm/msr-index.h>
#include <asm/platform.h>
#include <asm/policy.h>
#include <asm/vmm.h>
#include <xen/domctl.h>

#define PORT_COUNT		0x10000u
#define FRAME_INFO_MAX		1024
#define FRAME_INFO_CHUNK	64
#define FXSAVE_SIZE		512
#define RFLAGS_ONE		BIT(1)
#define RFLAGS_DEFINED		0x003f7fd5UL
/* AMD64 manual vol. 2, section 13.1.1. */
#define DR6_WRITABLE		0xe00fUL
#define DR6_ONES		0xffff0ff0UL
#define DR7_WRITABLE		0xffff2bffUL
#define DR7_ONES		0x400UL

/* Ports --------------------------------------------------------------------------------------------- */

static bool ports_are_sane(uint32_t first, uint32_t count)
{
	return count && first < PORT_COUNT && count <= PORT_COUNT - first;
}

static long op_ioport_permission(const struct xen_domctl_ioport_permission *p, struct domain *d)
{
	uint32_t last = p->first_port + p->nr_ports - 1;

	if (!ports_are_sane(p->first_port, p->nr_ports)) {
		return -EINVAL;
	}
	if (!rangeset_contains(service_domain->io_ports, p->first_port, last)) {
		return -EPERM;
	}
	if (!p->allow_access) {
		io_deny_ports(d, (uint16_t)p->first_port, p->nr_ports);
		return rangeset_remove(d->io_ports, p->first_port, last);
	}
	return rangeset_add(d->io_ports, p->first_port, last);
}

static long op_ioport_mapping(const struct xen_domctl_ioport_mapping *m, struct domain *d)
{
	if (!ports_are_sane(m->first_gport, m->nr_ports) ||
	    !ports_are_sane(m->first_mport, m->nr_ports)) {
		return -EINVAL;
	}
	if (!rangeset_contains(service_domain->io_ports, m->first_mport,
			       m->first_mport + m->nr_ports - 1) ||
	    !rangeset_contains(d->io_ports, m->first_mport, m->first_mport + m->nr_ports - 1)) {
		return -EPERM;
	}
	/* A port cannot stand at another place than its own: the CPU's bitmap knows no translation. */
	if (m->first_gport != m->first_mport) {
		return -EOPNOTSUPP;
	}
	if (m->add_mapping) {
		io_allow_ports(d, (uint16_t)m->first_mport, m->nr_ports);
	} else {
		io_deny_ports(d, (uint16_t)m->first_mport, m->nr_ports);
	}
	return 0;
}

/* Time ---------------------------------------------------------------------------------------------- */

static long op_gettscinfo(struct xen_domctl_tsc_info *t, struct domain *d)
{
	if (d == current->domain) {
		return -EINVAL;
	}
	guest_tsc_get_info(d, t);
	return 0;
}

static long op_settscinfo(const struct xen_domctl_tsc_info *t, struct domain *d)
{
	int rc;

	if (d == current->domain) {
		return -EINVAL;
	}
	domain_pause(d);
	rc = guest_tsc_set_info(d, t->tsc_mode, t->elapsed_nsec, t->gtsc_khz, t->incarnation);
	domain_unpause(d);
	return rc;
}

/* vCPU state ---------------------------------------------------------------------------------------- */

/* v is off its CPU. */
static void fill_user_regs(struct vcpu *v, struct cpu_user_regs *u)
{
	const struct guest_regs *r = &v->arch.regs;
	struct guest_segment s;

	u->rax = r->rax;
	u->rbx = r->rbx;
	u->rcx = r->rcx;
	u->rdx = r->rdx;
	u->rsi = r->rsi;
	u->rdi = r->rdi;
	u->rbp = r->rbp;
	u->rsp = r->rsp;
	u->r8 = r->r8;
	u->r9 = r->r9;
	u->r10 = r->r10;
	u->r11 = r->r11;
	u->r12 = r->r12;
	u->r13 = r->r13;
	u->r14 = r->r14;
	u->r15 = r->r15;
	u->rip = r->rip;
	u->rflags = r->rflags;
	vmm->get_segment(v, SEG_CS, &s);
	u->cs = s.sel;
	vmm->get_segment(v, SEG_SS, &s);
	u->ss = s.sel;
	vmm->get_segment(v, SEG_DS, &s);
	u->ds = s.sel;
	vmm->get_segment(v, SEG_ES, &s);
	u->es = s.sel;
	vmm->get_segment(v, SEG_FS, &s);
	u->fs = s.sel;
	vmm->get_segment(v, SEG_GS, &s);
	u->gs = s.sel;
}

static void fill_context(struct vcpu *v, struct vcpu_guest_context *c)
{
	struct guest_segment s;
	uint64_t kernel_gs = 0;

	if (v->arch.xsave) {
		memcpy(&c->fpu_ctxt, v->arch.xsave, FXSAVE_SIZE);
	}
	c->flags = VGCF_i387_valid | (v->arch.cpl ? 0 : VGCF_in_kernel) |
		   (test_bit(VCPU_DOWN, &v->state) ? 0 : VGCF_online);
	fill_user_regs(v, &c->user_regs);
	c->ctrlreg[0] = v->arch.cr0;
	c->ctrlreg[2] = v->arch.cr2;
	c->ctrlreg[3] = v->arch.cr3;
	c->ctrlreg[4] = v->arch.cr4;
	for (unsigned int i = 0; i < ARRAY_SIZE(v->arch.dr); i++) {
		c->debugreg[i] = v->arch.dr[i];
	}
	c->debugreg[6] = v->arch.dr6;
	c->debugreg[7] = v->arch.dr7;
	vmm->get_segment(v, SEG_FS, &s);
	c->fs_base = s.base;
	vmm->get_segment(v, SEG_GS, &s);
	(void)vmm->get_msr(v, MSR_KERNEL_GS_BASE, &kernel_gs);
	c->gs_base_kernel = v->arch.cpl ? kernel_gs : s.base;
	c->gs_base_user = v->arch.cpl ? s.base : kernel_gs;
}

static long op_getvcpucontext(const struct xen_domctl_vcpucontext *op, struct domain *d)
{
	struct vcpu_guest_context *c;
	struct vcpu *v;
	long rc;

	if (d == current->domain || op->vcpu >= d->max_vcpus) {
		return -EINVAL;
	}
	v = d->vcpu[op->vcpu];
	if (!v) {
		return -ESRCH;
	}
	c = hv_alloc(sizeof(*c));
	if (!c) {
		return -ENOMEM;
	}
	vcpu_pause(v);
	vmm->sync_cr(v);
	fill_context(v, c);
	vcpu_unpause(v);
	rc = guest_write(handle_gva(op->ctxt), c, sizeof(*c));
	hv_free(c);
	return rc;
}

static void load_user_regs(struct vcpu *v, const struct cpu_user_regs *u)
{
	struct guest_regs *r = &v->arch.regs;

	/* Segments are not for this call to set. */
	*r = (struct guest_regs){
		.rax = u->rax, .rcx = u->rcx, .rdx = u->rdx, .rbx = u->rbx, .rsp = u->rsp, .rbp = u->rbp,
		.rsi = u->rsi, .rdi = u->rdi, .r8 = u->r8, .r9 = u->r9, .r10 = u->r10, .r11 = u->r11,
		.r12 = u->r12, .r13 = u->r13, .r14 = u->r14, .r15 = u->r15, .rip = u->rip,
		.rflags = (u->rflags & RFLAGS_DEFINED & ~RFLAGS_VM) | (r->rflags & RFLAGS_VM) | RFLAGS_ONE,
	};
}

/* As VM entry wants it. */
static bool rip_ok(const struct vcpu *v, uint64_t rip)
{
	return v->arch.in_long_mode_64 ? (uint64_t)((int64_t)(rip << 16) >> 16) == rip : !(rip >> 32);
}

/* v is off its CPU. */
static long load_context(struct vcpu *v, const struct vcpu_guest_context *untrusted_c)
{
	struct arch_vcpu *a = &v->arch;
	const uint64_t *dr = untrusted_c->debugreg;

	if (dr[6] >> 32 || dr[7] >> 32 || !rip_ok(v, untrusted_c->user_regs.rip) ||
	    !fpu_load_legacy(v, &untrusted_c->fpu_ctxt)) {
		return -EINVAL;
	}
	load_user_regs(v, &untrusted_c->user_regs);
	for (unsigned int i = 0; i < ARRAY_SIZE(a->dr); i++) {
		a->dr[i] = dr[i];
	}
	a->dr6 = (dr[6] & DR6_WRITABLE) | DR6_ONES;
	a->dr7 = (dr[7] & DR7_WRITABLE) | DR7_ONES;
	vmm->update_cr(v);
	v->initialised = true;
	if (untrusted_c->flags & VGCF_online) {
		vcpu_state_clear(v, VCPU_DOWN);
	} else {
		vcpu_state_set(v, VCPU_DOWN);
	}
	return 0;
}

/* What there is for a guest of this kind: general and debug registers, and the old part of the FPU. */
static long op_setvcpucontext(const struct xen_domctl_vcpucontext *op, struct domain *d)
{
	struct vcpu_guest_context *c;
	struct vcpu *v;
	long rc = -EFAULT;

	if (d == current->domain || op->vcpu >= d->max_vcpus || !d->vcpu[op->vcpu]) {
		return -EINVAL;
	}
	if (handle_null(op->ctxt)) {
		/* A reset of the vCPU. */
		return -EOPNOTSUPP;
	}
	v = d->vcpu[op->vcpu];
	c = hv_alloc(sizeof(*c));
	if (!c) {
		return -ENOMEM;
	}
	if (!guest_read(c, handle_gva(op->ctxt), sizeof(*c))) {
		domain_pause(d);
		rc = load_context(v, c);
		domain_unpause(d);
	}
	hv_free(c);
	return rc;
}

static long op_sendtrigger(const struct xen_domctl_sendtrigger *t, struct domain *d)
{
	switch (t->trigger) {
	case XEN_DOMCTL_SENDTRIGGER_NMI:
		if (t->vcpu >= d->max_vcpus || !d->vcpu[t->vcpu]) {
			return -ESRCH;
		}
		vcpu_raise_nmi(d->vcpu[t->vcpu]);
		return 0;
	case XEN_DOMCTL_SENDTRIGGER_POWER:
	case XEN_DOMCTL_SENDTRIGGER_SLEEP:
		/* No guest has the buttons. */
		return -EOPNOTSUPP;
	default:
		return -ENOSYS;
	}
}

/* Memory -------------------------------------------------------------------------------------------- */

static uint64_t frame_info(struct domain *d, uint64_t g)
{
	enum p2m_type t;
	struct page_info *pg = p2m_get_page(d, gfn(g), &t);
	bool plain;

	if (!pg) {
		return XEN_DOMCTL_PFINFO_XTAB;
	}
	/* What is another's, or ours, cannot be carried to another place. */
	plain = !(pg->flags & PAGE_SHARED) && (t == P2M_RAM_RW || t == P2M_RAM_RO);
	page_put(pg);
	return plain ? XEN_DOMCTL_PFINFO_NOTAB : XEN_DOMCTL_PFINFO_XTAB;
}

/* What kind of frame each gfn of the list is; save asks for it. */
static long op_getpageframeinfo(const struct xen_domctl_getpageframeinfo3 *p, struct domain *d)
{
	uint64_t list[FRAME_INFO_CHUNK];

	if (p->num > FRAME_INFO_MAX) {
		return -E2BIG;
	}
	for (uint64_t i = 0; i < p->num; i += FRAME_INFO_CHUNK) {
		uint64_t n = MIN(p->num - i, (uint64_t)FRAME_INFO_CHUNK);
		gva_t where = gva_index(handle_gva(p->array), i, sizeof(list[0]));

		if (guest_read(list, where, n * sizeof(list[0]))) {
			return -EFAULT;
		}
		for (uint64_t j = 0; j < n; j++) {
			list[j] = frame_info(d, list[j]);
		}
		if (guest_write(where, list, n * sizeof(list[0]))) {
			return -EFAULT;
		}
	}
	return 0;
}

static long op_set_pool(uint64_t bytes, struct domain *d)
{
	if (!IS_ALIGNED(bytes, PAGE_SIZE)) {
		return -EINVAL;
	}
	return p2m_set_pool(d, bytes);
}

/* Of shadow paging's operations only those that nested paging has too. */
static long op_shadow(struct xen_domctl_shadow_op *s, struct domain *d, bool *copy_back)
{
	if (d == current->domain) {
		return -EINVAL;
	}
	*copy_back = true;
	if (d->dying != DOMAIN_ALIVE) {
		return 0;
	}
	if (!d->vcpu[0]) {
		return -EINVAL;
	}
	if (s->op == XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION) {
		s->mb = (uint32_t)(ROUND_UP(p2m_get_pool(d), MIB(1)) >> 20);
		return 0;
	}
	return p2m_shadow_op(d, s);
}

long arch_domctl(struct xen_domctl *op, struct domain *d, bool *copy_back)
{
	switch (op->cmd) {
	case XEN_DOMCTL_shadow_op:
		return op_shadow(&op->u.shadow_op, d, copy_back);
	case XEN_DOMCTL_ioport_permission:
		return op_ioport_permission(&op->u.ioport_permission, d);
	case XEN_DOMCTL_ioport_mapping:
		return op_ioport_mapping(&op->u.ioport_mapping, d);
	case XEN_DOMCTL_getpageframeinfo3:
		return op_getpageframeinfo(&op->u.getpageframeinfo3, d);
	case XEN_DOMCTL_gethvmcontext:
	case XEN_DOMCTL_sethvmcontext:
	case XEN_DOMCTL_gethvmcontext_partial:
		return hvm_context_domctl(op, d, copy_back);
	case XEN_DOMCTL_getvcpucontext:
		return op_getvcpucontext(&op->u.vcpucontext, d);
	case XEN_DOMCTL_get_address_size:
		op->u.address_size.size = BITS_PER_LONG;
		*copy_back = true;
		return 0;
	case XEN_DOMCTL_settimeoffset:
		d->time_offset_seconds = (int32_t)op->u.settimeoffset.time_offset_seconds;
		domain_publish_wallclock(d);
		return 0;
	case XEN_DOMCTL_sendtrigger:
		return op_sendtrigger(&op->u.sendtrigger, d);
	case XEN_DOMCTL_gettscinfo:
		*copy_back = true;
		return op_gettscinfo(&op->u.tsc_info, d);
	case XEN_DOMCTL_settscinfo:
		return op_settscinfo(&op->u.tsc_info, d);
	case XEN_DOMCTL_get_cpu_policy:
	case XEN_DOMCTL_set_cpu_policy:
		*copy_back = true;
		return policy_domctl(op, d);
	case XEN_DOMCTL_get_paging_mempool_size:
		op->u.paging_mempool.size = p2m_get_pool(d);
		*copy_back = true;
		return 0;
	case XEN_DOMCTL_set_paging_mempool_size:
		return op_set_pool(op->u.paging_mempool.size, d);
	case XEN_DOMCTL_setvcpucontext:
		return op_setvcpucontext(&op->u.vcpucontext, d);
	case XEN_DOMCTL_hypercall_init:
	case XEN_DOMCTL_set_address_size:
	case XEN_DOMCTL_bind_pt_irq:
	case XEN_DOMCTL_unbind_pt_irq:
	case XEN_DOMCTL_set_ext_vcpucontext:
	case XEN_DOMCTL_get_ext_vcpucontext:
	case XEN_DOMCTL_setvcpuextstate:
	case XEN_DOMCTL_getvcpuextstate:
	case XEN_DOMCTL_get_vcpu_msrs:
	case XEN_DOMCTL_set_vcpu_msrs:
	case XEN_DOMCTL_set_broken_page_p2m:
		/* For PV guests or passthrough, or not built. */
		return -EOPNOTSUPP;
	default:
		return -ENOSYS;
	}
}
