/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Coprocessor registers that trap. ID registers say what the CPU has less what vCPUs do not get;
 * debug and performance registers read as zero and forget what is written; what nobody knows is
 * undefined to the guest.
 */
#include <asm/exit.h>
#include <asm/processor.h>
#include <asm/sysreg_trap.h>
#include <asm/traps.h>
#include <asm/vcpu.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/log.h>

/* ISS of MCR and MRC, DDI 0406C B3.13.6; without Rt and direction it names the register. */
#define ISS_READ     BIT(0)
#define ISS_RT(iss)  (((iss) >> 5) & 15)
#define ISS_RT2(iss) (((iss) >> 10) & 15)
#define CP_MASK	     0xffc1eu
#define CP(op1, crn, crm, op2)                                                                     \
	((uint32_t)(op2) << 17 | (uint32_t)(op1) << 14 | (uint32_t)(crn) << 10 |                   \
	 (uint32_t)(crm) << 1)
#define CP_OP1(reg) ((reg) >> 14 & 7)
#define CP_CRN(reg) ((reg) >> 10 & 15)
#define CP_CRM(reg) ((reg) >> 1 & 15)
#define CP_OP2(reg) ((reg) >> 17 & 7)
/* And of MCRR and MRRC. */
#define CP64_MASK      0xf001eu
#define CP64(op1, crm) ((uint32_t)(op1) << 16 | (uint32_t)(crm) << 1)

#define ACTLR	   CP(0, 1, 0, 1)
#define CNTP_TVAL  CP(0, 14, 2, 0)
#define CNTP_CTL   CP(0, 14, 2, 1)
#define CNTP_CVAL  CP64(2, 14)
#define PMCCNTR	   CP64(0, 9)
#define VMRS_FPSID 0
#define VMRS_MVFR1 6
#define VMRS_MVFR0 7
#define CP14_DEBUG 0 /* op1 */

#define FIELD(shift) (15U << (shift))

uint32_t fp_mvfr(unsigned int n);
uint32_t fp_fpsid(void);

/* One ID register: the CPU's value with some fields cleared. */
struct id_register {
	uint32_t reg;
	uint32_t clear;
	uint32_t (*read)(void);
};

#define READER(name)                                                                               \
	static uint32_t read_##name(void)                                                          \
	{                                                                                          \
		return (uint32_t)read_sysreg(id_##name);                                           \
	}
READER(pfr0)
READER(pfr1)
READER(afr0)
READER(mmfr0)
READER(mmfr1)
READER(mmfr2)
READER(mmfr3)
READER(isar0)
READER(isar1)
READER(isar2)
READER(isar3)
READER(isar4)
READER(isar5)

#define ID(crm, op2) CP(0, 0, crm, op2)

/* Fields by DDI 0406C B4.1.93. What has no row reads as zero: so has ID_DFR0, for nobody gets debug
 * or counters. */
static const struct id_register id_registers[] = {
    {ID(1, 0), 0, read_pfr0},
    {ID(1, 1), FIELD(4) | FIELD(12) | FIELD(28), read_pfr1}, /* security, virtualisation, GIC */
    {ID(1, 3), 0, read_afr0},
    {ID(1, 4), 0, read_mmfr0},
    {ID(1, 5), 0, read_mmfr1},
    {ID(1, 6), 0, read_mmfr2},
    {ID(1, 7), 0, read_mmfr3},
    {ID(2, 0), 0, read_isar0},
    {ID(2, 1), 0, read_isar1},
    {ID(2, 2), 0, read_isar2},
    {ID(2, 3), 0, read_isar3},
    {ID(2, 4), FIELD(12), read_isar4}, /* SMC */
    {ID(2, 5), 0, read_isar5},
};

static bool is_id(uint32_t reg)
{
	return !CP_OP1(reg) && !CP_CRN(reg) && CP_CRM(reg) >= 1 && CP_CRM(reg) <= 7;
}

static uint32_t id_value(uint32_t reg)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(id_registers); i++) {
		if (id_registers[i].reg == reg) {
			return id_registers[i].read() & ~id_registers[i].clear;
		}
	}
	return 0;
}

/* The timer's code has AArch64's names. */
static bool timer_access(struct vcpu *v, uint32_t reg, bool write, uint64_t *value)
{
	struct sysreg_access a = {.reg = reg, .write = write, .value = *value};
	bool known = vtimer_sysreg(v, &a);

	*value = a.value;
	return known;
}

static bool cp15_known(struct vcpu *v, uint32_t reg, bool write, uint64_t *value)
{
	if (is_id(reg)) {
		*value = id_value(reg);
		return !write;
	}
	switch (reg) {
	case ACTLR:
		*value = 0;
		return true;
	case CNTP_TVAL:
		return timer_access(v, SYSREG(3, 3, 14, 2, 0), write, value);
	case CNTP_CTL:
		return timer_access(v, SYSREG(3, 3, 14, 2, 1), write, value);
	default:
		/* Performance counters. */
		*value = 0;
		return !CP_OP1(reg) && CP_CRN(reg) == 9 && CP_CRM(reg) >= 12 && CP_CRM(reg) <= 14;
	}
}

static bool access_32(struct vcpu *v, unsigned int ec, uint32_t iss)
{
	struct guest_regs *r = &v->arch.regs;
	bool write = !(iss & ISS_READ), known;
	uint64_t value = write ? guest_reg(r, ISS_RT(iss)) : 0;
	uint32_t reg = iss & CP_MASK;

	if (ec == EC_CP15_32) {
		known = cp15_known(v, reg, write, &value);
	} else {
		/* Debug; trace is not there. */
		value = 0;
		known = CP_OP1(reg) == CP14_DEBUG;
	}
	if (!known) {
		glog_info("d%uv%u: %s of p%u,%u,c%u,c%u,%u at %x: undefined\n", v->domain->id,
			  v->id, write ? "write" : "read", ec == EC_CP15_32 ? 15 : 14, CP_OP1(reg),
			  CP_CRN(reg), CP_CRM(reg), CP_OP2(reg), r->pc);
		return false;
	}
	if (!write) {
		guest_reg_set(r, ISS_RT(iss), value);
	}
	return true;
}

static bool access_64(struct vcpu *v, unsigned int ec, uint32_t iss)
{
	struct guest_regs *r = &v->arch.regs;
	unsigned int low = ISS_RT(iss), high = ISS_RT2(iss);
	uint32_t reg = iss & CP64_MASK;
	bool write = !(iss & ISS_READ);
	uint64_t value = write ? guest_reg(r, high) << 32 | guest_reg(r, low) : 0;

	if (ec == EC_CP15_64 && reg == CNTP_CVAL) {
		(void)timer_access(v, SYSREG(3, 3, 14, 2, 2), write, &value);
	} else if ((ec == EC_CP15_64 && reg == PMCCNTR) || (ec == EC_CP14_64 && !write)) {
		value = 0;
	} else {
		glog_info("d%uv%u: 64-bit access %05x of p%u at %x: undefined\n", v->domain->id,
			  v->id, iss, ec == EC_CP15_64 ? 15 : 14, r->pc);
		return false;
	}
	if (!write) {
		guest_reg_set(r, low, (uint32_t)value);
		guest_reg_set(r, high, value >> 32);
	}
	return true;
}

static bool access_vmrs(struct vcpu *v, uint32_t iss)
{
	unsigned int reg = CP_CRN(iss);
	uint32_t value;

	if (!(iss & ISS_READ) || (reg != VMRS_FPSID && reg != VMRS_MVFR0 && reg != VMRS_MVFR1)) {
		return false;
	}
	value = reg == VMRS_FPSID ? fp_fpsid() : fp_mvfr(reg == VMRS_MVFR1);
	guest_reg_set(&v->arch.regs, ISS_RT(iss), value);
	return true;
}

bool exit_register(struct vcpu *v)
{
	unsigned int ec = ESR_EC(v->arch.esr);
	uint32_t iss = ESR_ISS(v->arch.esr);
	bool known;

	switch (ec) {
	case EC_CP15_32:
	case EC_CP14_32:
		known = access_32(v, ec, iss);
		break;
	case EC_CP15_64:
	case EC_CP14_64:
		known = access_64(v, ec, iss);
		break;
	case EC_VMRS:
		known = access_vmrs(v, iss);
		break;
	default:
		return false;
	}
	if (known) {
		vcpu_skip(v);
	} else {
		vcpu_inject_undefined(v, (uint32_t)v->arch.esr);
	}
	return true;
}
