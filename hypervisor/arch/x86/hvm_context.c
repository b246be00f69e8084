/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of a domain's virtual CPUs as the ABI's stream of records (xen/hvm/save.h): each a descriptor and its body, in
 * ascending order of type, ended by END. Loading checks every length, instance and value first.
 */
#include <asm/cpuid-bits.h>
#include <asm/exit.h>
#include <asm/fpu.h>
#include <asm/guest_tsc.h>
#include <asm/hvm_context.h>
#include <asm/msr-index.h>
#include <asm/policy.h>
#include <asm/time.h>
#include <asm/vmm.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/sched.h>
#include <xen/hvm/save.h>

#define CONTEXT_MAX	MIB(1)		/* of what a caller may hand in */

/* A buffer that is filled or consumed from the front. */
struct stream {
	uint8_t *data;
	uint32_t at, size;
};

struct record_type {
	uint16_t code;
	bool per_vcpu;
	uint32_t length;		/* least length on load */
	bool variable;			/* longer bodies are allowed */
	uint32_t (*save)(struct domain *d, struct vcpu *v, void *body, uint32_t room);
	int (*load)(struct domain *d, struct vcpu *v, const void *untrusted_body, uint32_t len);
};

static uint32_t save_header(struct domain *d, struct vcpu *v, void *body, uint32_t room)
{
	struct hvm_save_header h = {
		.magic = HVM_FILE_MAGIC, .version = HVM_FILE_VERSION, .changeset = ~0ULL,
		.cpuid = policy_host.basic[1].eax, .gtsc_khz = d->arch.tsc_khz,
	};

	memcpy(body, &h, sizeof(h));
	return sizeof(h);
}

static int load_header(struct domain *d, struct vcpu *v, const void *untrusted_body, uint32_t len)
{
	struct hvm_save_header untrusted_h;

	memcpy(&untrusted_h, untrusted_body, sizeof(untrusted_h));
	if (untrusted_h.magic != HVM_FILE_MAGIC || untrusted_h.version != HVM_FILE_VERSION) {
		return -EINVAL;
	}
	if (untrusted_h.gtsc_khz && untrusted_h.gtsc_khz != d->arch.tsc_khz) {
		return guest_tsc_set_info(d, d->arch.tsc_mode, 0, untrusted_h.gtsc_khz,
					  d->arch.tsc_incarnation - 1);
	}
	return 0;
}

/* The record's segments and where they stand in it. */
#define SEG_FIELDS(seg, name)                                                                      \
	{ seg, offsetof(struct hvm_hw_cpu, name##_sel), offsetof(struct hvm_hw_cpu, name##_limit), \
	  offsetof(struct hvm_hw_cpu, name##_base), offsetof(struct hvm_hw_cpu, name##_arbytes) }
static const struct {
	enum guest_seg seg;
	size_t sel, limit, base, attr;
} segments[] = {
	SEG_FIELDS(SEG_CS, cs), SEG_FIELDS(SEG_DS, ds), SEG_FIELDS(SEG_ES, es), SEG_FIELDS(SEG_FS, fs),
	SEG_FIELDS(SEG_GS, gs), SEG_FIELDS(SEG_SS, ss), SEG_FIELDS(SEG_TR, tr), SEG_FIELDS(SEG_LDTR, ldtr),
};

static uint32_t *field32(struct hvm_hw_cpu *c, size_t offset)
{
	return (uint32_t *)((char *)c + offset);
}

static uint64_t *field64(struct hvm_hw_cpu *c, size_t offset)
{
	return (uint64_t *)((char *)c + offset);
}

static void save_segments(struct vcpu *v, struct hvm_hw_cpu *c)
{
	struct guest_segment s;

	for (unsigned int i = 0; i < ARRAY_SIZE(segments); i++) {
		vmm->get_segment(v, segments[i].seg, &s);
		*field32(c, segments[i].sel) = s.sel;
		*field32(c, segments[i].limit) = s.limit;
		*field64(c, segments[i].base) = s.base;
		*field32(c, segments[i].attr) = s.attr;
	}
	vmm->get_segment(v, SEG_GDTR, &s);
	c->gdtr_limit = s.limit;
	c->gdtr_base = s.base;
	vmm->get_segment(v, SEG_IDTR, &s);
	c->idtr_limit = s.limit;
	c->idtr_base = s.base;
}

static void load_segments(struct vcpu *v, struct hvm_hw_cpu *c)
{
	struct guest_segment s;

	for (unsigned int i = 0; i < ARRAY_SIZE(segments); i++) {
		s = (struct guest_segment){
			.sel = (uint16_t)*field32(c, segments[i].sel), .limit = *field32(c, segments[i].limit),
			.base = *field64(c, segments[i].base),
			.attr = (uint16_t)(*field32(c, segments[i].attr) & 0xfff),
		};
		vmm->set_segment(v, segments[i].seg, &s);
	}
	s = (struct guest_segment){ .limit = c->gdtr_limit, .base = c->gdtr_base };
	vmm->set_segment(v, SEG_GDTR, &s);
	s = (struct guest_segment){ .limit = c->idtr_limit, .base = c->idtr_base };
	vmm->set_segment(v, SEG_IDTR, &s);
	v->arch.cpl = (uint8_t)SEG_ATTR_DPL(c->ss_arbytes);
	v->arch.in_long_mode_64 = (c->msr_efer & EFER_LMA) && (c->cs_arbytes & SEG_ATTR_L);
}

static const struct {
	uint32_t msr;
	size_t offset;
} msr_fields[] = {
	{ MSR_SYSENTER_CS, offsetof(struct hvm_hw_cpu, sysenter_cs) },
	{ MSR_SYSENTER_ESP, offsetof(struct hvm_hw_cpu, sysenter_esp) },
	{ MSR_SYSENTER_EIP, offsetof(struct hvm_hw_cpu, sysenter_eip) },
	{ MSR_KERNEL_GS_BASE, offsetof(struct hvm_hw_cpu, shadow_gs) },
	{ MSR_LSTAR, offsetof(struct hvm_hw_cpu, msr_lstar) },
	{ MSR_STAR, offsetof(struct hvm_hw_cpu, msr_star) },
	{ MSR_CSTAR, offsetof(struct hvm_hw_cpu, msr_cstar) },
	{ MSR_SFMASK, offsetof(struct hvm_hw_cpu, msr_syscall_mask) },
};

/* Registers of the record in the order of struct guest_regs. */
static const size_t gpr_fields[16] = {
	offsetof(struct hvm_hw_cpu, rax), offsetof(struct hvm_hw_cpu, rcx), offsetof(struct hvm_hw_cpu, rdx),
	offsetof(struct hvm_hw_cpu, rbx), offsetof(struct hvm_hw_cpu, rsp), offsetof(struct hvm_hw_cpu, rbp),
	offsetof(struct hvm_hw_cpu, rsi), offsetof(struct hvm_hw_cpu, rdi), offsetof(struct hvm_hw_cpu, r8),
	offsetof(struct hvm_hw_cpu, r9),  offsetof(struct hvm_hw_cpu, r10), offsetof(struct hvm_hw_cpu, r11),
	offsetof(struct hvm_hw_cpu, r12), offsetof(struct hvm_hw_cpu, r13), offsetof(struct hvm_hw_cpu, r14),
	offsetof(struct hvm_hw_cpu, r15),
};

static uint32_t save_cpu(struct domain *d, struct vcpu *v, void *body, uint32_t room)
{
	struct arch_vcpu *a = &v->arch;
	const uint64_t *gpr = &a->regs.rax;
	struct hvm_hw_cpu c;

	if (test_bit(VCPU_DOWN, &v->state)) {
		return 0;		/* as in the ABI: vCPUs that are off have no record */
	}
	memset(&c, 0, sizeof(c));
	vmm->sync_cr(v);
	for (unsigned int i = 0; i < ARRAY_SIZE(gpr_fields); i++) {
		*field64(&c, gpr_fields[i]) = gpr[i];
	}
	c.rip = a->regs.rip;
	c.rflags = a->regs.rflags;
	c.cr0 = a->cr0;
	c.cr2 = a->cr2;
	c.cr3 = a->cr3;
	c.cr4 = a->cr4;
	c.dr0 = a->dr[0];
	c.dr1 = a->dr[1];
	c.dr2 = a->dr[2];
	c.dr3 = a->dr[3];
	c.dr6 = a->dr6;
	c.dr7 = a->dr7;
	save_segments(v, &c);
	for (unsigned int i = 0; i < ARRAY_SIZE(msr_fields); i++) {
		vmm->get_msr(v, msr_fields[i].msr, field64(&c, msr_fields[i].offset));
	}
	c.msr_efer = a->efer;
	c.msr_tsc_aux = a->tsc_aux;
	c.tsc = guest_tsc(v, rdtsc());
	memcpy(c.fpu_regs, a->xsave, sizeof(c.fpu_regs));
	c.flags = XEN_X86_FPU_INITIALISED;
	if (a->inject.valid) {
		c.pending_vector = a->inject.vector;
		c.pending_type = a->inject.type & 7;
		c.pending_error_valid = a->inject.has_error;
		c.pending_valid = 1;
		c.error_code = a->inject.error;
	}
	memcpy(body, &c, sizeof(c));
	return sizeof(c);
}

static bool canonical(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

/* The rules that VM entry enforces, so that a bad image is refused here and not met there. */
static bool cpu_record_ok(const struct vcpu *v, const struct hvm_hw_cpu *c)
{
	const struct cpu_policy_data *p = v->domain->arch.policy;
	uint64_t efer_ok = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR;
	uint64_t cr4_bad = ~0xffffffffUL | CR4_VMXE | CR4_LA57 | CR4_PKE;

	cr4_bad |= policy_has(p, FEATURE_SMEP) ? 0 : CR4_SMEP;
	cr4_bad |= policy_has(p, FEATURE_SMAP) ? 0 : CR4_SMAP;
	cr4_bad |= policy_has(p, FEATURE_XSAVE) ? 0 : CR4_OSXSAVE;
	if (c->cr0 >> 32 || ((c->cr0 & CR0_PG) && !(c->cr0 & CR0_PE)) ||
	    ((c->cr0 & CR0_NW) && !(c->cr0 & CR0_CD))) {
		return false;
	}
	if (c->cr4 & cr4_bad || c->msr_efer & ~efer_ok || c->cr3 >> v->domain->arch.phys_bits) {
		return false;
	}
	if ((c->msr_efer & EFER_LME) && (c->cr0 & CR0_PG) &&
	    (!(c->cr4 & CR4_PAE) || !(c->msr_efer & EFER_LMA))) {
		return false;
	}
	if (c->dr6 >> 32 || c->dr7 >> 32 || c->msr_tsc_aux >> 32 || c->rflags >> 32) {
		return false;
	}
	if (c->pending_valid && (c->pending_type == 1 || c->pending_type > 6 || c->pending_reserved)) {
		return false;
	}
	return canonical(c->fs_base) && canonical(c->gs_base) && canonical(c->shadow_gs) &&
	       canonical(c->msr_lstar) && canonical(c->msr_cstar) && canonical(c->gdtr_base) &&
	       canonical(c->idtr_base) && canonical(c->tr_base) && canonical(c->ldtr_base) &&
	       canonical(c->sysenter_eip) && canonical(c->sysenter_esp);
}

static void load_tsc(struct domain *d, struct vcpu *v, uint64_t tsc)
{
	struct vcpu *other;

	/* The first vCPU sets the domain's clock, so that all stay in step. */
	if (v->id == 0) {
		guest_tsc_write(v, tsc);
		d->arch.tsc_offset = v->arch.tsc_offset;
		for_each_vcpu(d, other) {
			other->arch.tsc_offset = d->arch.tsc_offset;
			vmm->set_tsc_offset(other, other->arch.tsc_offset);
		}
	}
}

static int load_cpu(struct domain *d, struct vcpu *v, const void *untrusted_body, uint32_t len)
{
	struct arch_vcpu *a = &v->arch;
	uint64_t *gpr = &a->regs.rax;
	struct hvm_hw_cpu c;

	memcpy(&c, untrusted_body, sizeof(c));
	if (!cpu_record_ok(v, &c)) {
		log_warn("d%uv%u: CPU record with impossible state refused\n", d->id, v->id);
		return -EINVAL;
	}
	if (c.flags & XEN_X86_FPU_INITIALISED) {
		if (!fpu_load_area(v, c.fpu_regs, sizeof(c.fpu_regs))) {
			return -EINVAL;
		}
	} else {
		fpu_reset(v);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(gpr_fields); i++) {
		gpr[i] = *field64(&c, gpr_fields[i]);
	}
	a->regs.rip = c.rip;
	a->regs.rflags = (c.rflags & 0x3f7fd5) | 2;
	a->cr0 = c.cr0 | CR0_ET;
	a->cr2 = c.cr2;
	a->cr3 = c.cr3;
	a->cr4 = c.cr4;
	a->efer = c.msr_efer;
	a->tsc_aux = c.msr_tsc_aux;
	a->dr[0] = c.dr0;
	a->dr[1] = c.dr1;
	a->dr[2] = c.dr2;
	a->dr[3] = c.dr3;
	a->dr6 = (c.dr6 & 0xe00f) | 0xffff0ff0;
	a->dr7 = (c.dr7 & 0xffff2bff) | 0x400;
	load_segments(v, &c);
	vmm->update_cr(v);
	for (unsigned int i = 0; i < ARRAY_SIZE(msr_fields); i++) {
		vmm->set_msr(v, msr_fields[i].msr, *field64(&c, msr_fields[i].offset));
	}
	load_tsc(d, v, c.tsc);
	a->inject = (struct guest_event){ .valid = c.pending_valid, .has_error = c.pending_error_valid,
					  .vector = c.pending_vector, .type = c.pending_type,
					  .error = c.error_code };
	v->initialised = true;
	vcpu_state_clear(v, VCPU_DOWN);
	return 0;
}

static uint32_t save_lapic(struct domain *d, struct vcpu *v, void *body, uint32_t room)
{
	struct hvm_hw_lapic s;
	struct hvm_hw_lapic_regs *r = hv_alloc(sizeof(*r));

	if (!r) {
		return 0;
	}
	memset(&s, 0, sizeof(s));
	vlapic_save(v, &s, r);
	memcpy(body, &s, sizeof(s));
	hv_free(r);
	return sizeof(s);
}

static uint32_t save_lapic_regs(struct domain *d, struct vcpu *v, void *body, uint32_t room)
{
	struct hvm_hw_lapic s;

	memset(body, 0, sizeof(struct hvm_hw_lapic_regs));
	vlapic_save(v, &s, body);
	return sizeof(struct hvm_hw_lapic_regs);
}

static int load_lapic(struct domain *d, struct vcpu *v, const void *untrusted_body, uint32_t len)
{
	struct hvm_hw_lapic untrusted_s;

	memcpy(&untrusted_s, untrusted_body, sizeof(untrusted_s));
	return vlapic_load(v, &untrusted_s, NULL);
}

static int load_lapic_regs(struct domain *d, struct vcpu *v, const void *untrusted_body, uint32_t len)
{
	return vlapic_load(v, NULL, untrusted_body);
}

static uint32_t save_mtrr(struct domain *d, struct vcpu *v, void *body, uint32_t room)
{
	struct hvm_hw_mtrr m = { .msr_pat_cr = v->arch.pat, .msr_mtrr_cap = 0x508 };

	memcpy(m.msr_mtrr_var, v->arch.mtrr_var, sizeof(m.msr_mtrr_var));
	memcpy(m.msr_mtrr_fixed, v->arch.mtrr_fixed, sizeof(m.msr_mtrr_fixed));
	m.msr_mtrr_def_type = v->arch.mtrr_def_type;
	memcpy(body, &m, sizeof(m));
	return sizeof(m);
}

static int load_mtrr(struct domain *d, struct vcpu *v, const void *untrusted_body, uint32_t len)
{
	static const uint32_t fixed[NUM_FIXED_MSR] = {
		MSR_MTRR_FIX64K, MSR_MTRR_FIX16K_8, MSR_MTRR_FIX16K_A, MSR_MTRR_FIX4K_C0,
		MSR_MTRR_FIX4K_C0 + 1, MSR_MTRR_FIX4K_C0 + 2, MSR_MTRR_FIX4K_C0 + 3,
		MSR_MTRR_FIX4K_C0 + 4, MSR_MTRR_FIX4K_C0 + 5, MSR_MTRR_FIX4K_C0 + 6, MSR_MTRR_FIX4K_F8,
	};
	struct hvm_hw_mtrr m;
	bool ok = true;

	memcpy(&m, untrusted_body, sizeof(m));
	if ((m.msr_mtrr_cap & 0xff) > MTRR_VCNT) {
		return -EINVAL;
	}
	ok &= msr_guest_write(v, MSR_PAT, m.msr_pat_cr);
	for (unsigned int i = 0; i < 2 * MTRR_VCNT; i++) {
		ok &= msr_guest_write(v, MSR_MTRR_PHYSBASE0 + i, m.msr_mtrr_var[i]);
	}
	for (unsigned int i = 0; i < NUM_FIXED_MSR; i++) {
		ok &= msr_guest_write(v, fixed[i], m.msr_mtrr_fixed[i]);
	}
	ok &= msr_guest_write(v, MSR_MTRR_DEF_TYPE, m.msr_mtrr_def_type);
	return ok ? 0 : -EINVAL;
}

#define XSAVE_HEAD	offsetof(struct hvm_hw_cpu_xsave, save_area)

static uint32_t save_xsave(struct domain *d, struct vcpu *v, void *body, uint32_t room)
{
	struct hvm_hw_cpu_xsave *x = body;

	if (!policy_has(d->arch.policy, FEATURE_XSAVE) || test_bit(VCPU_DOWN, &v->state)) {
		return 0;
	}
	x->xfeature_mask = policy_xcr0(&policy_hvm_max);
	x->xcr0 = v->arch.xcr0;
	x->xcr0_accum = v->arch.xcr0;
	memcpy(&x->save_area, v->arch.xsave, fpu_area_size());
	return (uint32_t)XSAVE_HEAD + fpu_area_size();
}

static int load_xsave(struct domain *d, struct vcpu *v, const void *untrusted_body, uint32_t len)
{
	uint64_t xcr0;

	memcpy(&xcr0, (const char *)untrusted_body + offsetof(struct hvm_hw_cpu_xsave, xcr0), sizeof(xcr0));
	if (!policy_has(d->arch.policy, FEATURE_XSAVE)) {
		return -EOPNOTSUPP;
	}
	if (!fpu_xcr0_valid(v, xcr0) ||
	    !fpu_load_area(v, (const char *)untrusted_body + XSAVE_HEAD, len - (uint32_t)XSAVE_HEAD)) {
		return -EINVAL;
	}
	v->arch.xcr0 = xcr0;
	return 0;
}

static uint32_t save_tsc_adjust(struct domain *d, struct vcpu *v, void *body, uint32_t room)
{
	struct hvm_tsc_adjust t = { v->arch.tsc_adjust };

	memcpy(body, &t, sizeof(t));
	return sizeof(t);
}

static int load_tsc_adjust(struct domain *d, struct vcpu *v, const void *untrusted_body, uint32_t len)
{
	memcpy(&v->arch.tsc_adjust, untrusted_body, sizeof(v->arch.tsc_adjust));
	return 0;
}

/* MSRs that are 0 at reset travel only when they are not. */
static const uint32_t sent_msrs[] = { MSR_MISC_FEATURES_ENABLES, MSR_XSS };

static uint32_t save_msrs(struct domain *d, struct vcpu *v, void *body, uint32_t room)
{
	struct hvm_msr *m = body;

	m->count = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(sent_msrs); i++) {
		uint64_t val;

		if (msr_guest_read(v, sent_msrs[i], &val) && val) {
			m->msr[m->count++] = (struct hvm_one_msr){ .index = sent_msrs[i], .val = val };
		}
	}
	return m->count ? (uint32_t)offsetof(struct hvm_msr, msr[m->count]) : 0;
}

static bool is_sent(uint32_t msr)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(sent_msrs); i++) {
		if (sent_msrs[i] == msr) {
			return true;
		}
	}
	return false;
}

static int load_msrs(struct domain *d, struct vcpu *v, const void *untrusted_body, uint32_t len)
{
	const char *at = (const char *)untrusted_body + offsetof(struct hvm_msr, msr);
	struct hvm_one_msr untrusted_m;
	uint32_t count;

	memcpy(&count, untrusted_body, sizeof(count));
	len -= (uint32_t)offsetof(struct hvm_msr, msr);
	if (len % sizeof(untrusted_m) || count != len / sizeof(untrusted_m)) {
		return -EOPNOTSUPP;
	}
	for (uint32_t i = 0; i < count; i++, at += sizeof(untrusted_m)) {
		memcpy(&untrusted_m, at, sizeof(untrusted_m));
		if (untrusted_m._rsvd) {
			return -EOPNOTSUPP;
		}
		if (!is_sent(untrusted_m.index) || !msr_guest_write(v, untrusted_m.index, untrusted_m.val)) {
			return -ENXIO;
		}
	}
	return 0;
}

/* Ascending codes, the order of the stream. */
static const struct record_type types[] = {
	{ HVM_SAVE_CODE(HEADER), false, HVM_SAVE_LENGTH(HEADER), false, save_header, load_header },
	{ HVM_SAVE_CODE(CPU), true, HVM_SAVE_LENGTH(CPU), false, save_cpu, load_cpu },
	{ HVM_SAVE_CODE(LAPIC), true, HVM_SAVE_LENGTH(LAPIC), false, save_lapic, load_lapic },
	{ HVM_SAVE_CODE(LAPIC_REGS), true, HVM_SAVE_LENGTH(LAPIC_REGS), false, save_lapic_regs,
	  load_lapic_regs },
	{ HVM_SAVE_CODE(MTRR), true, HVM_SAVE_LENGTH(MTRR), false, save_mtrr, load_mtrr },
	{ CPU_XSAVE_CODE, true, XSAVE_HEAD + 576, true, save_xsave, load_xsave },
	{ HVM_SAVE_CODE(TSC_ADJUST), true, HVM_SAVE_LENGTH(TSC_ADJUST), false, save_tsc_adjust,
	  load_tsc_adjust },
	{ CPU_MSR_CODE, true, offsetof(struct hvm_msr, msr), true, save_msrs, load_msrs },
};

static uint32_t body_room(const struct record_type *t)
{
	return t->variable ? (uint32_t)XSAVE_HEAD + fpu_area_size() : t->length;
}

/* What a full stream can take. */
static uint32_t context_size(const struct domain *d)
{
	uint32_t size = sizeof(struct hvm_save_descriptor);

	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		size += (sizeof(struct hvm_save_descriptor) + body_room(&types[i])) *
			(types[i].per_vcpu ? d->max_vcpus : 1);
	}
	return size;
}

static int put_record(struct domain *d, struct vcpu *v, const struct record_type *t, struct stream *s)
{
	struct hvm_save_descriptor desc = { .typecode = t->code, .instance = (uint16_t)(v ? v->id : 0) };

	if (s->size - s->at < sizeof(desc) + body_room(t)) {
		return -ENOSPC;
	}
	desc.length = t->save(d, v, s->data + s->at + sizeof(desc), body_room(t));
	if (desc.length) {
		memcpy(s->data + s->at, &desc, sizeof(desc));
		s->at += (uint32_t)sizeof(desc) + desc.length;
	}
	return 0;
}

static int save_all(struct domain *d, struct stream *s)
{
	struct hvm_save_descriptor end = { .typecode = HVM_SAVE_CODE(END) };
	struct vcpu *v;
	int rc = 0;

	for (unsigned int i = 0; !rc && i < ARRAY_SIZE(types); i++) {
		if (!types[i].per_vcpu) {
			rc = put_record(d, NULL, &types[i], s);
			continue;
		}
		for_each_vcpu(d, v) {
			rc = rc ? rc : put_record(d, v, &types[i], s);
		}
	}
	if (!rc) {
		memcpy(s->data + s->at, &end, sizeof(end));
		s->at += sizeof(end);
	}
	return rc;
}

static long get_context(struct domain *d, struct xen_domctl_hvmcontext *c)
{
	struct stream s = { .size = context_size(d) };
	long rc;

	if (!c->buffer.p) {
		c->size = s.size;
		return 0;
	}
	if (c->size < s.size) {
		return -ENOSPC;
	}
	s.data = hv_alloc(s.size);
	if (!s.data) {
		return -ENOMEM;
	}
	domain_pause(d);
	rc = save_all(d, &s);
	domain_unpause(d);
	c->size = s.at;
	if (!rc && guest_write(gva((uintptr_t)c->buffer.p), s.data, s.at)) {
		rc = -EFAULT;
	}
	hv_free(s.data);
	return rc;
}

static const struct record_type *type_of(uint16_t code)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].code == code) {
			return &types[i];
		}
	}
	return NULL;
}

static int load_record(struct domain *d, const struct hvm_save_descriptor *untrusted_desc,
		       const void *untrusted_body)
{
	const struct record_type *t = type_of(untrusted_desc->typecode);
	struct vcpu *v = NULL;

	if (!t) {
		log_warn("d%u: unknown record %u in an HVM context\n", d->id, untrusted_desc->typecode);
		return -EINVAL;
	}
	if (untrusted_desc->length < t->length ||
	    (!t->variable && untrusted_desc->length > t->length) ||
	    untrusted_desc->length > body_room(t)) {
		return -EINVAL;
	}
	if (t->per_vcpu) {
		if (untrusted_desc->instance >= d->max_vcpus) {
			return -EINVAL;
		}
		v = d->vcpu[untrusted_desc->instance];
		if (!v) {
			return -EINVAL;
		}
	}
	return t->load(d, v, untrusted_body, untrusted_desc->length);
}

/* The first record must be the header. */
static int load_all(struct domain *d, struct stream *s)
{
	for (bool first = true;; first = false) {
		struct hvm_save_descriptor untrusted_desc;
		int rc;

		if (s->size - s->at < sizeof(untrusted_desc)) {
			return -ENODATA;
		}
		memcpy(&untrusted_desc, s->data + s->at, sizeof(untrusted_desc));
		s->at += sizeof(untrusted_desc);
		if (untrusted_desc.typecode == HVM_SAVE_CODE(END)) {
			return first ? -EINVAL : 0;
		}
		if (first && untrusted_desc.typecode != HVM_SAVE_CODE(HEADER)) {
			return -EINVAL;
		}
		if (untrusted_desc.length > s->size - s->at) {
			return -ENODATA;
		}
		rc = load_record(d, &untrusted_desc, s->data + s->at);
		if (rc) {
			return rc;
		}
		s->at += untrusted_desc.length;
	}
}

static long set_context(struct domain *d, const struct xen_domctl_hvmcontext *c)
{
	struct stream s = { .size = c->size };
	long rc;

	if (c->size > CONTEXT_MAX || c->size > 2 * context_size(d)) {
		return -EINVAL;
	}
	s.data = hv_alloc(s.size ? s.size : 1);
	if (!s.data) {
		return -ENOMEM;
	}
	if (guest_read(s.data, gva((uintptr_t)c->buffer.p), s.size)) {
		rc = -EFAULT;
	} else {
		domain_pause(d);
		rc = load_all(d, &s);
		domain_unpause(d);
	}
	hv_free(s.data);
	return rc;
}

static long get_partial(struct domain *d, struct xen_domctl_hvmcontext_partial *c)
{
	const struct record_type *t = c->type <= 0xffff ? type_of((uint16_t)c->type) : NULL;
	struct vcpu *v = NULL;
	uint32_t len;
	void *body;
	long rc = 0;

	if (!t || c->type == HVM_SAVE_CODE(HEADER)) {
		return -EINVAL;
	}
	if (t->per_vcpu) {
		if (c->instance >= d->max_vcpus || !d->vcpu[c->instance]) {
			return -ENOENT;
		}
		v = d->vcpu[c->instance];
	}
	body = hv_alloc(body_room(t));
	if (!body) {
		return -ENOMEM;
	}
	domain_pause(d);
	len = t->save(d, v, body, body_room(t));
	domain_unpause(d);
	if (!len) {
		rc = -ENOENT;
	} else if (!c->buffer.p) {
		c->bufsz = len;
	} else if (c->bufsz < len) {
		rc = -ENOSPC;
	} else if (guest_write(gva((uintptr_t)c->buffer.p), body, len)) {
		rc = -EFAULT;
	} else {
		c->bufsz = len;
	}
	hv_free(body);
	return rc;
}

long hvm_context_domctl(struct xen_domctl *op, struct domain *d, bool *copy_back)
{
	long rc;

	if (d == current->domain) {
		return -EINVAL;
	}
	switch (op->cmd) {
	case XEN_DOMCTL_gethvmcontext:
		rc = get_context(d, &op->u.hvmcontext);
		break;
	case XEN_DOMCTL_sethvmcontext:
		return set_context(d, &op->u.hvmcontext);
	case XEN_DOMCTL_gethvmcontext_partial:
		rc = get_partial(d, &op->u.hvmcontext_partial);
		break;
	default:
		return -ENOSYS;
	}
	*copy_back = true;
	return rc;
}
