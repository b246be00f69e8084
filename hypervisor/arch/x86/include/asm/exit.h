/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Handlers of VM exits that both vendors share (arch/x86/exit.c and others). v is current, interrupts on. */
#include <hv/addr.h>
#include <asm/processor.h>
#include <asm/vcpu.h>

/* Advances RIP by the length of the emulated instruction, clears the interrupt shadow, raises #DB on TF. */
void exit_skip(struct vcpu *v, unsigned int len);
/* Raises an exception at the current instruction (merges into #DF by the SDM's rules). */
void inject_exception(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error);
void inject_page_fault(struct vcpu *v, uint64_t va, uint32_t error);
static inline void inject_gp(struct vcpu *v) { inject_exception(v, VEC_GP, true, 0); }
static inline void inject_ud(struct vcpu *v) { inject_exception(v, VEC_UD, false, 0); }

void exit_cpuid(struct vcpu *v);		/* len 2; skips */
void exit_rdmsr(struct vcpu *v);
void exit_wrmsr(struct vcpu *v);
void exit_hlt(struct vcpu *v);
void exit_rdtsc(struct vcpu *v, bool rdtscp);
void exit_wbinvd(struct vcpu *v);		/* and INVD */
void exit_hypercall(struct vcpu *v);		/* VMMCALL/VMCALL, 3 bytes */
void exit_xsetbv(struct vcpu *v);
void exit_cr_write(struct vcpu *v, unsigned int cr, uint64_t val);	/* validates, #GP or update; skips not */
/* The CR4 bits that v may set, by its domain's policy. */
uint64_t vcpu_cr4_valid(const struct vcpu *v);
/* Port I/O: size 1, 2, 4; next_rip after the instruction. String forms decode through the emulator. */
void exit_io(struct vcpu *v, uint16_t port, unsigned int size, bool in, bool string, bool rep,
	     uint64_t next_rip);
/* A nested fault at gpa. insn: bytes that the CPU fetched (len 0 when it gives none). */
void exit_npf(struct vcpu *v, gpa_t addr, bool write, bool fetch, bool present,
	      const uint8_t *insn, unsigned int insn_len);
void exit_triple_fault(struct vcpu *v);
/* Unknown or impossible: dumps and crashes that guest alone. */
void exit_unhandled(struct vcpu *v, uint64_t reason, uint64_t info);

/* Policy (cpuid.c, msr.c). false: #GP. */
void cpuid_guest(struct vcpu *v, uint32_t leaf, uint32_t sub, struct cpuid_regs *out);
bool msr_guest_read(struct vcpu *v, uint32_t msr, uint64_t *val);
bool msr_guest_write(struct vcpu *v, uint32_t msr, uint64_t val);

/*
 * arch/x86/intr.c: last thing before entry, interrupts off: chooses and injects what is pending. False: v must not
 * enter the guest (an INIT sent it to wait for SIPI); back to the main loop.
 */
bool intr_assist(struct vcpu *v);
/* Anything deliverable for a halted v? */
bool intr_pending(struct vcpu *v);
/* Raises vector on v as if from a device (edge, through its vlapic) or an NMI. Any context. */
void vcpu_raise_nmi(struct vcpu *v);

/* State after INIT, and the start in real mode at vector << 12 after SIPI (arch/x86/vcpu.c). v is current. The
 * vlapic is not touched. */
void vcpu_reset_init(struct vcpu *v);
void vcpu_reset_to_sipi(struct vcpu *v, uint8_t vector);

/* arch/x86/fpu.c */
int fpu_vcpu_init(struct vcpu *v);
void fpu_vcpu_destroy(struct vcpu *v);
void fpu_switch(struct vcpu *prev, struct vcpu *next);
bool fpu_set_xcr0(struct vcpu *v, uint64_t val);	/* validates */

/* arch/x86/vcpu.c: the PVH entry state (xen/arch-x86/hvm/start_info.h): flat 32-bit protected mode, no paging. v has
 * not run yet; the caller wakes it. */
int vcpu_set_pvh_entry(struct vcpu *v, uint32_t entry, uint32_t start_info_gpa);

/* arch/x86/vcpu.c: general and control registers to the log; what only the vendor knows is its own to tell. */
void vcpu_dump_registers(const struct vcpu *v);
void vcpu_dump_segments(struct vcpu *v);	/* current or not running */
