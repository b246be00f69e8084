/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU's registers in the ABI's structure (xen/arch-arm.h, the AArch64 names). */
#include <asm/vcpu.h>
#include <hv/domain.h>
#include <hv/lib.h>

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
}

/* AArch64 at EL0 or EL1. */
static bool mode_ok(uint64_t pstate)
{
	uint64_t el = pstate & PSTATE_EL;

	return !(pstate & PSR_MODE_BIT) &&
	       (el == PSR_MODE_EL0t || el == PSR_MODE_EL1t || el == PSR_MODE_EL1h);
}

bool vcpu_context_set(struct vcpu *v, const struct vcpu_guest_context *untrusted_c)
{
	struct guest_system *s = &v->arch.sys;

	if (!mode_ok(untrusted_c->user_regs.cpsr)) {
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
	v->arch.last_cpu = LAST; /* no CPU holds it as it is now */
	return true;
}
