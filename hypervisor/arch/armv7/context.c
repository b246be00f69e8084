/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU's registers in the ABI's structure (xen/arch-arm.h, the AArch32 names). */
#include <asm/sysreg.h>
#include <asm/vcpu.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/lib.h>

#define LAST (~0U)

/* Registers of the same name in struct guest_system. */
#define BANKED(x)                                                                                  \
	x(sp_usr) x(sp_svc) x(lr_svc) x(spsr_svc) x(sp_abt) x(lr_abt) x(spsr_abt) x(sp_und)        \
	    x(lr_und) x(spsr_und) x(sp_irq) x(lr_irq) x(spsr_irq) x(r8_fiq) x(r9_fiq) x(r10_fiq)   \
		x(r11_fiq) x(r12_fiq) x(sp_fiq) x(lr_fiq) x(spsr_fiq)
#define GENERAL(x) x(0) x(1) x(2) x(3) x(4) x(5) x(6) x(7) x(8) x(9) x(10) x(11) x(12)

int domain_set_width(struct domain *d, unsigned int bits)
{
	return bits == 32 ? 0 : -EINVAL;
}

void vcpu_context_get(const struct vcpu *v, struct vcpu_guest_context *c)
{
	const struct guest_system *s = &v->arch.sys;

	memset(c, 0, sizeof(*c));
#define GET(n) c->user_regs.r##n##_usr = v->arch.regs.x[n];
	GENERAL(GET)
#undef GET
#define GET(name) c->user_regs.name = s->name;
	BANKED(GET)
#undef GET
	c->user_regs.lr_usr = v->arch.regs.lr_usr;
	c->user_regs.pc32 = v->arch.regs.pc;
	c->user_regs.cpsr = v->arch.regs.pstate;
	c->sctlr = s->sctlr;
	c->ttbcr = s->ttbcr;
	c->ttbr0 = s->ttbr0;
	c->ttbr1 = s->ttbr1;
}

bool vcpu_context_set(struct vcpu *v, const struct vcpu_guest_context *untrusted_c)
{
	struct guest_system *s = &v->arch.sys;

	if (!aarch32_mode_ok(untrusted_c->user_regs.cpsr)) {
		return false;
	}
#define SET(n) v->arch.regs.x[n] = untrusted_c->user_regs.r##n##_usr;
	GENERAL(SET)
#undef SET
#define SET(name) s->name = untrusted_c->user_regs.name;
	BANKED(SET)
#undef SET
	v->arch.regs.lr_usr = untrusted_c->user_regs.lr_usr;
	v->arch.regs.pc = untrusted_c->user_regs.pc32;
	v->arch.regs.pstate = (uint32_t)untrusted_c->user_regs.cpsr;
	s->sctlr = (uint32_t)untrusted_c->sctlr;
	s->ttbcr = (uint32_t)untrusted_c->ttbcr;
	s->ttbr0 = untrusted_c->ttbr0;
	s->ttbr1 = untrusted_c->ttbr1;
	v->arch.last_cpu = LAST; /* no CPU holds it as it is now */
	return true;
}
