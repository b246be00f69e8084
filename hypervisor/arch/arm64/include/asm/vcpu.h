/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* ARM part of struct vcpu. */
#include <hv/types.h>
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

/*
 * The state in which PSCI CPU_ON and a domain's builder have a vCPU start: EL1h, everything masked, MMU off, entry at
 * pc with arg in x0. v is down. Does not bring it up.
 */
void vcpu_reset_to(struct vcpu *v, uint64_t pc, uint64_t arg);
/* Delivers an exception of the guest's own at its EL1. v is current. */
void vcpu_inject_undefined(struct vcpu *v, uint32_t esr);
void vcpu_inject_abort(struct vcpu *v, uint64_t far, bool fetch, bool write);
/* Skips the instruction that exited. */
static inline void guest_regs_skip(struct guest_regs *r)
{
	r->pc += 4;
}
#define vcpu_skip(v) guest_regs_skip(&(v)->arch.regs)

/* v is not running. Get: everything of the ABI's structure but its flags. Set: false for a state that no guest may have. */
struct vcpu_guest_context;
void vcpu_context_get(const struct vcpu *v, struct vcpu_guest_context *c);
bool vcpu_context_set(struct vcpu *v, const struct vcpu_guest_context *untrusted_c);
