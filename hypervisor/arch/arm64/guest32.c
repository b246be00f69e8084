/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 32-bit code of a guest: exceptions given to an AArch32 EL1, and its coprocessor registers that
 * trap, by the names of the 64-bit registers that stand behind them (DDI 0487, G1.16, G8.1).
 */
#include <asm/aarch32.h>
#include <asm/exit.h>
#include <asm/processor.h>
#include <asm/sysreg.h>
#include <asm/sysreg_trap.h>
#include <asm/traps.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/log.h>

/* Where the other modes' registers stand among x0 to x30, DDI 0487 D1.20.1. */
#define X_LR_ABT 20
#define X_LR_UND 22

/* ISS of MCR and MRC, as that of MSR and MRS but for op0; of MCRR and MRRC. */
#define ISS_READ      BIT(0)
#define ISS_RT(iss)   (((iss) >> 5) & 31)
#define ISS_RT2(iss)  (((iss) >> 10) & 31)
#define CP_MASK	      0xffc1eu
#define CP_OP1(iss)   (((iss) >> 14) & 7)
#define CP_OP1_MASK   (7u << 14)
#define CP_CRN(iss)   (((iss) >> 10) & 15)
#define CP_CRM(iss)   (((iss) >> 1) & 15)
#define CP64_OP1(iss) (((iss) >> 16) & 15)

#define CRN_ID	     0
#define CRM_ID_END   2 /* beyond it are registers that only AArch64 has */
#define CRN_COUNTERS 9
#define CRN_TIMER    14
#define CRM_GIC	     12
#define VMRS_MVFR2   5
#define VMRS_MVFR1   6
#define VMRS_MVFR0   7

unsigned int guest32_reg_number(uint64_t pstate, unsigned int n)
{
	unsigned int mode = pstate & CPSR_MODE;

	if (mode == MODE_FIQ && n >= 8 && n <= 14) {
		return n + 16; /* R8_fiq to LR_fiq in order */
	}
	if (n != 13 && n != 14) {
		return n;
	}
	switch (mode) {
	case MODE_IRQ:
		return 30 - n; /* LR first, as in all of them */
	case MODE_SVC:
		return 32 - n;
	case MODE_ABT:
		return 34 - n;
	case MODE_UND:
		return 36 - n;
	default:
		return n;
	}
}

void guest32_trim(struct guest_regs *r)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(((struct hypercall_args *)0)->v); i++) {
		r->x[i] = (uint32_t)r->x[i];
	}
}

/* Exceptions
 * ---------------------------------------------------------------------------------------- */

static void enter(struct vcpu *v, unsigned int mode, unsigned int vector)
{
	aarch32_enter(&v->arch.regs, mode, vector, read_sysreg(sctlr_el1), read_sysreg(vbar_el1));
}

void guest32_inject_undefined(struct vcpu *v)
{
	struct guest_regs *r = &v->arch.regs;

	write_sysreg(spsr_und, r->pstate);
	r->x[X_LR_UND] = (uint32_t)r->pc + (r->pstate & CPSR_THUMB ? 2 : 4);
	enter(v, MODE_UND, VECTOR_UNDEFINED);
}

void guest32_inject_abort(struct vcpu *v, uint64_t far, bool fetch, bool write)
{
	struct guest_regs *r = &v->arch.regs;
	uint64_t other = read_sysreg(far_el1);
	uint32_t status = aarch32_abort_status(read_sysreg(tcr_el1), !fetch && write);

	write_sysreg(spsr_abt, r->pstate);
	r->x[X_LR_ABT] = (uint32_t)r->pc + (fetch ? 4 : 8);
	/* FAR_EL1 is IFAR and DFAR, ESR_EL1 is DFSR. */
	if (fetch) {
		write_sysreg(far_el1, (uint32_t)other | far << 32);
		write_sysreg(ifsr32_el2, status);
	} else {
		write_sysreg(far_el1, (other & ~(uint64_t)UINT32_MAX) | (uint32_t)far);
		write_sysreg(esr_el1, status);
	}
	enter(v, MODE_ABT, fetch ? VECTOR_PREFETCH : VECTOR_DATA);
}

/* Registers
 * ----------------------------------------------------------------------------------------- */

/* The 64-bit name of what a 32-bit access names; 0: reads as zero, forgets what is written. */
static uint32_t name_of(uint32_t iss)
{
	uint32_t reg = SYSREG(3, 0, 0, 0, 0) | (iss & CP_MASK);
	unsigned int crn = CP_CRN(iss);

	if (!CP_OP1(iss) && crn == CRN_ID && CP_CRM(iss) > CRM_ID_END) {
		return 0;
	}
	/* Counters and timers are EL0's in the 64-bit names. */
	if (crn == CRN_COUNTERS || crn == CRN_TIMER) {
		reg = (reg & ~CP_OP1_MASK) | 3u << 14;
	}
	return reg;
}

static bool access_32(struct vcpu *v, unsigned int ec, uint32_t iss)
{
	struct sysreg_access a = {.write = !(iss & ISS_READ)};
	bool known = true;

	if (ec == EC_CP15_32) {
		a.reg = name_of(iss);
		a.value = a.write ? (uint32_t)guest_reg(&v->arch.regs, ISS_RT(iss)) : 0;
		known = !a.reg || sysreg_access(v, &a);
	} else {
		/* Debug; trace (op1 1) is not there. */
		known = CP_OP1(iss) == 0;
	}
	if (known && !a.write) {
		guest_reg_set(&v->arch.regs, ISS_RT(iss), (uint32_t)a.value);
	}
	return known;
}

static bool access_64(struct vcpu *v, unsigned int ec, uint32_t iss)
{
	struct guest_regs *r = &v->arch.regs;
	unsigned int op1 = CP64_OP1(iss), crm = CP_CRM(iss);
	struct sysreg_access a = {.write = !(iss & ISS_READ)};
	bool known;
	unsigned int low = guest_reg_number(r, ISS_RT(iss)),
		     high = guest_reg_number(r, ISS_RT2(iss));

	if (a.write) {
		a.value = guest_reg(r, high) << 32 | (uint32_t)guest_reg(r, low);
	}
	if (ec == EC_CP15_64 && crm == CRM_GIC && op1 <= 2) {
		a.reg = SYSREG(3, 0, 12, 11, 5 + op1); /* ICC_SGI1R, ICC_ASGI1R, ICC_SGI0R */
		known = sysreg_access(v, &a);
	} else if (ec == EC_CP15_64 && crm == CRN_TIMER && op1 == 2) {
		a.reg = SYSREG(3, 3, 14, 2, 2); /* CNTP_CVAL */
		known = sysreg_access(v, &a);
	} else {
		/* The cycle counter; the addresses of debug registers. */
		a.value = 0;
		known = ec == EC_CP15_64 ? crm == CRN_COUNTERS && !op1 : !a.write;
	}
	if (known && !a.write) {
		guest_reg_set(r, low, (uint32_t)a.value);
		guest_reg_set(r, high, a.value >> 32);
	}
	return known;
}

static bool access_vmrs(struct vcpu *v, uint32_t iss)
{
	uint64_t value;

	if (!(iss & ISS_READ)) {
		return false;
	}
	switch (CP_CRN(iss)) {
	case VMRS_MVFR0:
		value = read_sysreg(mvfr0_el1);
		break;
	case VMRS_MVFR1:
		value = read_sysreg(mvfr1_el1);
		break;
	case VMRS_MVFR2:
		value = read_sysreg(mvfr2_el1);
		break;
	default:
		return false;
	}
	guest_reg_set(&v->arch.regs, ISS_RT(iss), value);
	return true;
}

bool guest32_register(struct vcpu *v)
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
		glog_info("d%uv%u: coprocessor access %08lx at %lx: undefined\n", v->domain->id,
			  v->id, v->arch.esr, v->arch.regs.pc);
		vcpu_inject_undefined(v, (uint32_t)v->arch.esr);
	}
	return true;
}
