/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* ARM part of struct vcpu. */
#include <asm/aarch32.h>
#include <asm/vcpu_common.h>
#include <asm/vgic.h>
#include <asm/vtimer.h>
#include <hv/hypercall.h>
#include <hv/types.h>

struct vcpu;

/* entry.S knows the layout. Registers of the guest's modes other than these stay in the CPU. */
struct guest_regs {
	uint32_t x[13];			/* r0 to r12 of all modes but FIQ */
	uint32_t lr_usr;		/* Hyp mode uses the same */
	uint32_t pc, pstate;		/* ELR_hyp, SPSR_hyp */
};

/* What PL1 and PL0 have and Hyp mode does not use: switched with the vCPU, not at each exit. */
struct guest_system {
	uint64_t ttbr0, ttbr1, par;
	uint32_t sp_usr, sp_svc, lr_svc, spsr_svc, sp_abt, lr_abt, spsr_abt, sp_und, lr_und, spsr_und;
	uint32_t sp_irq, lr_irq, spsr_irq, r8_fiq, r9_fiq, r10_fiq, r11_fiq, r12_fiq, sp_fiq, lr_fiq, spsr_fiq;
	uint32_t sctlr, cpacr, ttbcr, dacr, dfsr, ifsr, adfsr, aifsr, dfar, ifar;
	uint32_t mair0, mair1, amair0, amair1, vbar, contextidr, csselr;
	uint32_t teecr, teehbr;		/* ThumbEE */
	uint32_t tpidrurw, tpidruro, tpidrprw, cntkctl;
};

/* fp.S knows the layout. */
struct guest_fp {
	uint64_t d[32];
	uint32_t fpexc, fpscr;
};

/* How far above its kernel Linux finds an initrd in memory that it has always mapped. */
#define KERNEL_INITRD_REACH MIB(512)
/* PSCI 0.1 has no number of its own for CPU_ON: the one of a width. */
#define PSCI_CPU_ON_NATIVE  0x84000003

struct arch_vcpu {
	struct guest_fp fp;
	struct guest_regs regs;		/* valid between exit and entry */
	struct guest_system sys;	/* valid while the vCPU owns no CPU's registers */
	uint64_t hcr;			/* HCR */
	uint64_t vmpidr;
	uint64_t esr, far, hpfar;	/* of the last exit: HSR, HDFAR or HIFAR, HPFAR */
	unsigned int last_cpu;		/* whose registers hold sys and fp; ~0U: none */
	uint64_t exit_count;
	struct vgic_vcpu vgic;		/* vgic*.c */
	struct vtimer_vcpu vtimer;	/* vtimer.c */
};

/*
 * The register that an instruction of the current vCPU named, in the mode that it was in: some are in the CPU. r15
 * reads as zero and swallows what is written, for no instruction that we play may name it.
 */
uint64_t guest_reg(const struct guest_regs *r, unsigned int n);
void guest_reg_set(struct guest_regs *r, unsigned int n, uint64_t v);

/* Here guest_reg takes the mode into account. */
static inline unsigned int guest_reg_number(const struct guest_regs *r, unsigned int n)
{
	return n;
}

static inline uint64_t guest_call_number(const struct guest_regs *r)
{
	return r->x[12];
}

/* A hypercall's arguments, copied to room. */
static inline const struct hypercall_args *guest_call_args(struct guest_regs *r, struct hypercall_args *room)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(room->v); i++) {
		room->v[i] = r->x[i];
	}
	return room;
}

#define vcpu_skip(v)		    aarch32_skip(&(v)->arch.regs, (v)->arch.esr)
#define vcpu_condition_passed(v) aarch32_condition_passed((v)->arch.regs.pstate, (v)->arch.esr)

/* This CPU: whether FPU instructions trap. After vcpu_probe. */
void vcpu_fpu_rights(void);
