/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* ARM part of struct vcpu. */
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/types.h>
#include <xen/xen.h>
#include <asm/aarch32.h>
#include <asm/vcpu_common.h>
#include <asm/vgic.h>
#include <asm/vtimer.h>

struct vcpu;

#define PSTATE_AARCH32	BIT(4)		/* PSR_MODE_BIT of the ABI: 32-bit code */

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
	uint64_t dacr32, ifsr32, fpexc32;	/* AArch32, where the CPU has that at EL1 */
	uint64_t spsr_abt, spsr_und, spsr_irq, spsr_fiq;
	uint64_t pauth[10];
};

struct guest_fp {
	unsigned __int128 v[32];
	uint64_t fpsr, fpcr;
};

		/* x16 has its number */

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

/*
 * Among x0 to x30 the register that a syndrome names. Of 32-bit code the architecture has that converted already; QEMU
 * converts it not for aborts. R13 and R14 of user mode cannot be meant in another mode, so both can be told.
 */
unsigned int guest32_reg_number(uint64_t pstate, unsigned int n);
static inline unsigned int guest_reg_number(const struct guest_regs *r, unsigned int n)
{
	return likely(!(r->pstate & PSTATE_AARCH32)) ? n : guest32_reg_number(r->pstate, n);
}

/*
 * A hypercall's number and arguments. Of 64-bit code they stand in the registers as in the structure, and of the sixth
 * (x5) no call on ARM takes notice; of 32-bit code the upper halves of registers are anything.
 */
void guest32_trim(struct guest_regs *r);
static inline uint64_t guest_call_number(const struct guest_regs *r)
{
	return likely(!(r->pstate & PSTATE_AARCH32)) ? r->x[16] : (uint32_t)r->x[12];
}

static inline const struct hypercall_args *guest_call_args(struct guest_regs *r, struct hypercall_args *room)
{
	if (unlikely(r->pstate & PSTATE_AARCH32)) {
		guest32_trim(r);
	}
	return (const struct hypercall_args *)r->x;
}

/* Skips the instruction that exited. */
static inline void guest_regs_skip(struct guest_regs *r, uint64_t esr)
{
	if (likely(!(r->pstate & PSTATE_AARCH32))) {
		r->pc += 4;
	} else {
		aarch32_skip(r, esr);
	}
}
#define vcpu_skip(v) guest_regs_skip(&(v)->arch.regs, (v)->arch.esr)

/* What of 64-bit code traps would have been executed. */
#define vcpu_condition_passed(v)                                                                   \
	(likely(!((v)->arch.regs.pstate & PSTATE_AARCH32)) ||                                        \
	 aarch32_condition_passed((v)->arch.regs.pstate, (v)->arch.esr))

/* The 32-bit side of vcpu_inject_* and exit_register (guest32.c). v is current, and its EL1 or its EL0 is AArch32. */
void guest32_inject_undefined(struct vcpu *v);
void guest32_inject_abort(struct vcpu *v, uint64_t far, bool fetch, bool write);
bool guest32_register(struct vcpu *v);
struct sysreg_access;
/* Whatever has that name (sysreg.c); false: undefined for v, which is current. */
bool sysreg_access(struct vcpu *v, struct sysreg_access *a);
/* Once at boot, after gic_init: what guests' ID registers say. */
void id_registers_init(void);
