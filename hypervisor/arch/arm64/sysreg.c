/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System registers that trap. ID registers say what the CPU has less what vCPUs do not get; debug
 * and performance registers read as zero and forget what is written; what nobody knows is undefined
 * to the guest.
 */
#include <asm/exit.h>
#include <asm/gic.h>
#include <asm/processor.h>
#include <asm/sysreg_trap.h>
#include <asm/traps.h>
#include <asm/vcpu.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/log.h>

#define REG_OP0(reg) ((reg) >> 20 & 3)
#define REG_OP1(reg) ((reg) >> 14 & 7)
#define REG_CRN(reg) ((reg) >> 10 & 15)
#define REG_CRM(reg) ((reg) >> 1 & 15)
#define REG_OP2(reg) ((reg) >> 17 & 7)
#define ISS_READ     BIT(0)
#define ISS_RT(iss)  (((iss) >> 5) & 31)

#define OSLSR_EL1	  SYSREG(2, 0, 1, 1, 4)
#define OSLSR_IMPLEMENTED BIT(3)
#define ACTLR_EL1	  SYSREG(3, 0, 1, 0, 1)

#define FIELD(shift) (15UL << (shift))

/* One ID register: the CPU's value, of which some fields are kept, and what else is said. */
struct id_register {
	uint64_t keep, set;
	uint64_t (*read)(void);
};

#define READER(name, reg)                                                                          \
	static uint64_t read_##name(void)                                                          \
	{                                                                                          \
		return read_sysreg(reg);                                                           \
	}
READER(pfr0, id_aa64pfr0_el1)
READER(pfr1, id_aa64pfr1_el1)
READER(isar0, id_aa64isar0_el1)
READER(isar1, id_aa64isar1_el1)
READER(isar2, S3_0_C0_C6_2)
READER(mmfr0, id_aa64mmfr0_el1)
READER(mmfr1, id_aa64mmfr1_el1)
READER(mmfr2, S3_0_C0_C7_2)
READER(pfr0_32, id_pfr0_el1)
READER(pfr1_32, id_pfr1_el1)
READER(afr0_32, id_afr0_el1)
READER(mmfr0_32, id_mmfr0_el1)
READER(mmfr1_32, id_mmfr1_el1)
READER(mmfr2_32, id_mmfr2_el1)
READER(mmfr3_32, id_mmfr3_el1)
READER(mmfr4_32, S3_0_C0_C2_6)
READER(isar0_32, id_isar0_el1)
READER(isar1_32, id_isar1_el1)
READER(isar2_32, id_isar2_el1)
READER(isar3_32, id_isar3_el1)
READER(isar4_32, id_isar4_el1)
READER(isar5_32, id_isar5_el1)
READER(isar6_32, S3_0_C0_C2_7)
READER(mvfr0, mvfr0_el1)
READER(mvfr1, mvfr1_el1)
READER(mvfr2, mvfr2_el1)

/* Their place in the table: CRm is 1 to 7. */
#define ID(crm, op2) (((crm)-1) * 8 + (op2))

#define FIELDS(from, to) ((~0UL << (from)) & (~0UL >> (60 - (to))))

/*
 * Fields by DDI 0487 D17.2. Only those are kept whose features work in a guest with nothing done
 * for it, or are switched; what a later architecture adds may need a trap, so it is not there. What
 * has no row reads as zero: SVE's and SME's.
 */
#define PFR0_KEEP                                                                                  \
	(FIELD(0) | FIELD(16) | FIELD(20) | FIELD(24) | FIELD(48) |                                \
	 FIELD(60))			 /* 24: the GIC's by the vGIC */
#define PFR0_SET   (1UL << 4)		 /* EL1 is 64 bits wide */
#define PFR1_KEEP  (FIELD(0) | FIELD(4)) /* BTI, SSBS; not MTE, SME, NMI */
#define DFR0_SET   0x101006UL /* two break- and watchpoints; no trace, counters, profiling */
#define ISAR0_KEEP (FIELDS(4, 60) & ~FIELD(24)) /* not TME */
#define ISAR1_KEEP FIELDS(0, 52) /* pointer authentication among them; not XS, LS64 */
#define ISAR2_KEEP (FIELDS(4, 12) | FIELD(20) | FIELD(24) | FIELD(28)) /* not WFxT, MOPS */
#define MMFR0_KEEP (FIELDS(0, 28) | FIELD(44)) /* not stage 2's granules, FGT, ECV */
/* Not VMIDs, VHE, LOR, what stage 2 executes, HCRX and what that allows. */
#define MMFR1_KEEP                                                                                 \
	(FIELD(0) | FIELD(12) | FIELD(20) | FIELD(24) | FIELD(36) | FIELD(44) | FIELD(48))
#define MMFR2_KEEP                                                                                 \
	(FIELDS(0, 8) | FIELDS(16, 20) | FIELDS(28, 36) | FIELDS(48, 52) |                         \
	 FIELD(60)) /* not IESB, NV, FWB */
#define ALL (~0UL)

static const struct id_register id_registers[ID(7, 7) + 1] = {
    [ID(4, 0)] = {PFR0_KEEP, PFR0_SET, read_pfr0},
    [ID(4, 1)] = {PFR1_KEEP, 0, read_pfr1},
    [ID(5, 0)] = {0, DFR0_SET, NULL},
    [ID(6, 0)] = {ISAR0_KEEP, 0, read_isar0},
    [ID(6, 1)] = {ISAR1_KEEP, 0, read_isar1},
    [ID(6, 2)] = {ISAR2_KEEP, 0, read_isar2},
    [ID(7, 0)] = {MMFR0_KEEP, 0, read_mmfr0},
    [ID(7, 1)] = {MMFR1_KEEP, 0, read_mmfr1},
    [ID(7, 2)] = {MMFR2_KEEP, 0, read_mmfr2},
    [ID(1, 0)] = {~(FIELD(20) | FIELD(28)), 0, read_pfr0_32}, /* AMU, RAS */
    [ID(1, 1)] = {~(FIELD(4) | FIELD(12) | FIELD(20) | FIELD(24)), 0,
		  read_pfr1_32}, /* security, virtualisation */
    [ID(1, 3)] = {ALL, 0, read_afr0_32},
    [ID(1, 4)] = {ALL, 0, read_mmfr0_32},
    [ID(1, 5)] = {ALL, 0, read_mmfr1_32},
    [ID(1, 6)] = {ALL, 0, read_mmfr2_32},
    [ID(1, 7)] = {ALL, 0, read_mmfr3_32},
    [ID(2, 0)] = {ALL, 0, read_isar0_32},
    [ID(2, 1)] = {ALL, 0, read_isar1_32},
    [ID(2, 2)] = {ALL, 0, read_isar2_32},
    [ID(2, 3)] = {ALL, 0, read_isar3_32},
    [ID(2, 4)] = {ALL, 0, read_isar4_32},
    [ID(2, 5)] = {ALL, 0, read_isar5_32},
    [ID(2, 6)] = {ALL, 0, read_mmfr4_32},
    [ID(2, 7)] = {ALL, 0, read_isar6_32},
    [ID(3, 0)] = {ALL, 0, read_mvfr0},
    [ID(3, 1)] = {ALL, 0, read_mvfr1},
    [ID(3, 2)] = {ALL, 0, read_mvfr2},
};

static bool is_id(uint32_t reg)
{
	return REG_OP0(reg) == 3 && REG_OP1(reg) == 0 && REG_CRN(reg) == 0 && REG_CRM(reg) >= 1 &&
	       REG_CRM(reg) <= 7;
}

/* The same on all CPUs, wherever a vCPU runs: as the boot CPU has it. */
static uint64_t id_values[ARRAY_SIZE(id_registers)];

void id_registers_init(void)
{
	uint64_t *pfr0 = &id_values[ID(4, 0)];

	for (unsigned int i = 0; i < ARRAY_SIZE(id_registers); i++) {
		const struct id_register *r = &id_registers[i];

		id_values[i] = ((r->read ? r->read() : 0) & r->keep) | r->set;
	}
	/* A guest's GIC is of the machine's version. */
	if (gic_version() != 3) {
		*pfr0 &= ~FIELD(24);
	}
	/* Branch prediction keeps contexts apart; the numbers by which software names them trap. */
	*pfr0 |= read_pfr0() & FIELD(56) ? 1UL << 56 : 0;
}

/* PMU: PMINTEN*, PM*_EL0, PMEVCNTR*. */
static bool is_counter(uint32_t reg)
{
	unsigned int crn = REG_CRN(reg), crm = REG_CRM(reg);

	if (REG_OP0(reg) != 3) {
		return false;
	}
	return (REG_OP1(reg) == 0 && crn == 9 && crm == 14) ||
	       (REG_OP1(reg) == 3 && crn == 9 && crm >= 12 && crm <= 14) ||
	       (REG_OP1(reg) == 3 && crn == 14 && crm >= 8);
}

/* CRn tells interrupts and timers, which are the frequent ones, from the rest. */
#define CRN_GIC	  12
#define CRN_TIMER 14

bool sysreg_access(struct vcpu *v, struct sysreg_access *a)
{
	if (REG_CRN(a->reg) == CRN_GIC && vgic_sysreg(v, a)) {
		return true;
	}
	if (REG_CRN(a->reg) == CRN_TIMER && vtimer_sysreg(v, a)) {
		return true;
	}
	if (is_id(a->reg)) {
		a->value = id_values[ID(REG_CRM(a->reg), REG_OP2(a->reg))];
		return !a->write;
	}
	if (a->reg == ACTLR_EL1) {
		a->value = 0;
		return true;
	}
	if (REG_OP0(a->reg) == 2 || is_counter(a->reg)) {
		a->value = a->reg == OSLSR_EL1 ? OSLSR_IMPLEMENTED : 0;
		return true;
	}
	return false;
}

bool exit_register(struct vcpu *v)
{
	uint32_t iss = ESR_ISS(v->arch.esr);
	struct sysreg_access a = {
	    .reg = iss & SYSREG_MASK,
	    .write = !(iss & ISS_READ),
	};

	if (unlikely(ESR_EC(v->arch.esr) != EC_SYSREG)) {
		return guest32_register(v);
	}
	if (a.write) {
		a.value = guest_reg(&v->arch.regs, ISS_RT(iss));
	}
	if (!sysreg_access(v, &a)) {
		glog_info("d%uv%u: %s of S%u_%u_C%u_C%u_%u at %lx: undefined\n", v->domain->id,
			  v->id, a.write ? "write" : "read", REG_OP0(a.reg), REG_OP1(a.reg),
			  REG_CRN(a.reg), REG_CRM(a.reg), REG_OP2(a.reg), v->arch.regs.pc);
		vcpu_inject_undefined(v, (uint32_t)v->arch.esr);
		return true;
	}
	if (!a.write) {
		guest_reg_set(&v->arch.regs, ISS_RT(iss), a.value);
	}
	vcpu_skip(v);
	return true;
}
