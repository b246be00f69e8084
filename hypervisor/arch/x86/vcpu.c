/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x86 life of a vCPU: making and end, switching and running, its register states at the start, and the time
 * that it reads. No locks of its own; VCPUOP_initialise takes domain->big_lock.
 */
#include <asm/exit.h>
#include <asm/guest_tsc.h>
#include <asm/processor.h>
#include <asm/speculation.h>
#include <asm/time.h>
#include <asm/vmm.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/sched.h>
#include <xen/hvm/hvm_vcpu.h>
#include <xen/vcpu.h>

#define PAT_RESET	0x0007040600070406UL	/* APM vol. 2 section 7.8.2 */
#define DR6_RESET	0xffff0ff0UL
#define DR7_RESET	0x400UL
#define EDX_RESET	0xf00UL			/* family 15, as the ABI's reference has it */
#define RFLAGS_ONE	BIT(1)
#define RFLAGS_DEFINED	0x003f7fd5UL
#define EFER_DEFINED	(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR)

/* Segment attributes in the packing of struct guest_segment. */
#define ATTR_CODE16	0x09b
#define ATTR_DATA16	0x093
#define ATTR_CODE32	0xc9b
#define ATTR_DATA32	0xc93
#define ATTR_CODE64	0xa9b
#define ATTR_TSS_BUSY	0x08b
#define ATTR_LDT	0x082
#define ATTR_TYPE	0x00f
#define ATTR_CODE	BIT(3)
#define ATTR_WRITABLE	BIT(1)		/* of data; of code: readable */
#define ATTR_S		BIT(4)		/* code or data */
#define ATTR_UNUSED	0xf000

static void set_segment(struct vcpu *v, enum guest_seg s, uint16_t sel, uint64_t base, uint32_t limit,
			uint16_t attr)
{
	struct guest_segment seg = { .sel = sel, .attr = attr, .limit = limit, .base = base };

	vmm->set_segment(v, s, &seg);
}

/* Real mode at vector << 12. */
static void reset_state(struct vcpu *v, uint8_t vector)
{
	static const enum guest_seg data[] = { SEG_DS, SEG_ES, SEG_FS, SEG_GS, SEG_SS };
	struct arch_vcpu *a = &v->arch;

	a->regs = (struct guest_regs){ .rdx = EDX_RESET, .rflags = RFLAGS_ONE };
	a->cr0 = CR0_ET;
	a->cr2 = a->cr3 = a->cr4 = a->efer = 0;
	a->dr6 = DR6_RESET;
	a->dr7 = DR7_RESET;
	a->inject.valid = false;
	a->int_shadow = a->nmi_blocked = false;
	set_segment(v, SEG_CS, (uint16_t)(vector << 8), (uint64_t)vector << 12, 0xffff, ATTR_CODE16);
	for (unsigned int i = 0; i < ARRAY_SIZE(data); i++) {
		set_segment(v, data[i], 0, 0, 0xffff, ATTR_DATA16);
	}
	set_segment(v, SEG_TR, 0, 0, 0xffff, ATTR_TSS_BUSY);
	set_segment(v, SEG_LDTR, 0, 0, 0xffff, ATTR_LDT);
	set_segment(v, SEG_GDTR, 0, 0, 0xffff, 0);
	set_segment(v, SEG_IDTR, 0, 0, 0xffff, 0);
	vmm->update_cr(v);
}

void vcpu_reset_init(struct vcpu *v)
{
	reset_state(v, 0);
}

void vcpu_reset_to_sipi(struct vcpu *v, uint8_t vector)
{
	const struct vcpu *first = v->domain->vcpu[0];

	reset_state(v, vector);
	/* Started by the guest, it joins the clock of the one that was there first. */
	v->arch.tsc_adjust = 0;
	if (first) {
		v->arch.tsc_offset = first->arch.tsc_offset;
		vmm->set_tsc_offset(v, v->arch.tsc_offset);
	}
	v->initialised = true;
}

int arch_vcpu_create(struct vcpu *v)
{
	struct arch_vcpu *a = &v->arch;
	int rc = vlapic_init(v);

	if (rc) {
		return rc;
	}
	rc = vmm->vcpu_init(v);
	if (rc) {
		goto err_apic;
	}
	a->pat = PAT_RESET;
	a->xcr0 = 1;
	rc = fpu_vcpu_init(v);
	if (rc) {
		goto err_vmm;
	}
	reset_state(v, 0);
	a->tsc_offset = v->domain->arch.tsc_offset;
	guest_tsc_vcpu_apply(v);
	return 0;
err_vmm:
	vmm->vcpu_destroy(v);
err_apic:
	vlapic_destroy(v);
	return rc;
}

void arch_vcpu_destroy(struct vcpu *v)
{
	fpu_vcpu_destroy(v);
	vmm->vcpu_destroy(v);
	vlapic_destroy(v);	/* last: the vendor's structures point to its page */
}

void arch_context_switch(struct vcpu *prev, struct vcpu *next)
{
	if (!vcpu_is_idle(prev)) {
		vmm->ctxt_from(prev);
	}
	fpu_switch(prev, next);
	if (vcpu_is_idle(next)) {
		arch_timer_settle();
	} else {
		/* Its timer follows it here, so that it fires without an IPI. */
		vlapic_migrate(next, this_cpu()->id);
		speculation_switch(next->domain->id);
		vmm->ctxt_to(next);
	}
}

void arch_vcpu_run(struct vcpu *v)
{
	struct cpu *c = this_cpu();

	irq_disable();
	if (unlikely(READ_ONCE(c->pending)) || unlikely(!intr_assist(v))) {
		irq_enable();
		return;
	}
	if (unlikely(READ_ONCE(c->pending))) {
		/* intr_assist woke somebody for this CPU; what it injected must go in: enter, and out at once. */
		if (!time_exit_at_once()) {
			arch_cpu_kick(c->id);
		}
	}
	vmm->run(v);
}

bool arch_vcpu_has_pending(struct vcpu *v)
{
	return intr_pending(v);
}

void arch_vcpu_upcall(struct vcpu *v)
{
	uint8_t vector = READ_ONCE(v->arch.evtchn_upcall_vector);

	if (vector) {
		vlapic_set_irq(v, vector, false);
	} else {
		vcpu_kick(v);		/* intr_assist delivers by the domain's callback */
	}
}

void vcpu_dump_registers(const struct vcpu *v)
{
	const struct arch_vcpu *a = &v->arch;
	const struct guest_regs *r = &a->regs;

	log_err("d%uv%u on CPU%u: rip %016lx rflags %08lx cpl %u\n", v->domain->id, v->id, v->cpu, r->rip,
		r->rflags, a->cpl);
	log_err("cr0 %08lx cr2 %016lx cr3 %012lx cr4 %08lx efer %05lx\n", a->cr0, a->cr2, a->cr3, a->cr4, a->efer);
	log_err("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", r->rax, r->rbx, r->rcx, r->rdx);
	log_err("rsi %016lx rdi %016lx rbp %016lx rsp %016lx\n", r->rsi, r->rdi, r->rbp, r->rsp);
	log_err("r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n", r->r8, r->r9, r->r10, r->r11);
	log_err("r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", r->r12, r->r13, r->r14, r->r15);
}

void vcpu_dump_segments(struct vcpu *v)
{
	static const char names[SEG_COUNT][5] = { "es", "cs", "ss", "ds", "fs", "gs", "tr", "ldtr", "gdtr", "idtr" };

	for (unsigned int i = 0; i < SEG_COUNT; i++) {
		struct guest_segment g;

		vmm->get_segment(v, (enum guest_seg)i, &g);
		log_err("%4s %04x attr %03x limit %08x base %016lx\n", names[i], g.sel, g.attr, g.limit, g.base);
	}
}

void arch_vcpu_show(const struct vcpu *v)
{
	const struct arch_vcpu *a = &v->arch;

	log_info("d%uv%u: rip %lx rsp %lx rflags %lx cr3 %lx\n", v->domain->id, v->id, a->regs.rip, a->regs.rsp,
		 a->regs.rflags, a->cr3);
}

int arch_vcpu_nmi(struct vcpu *v)
{
	vcpu_raise_nmi(v);
	return 0;
}

void arch_vcpu_dump(struct vcpu *v)
{
	vmm->dump(v);
}

/* Time ------------------------------------------------------------------------------------------- */

/* The secondary area is linear memory of the guest: reachable only while v is current. */
static bool publish_area(gva_t area, struct vcpu_time_info *t)
{
	uint32_t version = t->version;

	t->version = version | 1;
	if (guest_write(area, &t->version, sizeof(t->version))) {
		return false;
	}
	smp_wmb();
	if (guest_write_obj(area, t)) {
		return false;
	}
	smp_wmb();
	t->version = version;
	return guest_write(area, &t->version, sizeof(t->version)) == 0;
}

/*
 * One clock with one rate for all CPUs: a pair once published stays right, so there is nothing to do until the
 * guest's TSC or its areas change.
 */
void arch_vcpu_publish_time(struct vcpu *v)
{
	volatile struct vcpu_time_info *at = &v->info->time;
	struct arch_vcpu *a = &v->arch;
	const struct time_scale *scale = &v->domain->arch.tsc_scale;
	struct vcpu_time_info t = { 0 };
	uint64_t tsc;
	nstime_t ns;

	/* With a ratio of its own the two scales are rounded apart: a new pair each time keeps them together. */
	if (likely(a->published_tsc && !v->domain->arch.tsc_ratio && at->tsc_timestamp == a->published_tsc &&
		   a->published_offset == a->tsc_offset && a->published_area == v->time_gva.v)) {
		return;
	}
	time_stamp(&tsc, &ns);
	t.tsc_timestamp = guest_tsc(v, tsc);
	t.system_time = (uint64_t)ns;
	t.tsc_to_system_mul = scale->mul;
	t.tsc_shift = scale->shift;
	t.version = (at->version + 2) & ~1U;

	at->version = t.version - 1;
	smp_wmb();
	at->tsc_timestamp = t.tsc_timestamp;
	at->system_time = t.system_time;
	at->tsc_to_system_mul = t.tsc_to_system_mul;
	at->tsc_shift = t.tsc_shift;
	at->flags = 0;
	smp_wmb();
	at->version = t.version;

	a->published_tsc = t.tsc_timestamp;
	a->published_offset = a->tsc_offset;
	if (!v->time_gva.v) {
		a->published_area = 0;
	} else if (v == current && publish_area(v->time_gva, &t)) {
		a->published_area = v->time_gva.v;
	} else {
		a->published_area = ~0UL;	/* the next time it runs, again */
	}
}

/* Register states given by others ---------------------------------------------------------------- */

static uint32_t last_byte(const struct guest_segment *s)
{
	return s->attr & SEG_ATTR_G ? (s->limit << 12) | 0xfff : s->limit;
}

/* A segment as VCPUOP_initialise may give it. */
static bool segment_ok(enum guest_seg which, const struct guest_segment *s)
{
	unsigned int type = s->attr & ATTR_TYPE;

	if (s->attr & ATTR_UNUSED) {
		return false;
	}
	if (!(s->attr & SEG_ATTR_P)) {
		return which == SEG_DS || which == SEG_ES;
	}
	if (which == SEG_TR) {
		return !(s->attr & ATTR_S) && type == (ATTR_TSS_BUSY & ATTR_TYPE);
	}
	if (!(s->attr & ATTR_S)) {
		return false;
	}
	switch (which) {
	case SEG_CS:
		return type & ATTR_CODE;
	case SEG_SS:
		return !(type & ATTR_CODE) && (type & ATTR_WRITABLE);
	default:
		return !(type & ATTR_CODE) || (type & ATTR_WRITABLE);
	}
}

/* A start state, in the order cs ds ss es tr. */
struct start_state {
	struct guest_regs regs;
	uint64_t cr0, cr3, cr4, efer;
	struct guest_segment seg[5];
};
static const enum guest_seg start_segs[5] = { SEG_CS, SEG_DS, SEG_SS, SEG_ES, SEG_TR };

static int from_32(const struct vcpu_hvm_x86_32 *r, struct start_state *s)
{
	const struct guest_segment *cs = &s->seg[0], *ds = &s->seg[1], *ss = &s->seg[2], *es = &s->seg[3];
	unsigned int dpl;

	if (r->pad1 || r->pad2[0] || r->pad2[1] || r->pad2[2]) {
		return -EINVAL;
	}
	*s = (struct start_state){
		.regs = { .rax = r->eax, .rcx = r->ecx, .rdx = r->edx, .rbx = r->ebx, .rsp = r->esp,
			  .rbp = r->ebp, .rsi = r->esi, .rdi = r->edi, .rip = r->eip, .rflags = r->eflags },
		.cr0 = r->cr0, .cr3 = r->cr3, .cr4 = r->cr4, .efer = r->efer,
		.seg = { { .base = r->cs_base, .limit = r->cs_limit, .attr = r->cs_ar },
			 { .base = r->ds_base, .limit = r->ds_limit, .attr = r->ds_ar },
			 { .base = r->ss_base, .limit = r->ss_limit, .attr = r->ss_ar },
			 { .base = r->es_base, .limit = r->es_limit, .attr = r->es_ar },
			 { .base = r->tr_base, .limit = r->tr_limit, .attr = r->tr_ar } },
	};
	for (unsigned int i = 0; i < ARRAY_SIZE(start_segs); i++) {
		if (!segment_ok(start_segs[i], &s->seg[i])) {
			return -EINVAL;
		}
	}
	dpl = SEG_ATTR_DPL(cs->attr);
	if (r->eip > last_byte(cs) || SEG_ATTR_DPL(ss->attr) != dpl ||
	    ((ds->attr & SEG_ATTR_P) && SEG_ATTR_DPL(ds->attr) > dpl) ||
	    ((es->attr & SEG_ATTR_P) && SEG_ATTR_DPL(es->attr) > dpl) ||
	    ((r->efer & EFER_LMA) && !(r->efer & EFER_LME))) {
		return -EINVAL;
	}
	return 0;
}

static int from_64(const struct vcpu_hvm_x86_64 *r, struct start_state *s)
{
	const struct guest_segment data = { .limit = ~0U, .attr = ATTR_DATA32 };

	if ((uint64_t)((int64_t)(r->rip << 16) >> 16) != r->rip || !(r->cr0 & CR0_PG) ||
	    !(r->cr4 & CR4_PAE) || !(r->efer & EFER_LME)) {
		return -EINVAL;
	}
	*s = (struct start_state){
		.regs = { .rax = r->rax, .rcx = r->rcx, .rdx = r->rdx, .rbx = r->rbx, .rsp = r->rsp,
			  .rbp = r->rbp, .rsi = r->rsi, .rdi = r->rdi, .rip = r->rip, .rflags = r->rflags },
		.cr0 = r->cr0, .cr3 = r->cr3, .cr4 = r->cr4, .efer = r->efer,
		.seg = { { .limit = ~0U, .attr = ATTR_CODE64 }, data, data, data,
			 { .limit = 0x67, .attr = ATTR_TSS_BUSY } },
	};
	return 0;
}

/* What VMRUN or VM entry would refuse. */
static bool control_ok(const struct vcpu *v, const struct start_state *s)
{
	bool paging = s->cr0 & CR0_PG, is_long = paging && (s->efer & EFER_LME);

	if (s->cr0 >> 32 || (paging && !(s->cr0 & CR0_PE)) || ((s->cr0 & CR0_NW) && !(s->cr0 & CR0_CD))) {
		return false;
	}
	if ((s->cr4 & ~vcpu_cr4_valid(v)) || (s->efer & ~(uint64_t)EFER_DEFINED) ||
	    s->cr3 >> v->domain->arch.phys_bits) {
		return false;
	}
	if (is_long && (!(s->cr4 & CR4_PAE) ||
			((s->seg[0].attr & SEG_ATTR_L) && (s->seg[0].attr & SEG_ATTR_DB)))) {
		return false;
	}
	return !(s->efer & EFER_LMA) || is_long;
}

/* v does not run. */
static int set_context(struct vcpu *v, const struct vcpu_hvm_context *untrusted_ctx)
{
	struct arch_vcpu *a = &v->arch;
	struct start_state s;
	int rc;

	if (untrusted_ctx->pad) {
		return -EINVAL;
	}
	switch (untrusted_ctx->mode) {
	case VCPU_HVM_MODE_32B:
		rc = from_32(&untrusted_ctx->cpu_regs.x86_32, &s);
		break;
	case VCPU_HVM_MODE_64B:
		rc = from_64(&untrusted_ctx->cpu_regs.x86_64, &s);
		break;
	default:
		rc = -EINVAL;
		break;
	}
	if (rc || !control_ok(v, &s)) {
		return -EINVAL;
	}
	reset_state(v, 0);
	a->regs = s.regs;
	a->regs.rflags = (s.regs.rflags & RFLAGS_DEFINED) | RFLAGS_ONE;
	a->cr0 = s.cr0 | CR0_ET;
	a->cr3 = s.cr3;
	a->cr4 = s.cr4;
	a->efer = s.efer & ~(uint64_t)EFER_LMA;
	if ((s.cr0 & CR0_PG) && (s.efer & EFER_LME)) {
		a->efer |= EFER_LMA;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(start_segs); i++) {
		vmm->set_segment(v, start_segs[i], &s.seg[i]);
	}
	vmm->update_cr(v);
	v->initialised = true;
	return 0;
}

int vcpu_set_pvh_entry(struct vcpu *v, uint32_t entry, uint32_t start_info_gpa)
{
	const struct vcpu_hvm_context ctx = {
		.mode = VCPU_HVM_MODE_32B,
		.cpu_regs.x86_32 = {
			.ebx = start_info_gpa, .eip = entry, .eflags = RFLAGS_ONE, .cr0 = CR0_PE | CR0_ET,
			.cs_limit = ~0U, .ds_limit = ~0U, .ss_limit = ~0U, .es_limit = ~0U, .tr_limit = 0x67,
			.cs_ar = ATTR_CODE32, .ds_ar = ATTR_DATA32, .ss_ar = ATTR_DATA32,
			.es_ar = ATTR_DATA32, .tr_ar = ATTR_TSS_BUSY,
		},
	};

	return set_context(v, &ctx);
}

static long op_initialise(struct vcpu *v, gva_t arg)
{
	struct vcpu_hvm_context untrusted_ctx;
	struct domain *d = v->domain;
	long rc = -EEXIST;

	if (guest_read_obj(&untrusted_ctx, arg)) {
		return -EFAULT;
	}
	spin_lock(&d->big_lock);
	if (test_bit(VCPU_DOWN, &v->state) && !v->initialised && !v->arch.exit_count) {
		rc = set_context(v, &untrusted_ctx);
	}
	spin_unlock(&d->big_lock);
	return rc;
}

long arch_vcpu_op(int cmd, struct vcpu *v, gva_t arg)
{
	return cmd == VCPUOP_initialise ? op_initialise(v, arg) : -ENOSYS;
}
