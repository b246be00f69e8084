/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of a vCPU: reset, switching, exceptions given to it. No locks of its own. */
#include <asm/exit.h>
#include <asm/processor.h>
#include <asm/sysreg.h>
#include <asm/traps.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/log.h>

#define PSTATE_RESET PSR_GUEST32_INIT

/* Offsets in a guest's vector table, DDI 0406C B1.8.1. */

/* DFSR and IFSR, B4.1.52: a synchronous external abort, in both formats. */

static_assert(offsetof(struct guest_fp, fpexc) == 256, "fp.S");

void fp_save(struct guest_fp *fp);
void fp_restore(const struct guest_fp *fp);

static bool has_fpu, has_thumbee;

void vcpu_probe(void)
{
	/* What the secure world keeps for itself, or nobody has, cannot be let through: DDI 0406C
	 * B4.1.55. */
	write_sysreg(hcptr, HCPTR_RES1 | HCPTR_TTA);
	isb();
	has_thumbee = (read_sysreg(id_pfr0) & ID_PFR0_THUMBEE) == ID_PFR0_THUMBEE_1;
	has_fpu = !(read_sysreg(hcptr) & HCPTR_FP);
}

/* Without an FPU its instructions trap, and become undefined: so what cannot be switched cannot
 * leak. */
void vcpu_fpu_rights(void)
{
	write_sysreg(hcptr, HCPTR_RES1 | HCPTR_TTA | (has_fpu ? 0 : HCPTR_FP));
}

void vcpu_reset_state(struct vcpu *v)
{
	struct arch_vcpu *a = &v->arch;

	memset(&a->regs, 0, sizeof(a->regs));
	memset(&a->sys, 0, sizeof(a->sys));
	memset(&a->fp, 0, sizeof(a->fp));
	a->regs.pstate = PSTATE_RESET;
	a->sys.sctlr = SCTLR32_RESET;
}

void vcpu_start_at(struct vcpu *v, uint64_t pc, uint64_t arg)
{
	v->arch.regs.pc = (uint32_t)pc & ~1u;
	v->arch.regs.pstate |= pc & 1 ? CPSR_THUMB : 0;
	v->arch.regs.x[0] = (uint32_t)arg;
}

uint64_t vcpu_hcr(const struct vcpu *v)
{
	return HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_INNER |
	       HCR_TWI | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TAC;
}

/* Switching
 * ----------------------------------------------------------------------------------------- */

/* Each register of struct guest_system, by the name that processor.h has for it. */
#define SYSTEM_REGISTERS(x)                                                                        \
	x(ttbr0, ttbr0) x(ttbr1, ttbr1) x(par, par_el1) x(sp_usr, sp_usr) x(sp_svc, sp_svc)        \
	    x(lr_svc, lr_svc) x(spsr_svc, spsr_svc) x(sp_abt, sp_abt) x(lr_abt, lr_abt)            \
		x(spsr_abt, spsr_abt) x(sp_und, sp_und) x(lr_und, lr_und) x(spsr_und, spsr_und) x( \
		    sp_irq, sp_irq) x(lr_irq, lr_irq) x(spsr_irq, spsr_irq) x(r8_fiq, r8_fiq)      \
		    x(r9_fiq, r9_fiq) x(r10_fiq, r10_fiq) x(r11_fiq, r11_fiq) x(r12_fiq, r12_fiq)  \
			x(sp_fiq, sp_fiq) x(lr_fiq, lr_fiq) x(spsr_fiq, spsr_fiq) x(sctlr, sctlr)  \
			    x(cpacr, cpacr) x(ttbcr, ttbcr) x(dacr, dacr) x(dfsr, dfsr)            \
				x(ifsr, ifsr) x(adfsr, adfsr) x(aifsr, aifsr) x(dfar, dfar)        \
				    x(ifar, ifar) x(mair0, mair0) x(mair1, mair1)                  \
					x(amair0, amair0) x(amair1, amair1) x(vbar, vbar)          \
					    x(contextidr, contextidr) x(csselr, csselr)            \
						x(tpidrurw, tpidrurw) x(tpidruro, tpidruro)        \
						    x(tpidrprw, tpidrprw) x(cntkctl, cntkctl)

void vcpu_state_save(struct vcpu *v)
{
	struct guest_system *s = &v->arch.sys;

#define SAVE(field, reg) s->field = (__typeof__(s->field))read_sysreg(reg);
	SYSTEM_REGISTERS(SAVE)
#undef SAVE
	if (has_thumbee) {
		s->teecr = (uint32_t)read_sysreg(teecr);
		s->teehbr = (uint32_t)read_sysreg(teehbr);
	}
	if (has_fpu) {
		fp_save(&v->arch.fp);
	}
}

void vcpu_state_restore(const struct vcpu *v)
{
	const struct guest_system *s = &v->arch.sys;

#define RESTORE(field, reg) write_sysreg(reg, s->field);
	SYSTEM_REGISTERS(RESTORE)
#undef RESTORE
	if (has_thumbee) {
		write_sysreg(teecr, s->teecr);
		write_sysreg(teehbr, s->teehbr);
	}
	if (has_fpu) {
		fp_restore(&v->arch.fp);
	}
}

/* Registers that instructions name
 * ------------------------------------------------------------------ */

/* Those that a mode has for itself, by mode and number. */
#define BANKED_MODES(x)                                                                            \
	x(MODE_FIQ, 8, r8_fiq) x(MODE_FIQ, 9, r9_fiq) x(MODE_FIQ, 10, r10_fiq)                     \
	    x(MODE_FIQ, 11, r11_fiq) x(MODE_FIQ, 12, r12_fiq) x(MODE_FIQ, 13, sp_fiq)              \
		x(MODE_FIQ, 14, lr_fiq) x(MODE_IRQ, 13, sp_irq) x(MODE_IRQ, 14, lr_irq)            \
		    x(MODE_SVC, 13, sp_svc) x(MODE_SVC, 14, lr_svc) x(MODE_ABT, 13, sp_abt)        \
			x(MODE_ABT, 14, lr_abt) x(MODE_UND, 13, sp_und) x(MODE_UND, 14, lr_und)    \
			    x(MODE_USR, 13, sp_usr) x(MODE_SYS, 13, sp_usr)

#define KEY(mode, n) ((unsigned int)(mode) << 4 | (n))

uint64_t guest_reg(const struct guest_regs *r, unsigned int n)
{
	switch (KEY(r->pstate & CPSR_MODE, n)) {
#define READ(mode, num, reg)                                                                       \
	case KEY(mode, num):                                                                       \
		return read_sysreg(reg);
		BANKED_MODES(READ)
#undef READ
	default:
		return n < 13 ? r->x[n] : n == 14 ? r->lr_usr : 0;
	}
}

void guest_reg_set(struct guest_regs *r, unsigned int n, uint64_t v)
{
	switch (KEY(r->pstate & CPSR_MODE, n)) {
#define WRITE(mode, num, reg)                                                                      \
	case KEY(mode, num):                                                                       \
		write_sysreg(reg, v);                                                              \
		break;
		BANKED_MODES(WRITE)
#undef WRITE
	default:
		if (n < 13) {
			r->x[n] = (uint32_t)v;
		} else if (n == 14) {
			r->lr_usr = (uint32_t)v;
		}
		break;
	}
}

/* Exceptions
 * ---------------------------------------------------------------------------------------- */

/* v is current: its registers are in the CPU. */
static void enter(struct vcpu *v, unsigned int mode, unsigned int vector)
{
	aarch32_enter(&v->arch.regs, mode, vector, read_sysreg(sctlr), read_sysreg(vbar));
}

void vcpu_inject_undefined(struct vcpu *v, uint32_t esr)
{
	const struct guest_regs *r = &v->arch.regs;

	write_sysreg(spsr_und, r->pstate);
	write_sysreg(lr_und, r->pc + (r->pstate & CPSR_THUMB ? 2 : 4));
	enter(v, MODE_UND, VECTOR_UNDEFINED);
}

void vcpu_inject_abort(struct vcpu *v, uint64_t far, bool fetch, bool write)
{
	const struct guest_regs *r = &v->arch.regs;

	write_sysreg(spsr_abt, r->pstate);
	write_sysreg(lr_abt, r->pc + (fetch ? 4 : 8));
	if (fetch) {
		write_sysreg(ifar, far);
		write_sysreg(ifsr, aarch32_abort_status(read_sysreg(ttbcr), false));
	} else {
		write_sysreg(dfar, far);
		write_sysreg(dfsr, aarch32_abort_status(read_sysreg(ttbcr), write));
	}
	enter(v, MODE_ABT, fetch ? VECTOR_PREFETCH : VECTOR_DATA);
}

/* A32 code, or T32 code by bit 0. */
bool vcpu_entry_ok(const struct vcpu *v, uint64_t pc)
{
	return (pc & 3) != 2 && !(pc >> 32);
}

uint64_t vcpu_fault_address(bool fetch)
{
	return fetch ? read_sysreg(hifar) : read_sysreg(hdfar);
}

/* Looking
 * ------------------------------------------------------------------------------------------- */

void arch_vcpu_show(const struct vcpu *v)
{
	const struct guest_regs *r = &v->arch.regs;

	log_info("d%uv%u: pc %08x lr_svc %08x cpsr %08x ttbr1 %" PRIx64 "\n", v->domain->id, v->id,
		 r->pc, v->arch.sys.lr_svc, r->pstate, v->arch.sys.ttbr1);
}

void arch_vcpu_dump(struct vcpu *v)
{
	const struct guest_regs *r = &v->arch.regs;
	const struct guest_system *s = &v->arch.sys;

	if (v == current) {
		vcpu_state_save(v);
	}
	log_err("d%uv%u on CPU%u: pc %08x cpsr %08x hsr %08" PRIx64 " far %08" PRIx64
		" hpfar %" PRIx64 "\n",
		v->domain->id, v->id, v->cpu, r->pc, r->pstate, v->arch.esr, v->arch.far,
		v->arch.hpfar);
	for (unsigned int i = 0; i < 12; i += 4) {
		log_err("r%-2u %08x r%-2u %08x r%-2u %08x r%-2u %08x\n", i, r->x[i], i + 1,
			r->x[i + 1], i + 2, r->x[i + 2], i + 3, r->x[i + 3]);
	}
	log_err("r12 %08x usr: sp %08x lr %08x svc: sp %08x lr %08x spsr %08x\n", r->x[12],
		s->sp_usr, r->lr_usr, s->sp_svc, s->lr_svc, s->spsr_svc);
	log_err("abt: sp %08x lr %08x spsr %08x und: sp %08x lr %08x spsr %08x\n", s->sp_abt,
		s->lr_abt, s->spsr_abt, s->sp_und, s->lr_und, s->spsr_und);
	log_err("sctlr %08x ttbcr %08x ttbr0 %" PRIx64 " ttbr1 %" PRIx64 " vbar %08x\n", s->sctlr,
		s->ttbcr, s->ttbr0, s->ttbr1, s->vbar);
	log_err("dfsr %08x dfar %08x ifsr %08x ifar %08x\n", s->dfsr, s->dfar, s->ifsr, s->ifar);
	vgic_dump(v);
}
