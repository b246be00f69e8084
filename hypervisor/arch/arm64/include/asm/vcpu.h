/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* ARM part of struct vcpu. */
#include <hv/hypercall.h>
#include <hv/types.h>
#include <asm/vcpu_common.h>
#include <asm/vgic.h>
#include <asm/vtimer.h>

struct vcpu;

/* entry.S knows the layout: offsets 8 * n, 0xf8, 0x100. */
struct guest_regs {
	uint64_t x[31];
	uint64_t pc, pstate;		/* ELR_EL2, SPSR_EL2 */
};
static_assert(offsetof(struct guest_regs, pc) == 0xf8, "entry.S");
static_assert(offsetof(struct guest_regs, pstate) == 0x100, "entry.S");

/* What EL1 and EL0 have and EL2 does not use: switched with the vCPU, not at each exit. */
struct guest_system {
	uint64_t sp_el0, sp_el1, elr_el1, spsr_el1;
	uint64_t sctlr, actlr, cpacr, ttbr0, ttbr1, tcr, mair, amair, vbar;
	uint64_t esr, far, afsr0, afsr1, par, contextidr, csselr;
	uint64_t tpidr_el0, tpidrro_el0, tpidr_el1, cntkctl, mdscr;
	uint64_t dacr32, ifsr32, fpexc32;	/* AArch32 */
	uint64_t spsr_abt, spsr_und, spsr_irq, spsr_fiq;
	uint64_t pauth[10];
};

struct guest_fp {
	unsigned __int128 v[32];
	uint64_t fpsr, fpcr;
};

#define HYPERCALL_REG	16		/* x16 has its number */

#define KERNEL_INITRD_REACH GIB(31)	/* of the boot protocol: 32 GiB that hold kernel and initrd */
#define PSCI_CPU_ON_NATIVE  0xc4000003	/* PSCI 0.1 has no number for CPU_ON: the one of a width */

struct arch_vcpu {
	struct guest_fp fp;
	struct guest_regs regs;		/* valid between exit and entry */
	struct guest_system sys;	/* valid while the vCPU owns no CPU's registers */
	uint64_t hcr;			/* HCR_EL2 */
	uint64_t vmpidr;
	uint64_t esr, far, hpfar;	/* of the last exit */
	unsigned int last_cpu;		/* whose registers hold sys and fp; ~0U: none */
	uint64_t exit_count;
	struct vgic_vcpu vgic;		/* vgic*.c */
	struct vtimer_vcpu vtimer;	/* vtimer.c */
};

/* The register that an instruction names; 31 reads as zero and swallows what is written. */
static inline uint64_t guest_reg(const struct guest_regs *r, unsigned int n)
{
	return n < 31 ? r->x[n] : 0;
}

static inline void guest_reg_set(struct guest_regs *r, unsigned int n, uint64_t v)
{
	if (n < 31) {
		r->x[n] = v;
	}
}

/* They stand in the registers as in the structure; of the sixth (x5) no call on ARM takes notice. */
static inline const struct hypercall_args *guest_call_args(const struct guest_regs *r, struct hypercall_args *room)
{
	return (const struct hypercall_args *)r->x;
}

/* Skips the instruction that exited. */
static inline void guest_regs_skip(struct guest_regs *r)
{
	r->pc += 4;
}
#define vcpu_skip(v) guest_regs_skip(&(v)->arch.regs)

/* Other than on ARMv7 what traps would have been executed. */
static inline bool vcpu_condition_passed(const struct vcpu *v)
{
	return true;
}

/* PSCI's CPU_ON: A64 code. */
static inline bool vcpu_entry_ok(uint64_t pc)
{
	return !(pc & 3);
}
