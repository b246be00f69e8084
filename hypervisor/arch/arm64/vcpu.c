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

#define PSTATE_RESET (PSR_GUEST64_INIT | PSR_DBG_MASK)
#define PSTATE_MODE  0xfUL
#define PSTATE_EL1T  4UL
#define PSTATE_EL1H  5UL

/* Offsets in a guest's vector table, DDI 0487 D1.10.2. */
#define VECTOR_SAME_SP0 0x000
#define VECTOR_SAME	0x200
#define VECTOR_LOWER64	0x400
#define VECTOR_LOWER32	0x600

#define ISS_WNR	     BIT(6)
#define FSC_EXTERNAL 0x10

static_assert(offsetof(struct guest_fp, fpsr) == 512, "fp.S");

void fp_save(struct guest_fp *fp);
void fp_restore(const struct guest_fp *fp);

#define ID_AA64ISAR2_EL1 S3_0_C0_C6_2
#define VDISR_EL2	 S3_4_C12_C1_1

/* PSTATE that an exception leaves as it is, and what it takes from SCTLR_EL1. */
#define PSTATE_KEPT  (0xf0000000UL | BIT(24) | PSTATE_PAN) /* NZCV, DIT */
#define PSTATE_PAN   BIT(22)
#define PSTATE_SSBS  BIT(12)
#define SCTLR_SPAN   BIT(23)
#define SCTLR_DSSBS  BIT(44)

static bool has_pauth, has_mte, has_ras, has_pan;

void vcpu_probe(void)
{
	/* APA, API, GPA, GPI; GPA3, APA3: some form of pointer authentication. */
	has_pauth = (read_sysreg(id_aa64isar1_el1) & 0xff000ff0UL) ||
		    (read_sysreg(ID_AA64ISAR2_EL1) & 0xff00UL);
	has_mte = cpu_has_mte();
	has_ras = cpu_has_ras();
	has_pan = cpu_has_pan();
	id_registers_init();
}

void vcpu_reset_state(struct vcpu *v)
{
	struct arch_vcpu *a = &v->arch;

	memset(&a->regs, 0, sizeof(a->regs));
	memset(&a->sys, 0, sizeof(a->sys));
	memset(&a->fp, 0, sizeof(a->fp));
	a->regs.pstate = v->domain->arch.is_32bit ? PSR_GUEST32_INIT : PSTATE_RESET;
	a->sys.sctlr = v->domain->arch.is_32bit ? SCTLR32_RESET : SCTLR_EL1_RESET;
}

void vcpu_start_at(struct vcpu *v, uint64_t pc, uint64_t arg)
{
	v->arch.regs.pc = pc;
	v->arch.regs.x[0] = arg;
	if (v->domain->arch.is_32bit && (pc & 1)) {
		v->arch.regs.pc = pc & ~1UL;
		v->arch.regs.pstate |= CPSR_THUMB;
	}
}

/* A64 code, or A32, or T32 by bit 0. */
bool vcpu_entry_ok(const struct vcpu *v, uint64_t pc)
{
	return v->domain->arch.is_32bit ? (pc & 3) != 2 && !(pc >> 32) : !(pc & 3);
}

uint64_t vcpu_hcr(const struct vcpu *v)
{
	return HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB | HCR_BSU_INNER |
	       HCR_TWI | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_TLOR | HCR_TERR | HCR_APK |
	       HCR_API | (has_mte ? HCR_TID5 : 0) | (v->domain->arch.is_32bit ? 0 : HCR_RW);
}

/* Switching
 * ----------------------------------------------------------------------------------------- */

/* Each register of struct guest_system with the CPU's name of it. */
#define SYSTEM_REGISTERS(x)                                                                        \
	x(sp_el0, sp_el0) x(sp_el1, sp_el1) x(elr_el1, elr_el1) x(spsr_el1, spsr_el1)              \
	    x(sctlr, sctlr_el1) x(actlr, actlr_el1) x(cpacr, cpacr_el1) x(ttbr0, ttbr0_el1)        \
		x(ttbr1, ttbr1_el1) x(tcr, tcr_el1) x(mair, mair_el1) x(amair, amair_el1)          \
		    x(vbar, vbar_el1) x(esr, esr_el1) x(far, far_el1) x(afsr0, afsr0_el1)          \
			x(afsr1, afsr1_el1) x(par, par_el1) x(contextidr, contextidr_el1)          \
			    x(csselr, csselr_el1) x(tpidr_el0, tpidr_el0)                          \
				x(tpidrro_el0, tpidrro_el0) x(tpidr_el1, tpidr_el1)                \
				    x(cntkctl, cntkctl_el1) x(mdscr, mdscr_el1)

/* What only 32-bit code uses. */
#define SYSTEM_REGISTERS_32(x)                                                                     \
	x(dacr32, dacr32_el2) x(ifsr32, ifsr32_el2) x(fpexc32, fpexc32_el2) x(spsr_abt, spsr_abt)  \
	    x(spsr_und, spsr_und) x(spsr_irq, spsr_irq) x(spsr_fiq, spsr_fiq)

/* APIA, APIB, APDA, APDB, APGA, each low and high. */
#define PAUTH_KEYS(x)                                                                              \
	x(0, S3_0_C2_C1_0) x(1, S3_0_C2_C1_1) x(2, S3_0_C2_C1_2) x(3, S3_0_C2_C1_3)                \
	    x(4, S3_0_C2_C2_0) x(5, S3_0_C2_C2_1) x(6, S3_0_C2_C2_2) x(7, S3_0_C2_C2_3)            \
		x(8, S3_0_C2_C3_0) x(9, S3_0_C2_C3_1)

void vcpu_state_save(struct vcpu *v)
{
	struct guest_system *s = &v->arch.sys;

#define SAVE(field, reg) s->field = read_sysreg(reg);
	SYSTEM_REGISTERS(SAVE)
	if (v->domain->arch.is_32bit) {
		SYSTEM_REGISTERS_32(SAVE)
	}
#undef SAVE
	if (has_pauth) {
#define SAVE(i, reg) s->pauth[i] = read_sysreg(reg);
		PAUTH_KEYS(SAVE)
#undef SAVE
	}
	fp_save(&v->arch.fp);
}

void vcpu_state_restore(const struct vcpu *v)
{
	const struct guest_system *s = &v->arch.sys;

#define RESTORE(field, reg) write_sysreg(reg, s->field);
	SYSTEM_REGISTERS(RESTORE)
	if (v->domain->arch.is_32bit) {
		SYSTEM_REGISTERS_32(RESTORE)
	}
#undef RESTORE
	if (has_pauth) {
#define RESTORE(i, reg) write_sysreg(reg, s->pauth[i]);
		PAUTH_KEYS(RESTORE)
#undef RESTORE
	}
	if (has_ras) {
		/* A guest reaches it as DISR_EL1, and nothing traps that. */
		write_sysreg(VDISR_EL2, 0);
	}
	fp_restore(&v->arch.fp);
}

/* Exceptions
 * ---------------------------------------------------------------------------------------- */

/* A synchronous exception at the guest's EL1, DDI 0487 D1.10. v is current: its EL1 registers are
 * in the CPU. */
static void inject(struct vcpu *v, uint64_t esr)
{
	struct guest_regs *r = &v->arch.regs;
	uint64_t mode = r->pstate & PSTATE_MODE, sctlr = read_sysreg(sctlr_el1), offset;

	if (r->pstate & PSR_MODE_BIT) {
		offset = VECTOR_LOWER32;
	} else if (mode == PSTATE_EL1H) {
		offset = VECTOR_SAME;
	} else {
		offset = mode == PSTATE_EL1T ? VECTOR_SAME_SP0 : VECTOR_LOWER64;
	}
	write_sysreg(esr_el1, esr);
	write_sysreg(elr_el1, r->pc);
	write_sysreg(spsr_el1, r->pstate);
	r->pc = read_sysreg(vbar_el1) + offset;
	r->pstate = PSTATE_RESET | (r->pstate & PSTATE_KEPT) |
		    (has_pan && !(sctlr & SCTLR_SPAN) ? PSTATE_PAN : 0) |
		    (sctlr & SCTLR_DSSBS ? PSTATE_SSBS : 0);
}

static bool at_el0(const struct vcpu *v)
{
	return (v->arch.regs.pstate & PSR_MODE_BIT) || !(v->arch.regs.pstate & PSTATE_MODE);
}

void vcpu_inject_undefined(struct vcpu *v, uint32_t esr)
{
	if (unlikely(v->domain->arch.is_32bit)) {
		guest32_inject_undefined(v);
		return;
	}
	inject(v, (uint64_t)EC_UNKNOWN << 26 | (esr & ESR_IL));
}

void vcpu_inject_abort(struct vcpu *v, uint64_t far, bool fetch, bool write)
{
	unsigned int ec = fetch ? EC_IABT_LOW : EC_DABT_LOW;

	if (unlikely(v->domain->arch.is_32bit)) {
		guest32_inject_abort(v, far, fetch, write);
		return;
	}
	write_sysreg(far_el1, far);
	inject(v, (uint64_t)(at_el0(v) ? ec : ec + 1) << 26 | ESR_IL | FSC_EXTERNAL |
		      (write ? ISS_WNR : 0));
}

uint64_t vcpu_fault_address(bool fetch)
{
	return read_sysreg(far_el2);
}

/* Looking
 * ------------------------------------------------------------------------------------------- */

void arch_vcpu_show(const struct vcpu *v)
{
	const struct guest_regs *r = &v->arch.regs;

	log_info("d%uv%u: pc %lx lr %lx pstate %lx ttbr1 %lx\n", v->domain->id, v->id, r->pc,
		 r->x[30], r->pstate, v->arch.sys.ttbr1);
}

void arch_vcpu_dump(struct vcpu *v)
{
	const struct guest_regs *r = &v->arch.regs;
	const struct guest_system *s = &v->arch.sys;

	if (v == current) {
		vcpu_state_save(v);
	}
	log_err("d%uv%u on CPU%u: pc %016lx pstate %08lx esr %08lx far %016lx hpfar %lx\n",
		v->domain->id, v->id, v->cpu, r->pc, r->pstate, v->arch.esr, v->arch.far,
		v->arch.hpfar);
	for (unsigned int i = 0; i < 30; i += 3) {
		log_err("x%-2u %016lx x%-2u %016lx x%-2u %016lx\n", i, r->x[i], i + 1, r->x[i + 1],
			i + 2, r->x[i + 2]);
	}
	log_err("lr  %016lx sp_el1 %016lx sp_el0 %016lx\n", r->x[30], s->sp_el1, s->sp_el0);
	log_err("sctlr %lx tcr %lx ttbr0 %lx ttbr1 %lx vbar %lx\n", s->sctlr, s->tcr, s->ttbr0,
		s->ttbr1, s->vbar);
	log_err("el1: esr %lx far %lx elr %lx spsr %lx\n", s->esr, s->far, s->elr_el1, s->spsr_el1);
	vgic_dump(v);
}
