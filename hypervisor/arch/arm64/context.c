/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's registers in the ABI's structure (xen/arch-arm.h, the AArch64 names; those of 32-bit
 * code stand in the same places), and which of the two a domain's code is.
 */
#include <asm/sysreg.h>
#include <asm/vcpu.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/sched.h>

#define PSTATE_EL 0xfUL
#define LAST	  (~0U)

static_assert(offsetof(struct vcpu_guest_core_regs, x30) == 30 * 8, "x0 to x30 stand in a row");

void vcpu_context_get(const struct vcpu *v, struct vcpu_guest_context *c)
{
	const struct guest_system *s = &v->arch.sys;

	memset(c, 0, sizeof(*c));
	memcpy(&c->user_regs, v->arch.regs.x, sizeof(v->arch.regs.x));
	c->user_regs.pc64 = v->arch.regs.pc;
	c->user_regs.cpsr = v->arch.regs.pstate;
	c->user_regs.spsr_el1 = s->spsr_el1;
	c->user_regs.sp_el0 = s->sp_el0;
	c->user_regs.sp_el1 = s->sp_el1;
	c->user_regs.elr_el1 = s->elr_el1;
	c->sctlr = s->sctlr;
	c->ttbcr = s->tcr;
	c->ttbr0 = s->ttbr0;
	c->ttbr1 = s->ttbr1;
	if (v->domain->arch.is_32bit) {
		c->user_regs.spsr_fiq = (uint32_t)s->spsr_fiq;
		c->user_regs.spsr_irq = (uint32_t)s->spsr_irq;
		c->user_regs.spsr_und = (uint32_t)s->spsr_und;
		c->user_regs.spsr_abt = (uint32_t)s->spsr_abt;
	}
}

/* AArch64 at EL0 or EL1, or any of AArch32's modes at them. */
static bool mode_ok(const struct domain *d, uint64_t pstate)
{
	uint64_t el = pstate & PSTATE_EL;

	if (d->arch.is_32bit) {
		return aarch32_mode_ok(pstate);
	}
	return !(pstate & PSR_MODE_BIT) &&
	       (el == PSR_MODE_EL0t || el == PSR_MODE_EL1t || el == PSR_MODE_EL1h);
}

/* Of 32-bit code the structure's upper halves say nothing. */
static void set_32(struct vcpu *v, const struct vcpu_guest_context *untrusted_c)
{
	struct guest_system *s = &v->arch.sys;

	for (unsigned int i = 0; i < ARRAY_SIZE(v->arch.regs.x); i++) {
		v->arch.regs.x[i] = (uint32_t)v->arch.regs.x[i];
	}
	v->arch.regs.pc = untrusted_c->user_regs.pc32;
	s->spsr_el1 = untrusted_c->user_regs.spsr_svc;
	s->spsr_fiq = untrusted_c->user_regs.spsr_fiq;
	s->spsr_irq = untrusted_c->user_regs.spsr_irq;
	s->spsr_und = untrusted_c->user_regs.spsr_und;
	s->spsr_abt = untrusted_c->user_regs.spsr_abt;
	s->sctlr = (uint32_t)untrusted_c->sctlr;
	s->tcr = (uint32_t)untrusted_c->ttbcr;
}

bool vcpu_context_set(struct vcpu *v, const struct vcpu_guest_context *untrusted_c)
{
	struct guest_system *s = &v->arch.sys;

	if (!mode_ok(v->domain, untrusted_c->user_regs.cpsr)) {
		return false;
	}
	memcpy(v->arch.regs.x, &untrusted_c->user_regs, sizeof(v->arch.regs.x));
	v->arch.regs.pc = untrusted_c->user_regs.pc64;
	v->arch.regs.pstate = untrusted_c->user_regs.cpsr;
	s->spsr_el1 = untrusted_c->user_regs.spsr_el1;
	s->sp_el0 = untrusted_c->user_regs.sp_el0;
	s->sp_el1 = untrusted_c->user_regs.sp_el1;
	s->elr_el1 = untrusted_c->user_regs.elr_el1;
	s->sctlr = untrusted_c->sctlr;
	s->tcr = untrusted_c->ttbcr;
	s->ttbr0 = untrusted_c->ttbr0;
	s->ttbr1 = untrusted_c->ttbr1;
	if (v->domain->arch.is_32bit) {
		set_32(v, untrusted_c);
	}
	v->arch.last_cpu = LAST; /* no CPU holds it as it is now */
	return true;
}

int domain_set_width(struct domain *d, unsigned int bits)
{
	struct vcpu *v;

	if (bits != 64 && (bits != 32 || !cpu_has_aarch32_el1())) {
		return -EINVAL;
	}
	if (d->arch.is_32bit == (bits == 32)) {
		return 0;
	}
	domain_pause(d);
	if (d->tot_pages) {
		domain_unpause(d);
		return -EBUSY;
	}
	d->arch.is_32bit = bits == 32;
	for_each_vcpu(d, v)
	{
		vcpu_reset_state(v);
		v->arch.hcr = vcpu_hcr(v);
		v->arch.last_cpu = LAST;
	}
	domain_unpause(d);
	return 0;
}
