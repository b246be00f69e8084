/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Accesses of a guest to system registers, which trap (arch/arm64/sysreg.c). */
#include <hv/types.h>

struct vcpu;

/* The name of a register as in ISS of ESR_EL2 for class 0x18, without Rt and direction (DDI 0487, D17.2.37). */
#define SYSREG(op0, op1, crn, crm, op2)                                                            \
	((uint32_t)(op0) << 20 | (uint32_t)(op2) << 17 | (uint32_t)(op1) << 14 | (uint32_t)(crn) << 10 | \
	 (uint32_t)(crm) << 1)
#define SYSREG_MASK	0x3ffc1eU

struct sysreg_access {
	uint32_t reg;			/* SYSREG() */
	bool write;
	uint64_t value;			/* written, or to be read */
};

/*
 * Each is asked in turn; true when the register is its own (arch/arm-common/vgic*.c: ICC_*; vtimer.c: CNTP_*). v is
 * current, no lock is held.
 */
bool vgic_sysreg(struct vcpu *v, struct sysreg_access *a);
bool vtimer_sysreg(struct vcpu *v, struct sysreg_access *a);
