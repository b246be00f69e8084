/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* x86 part of struct vcpu: what both vendors share. */
#include <hv/types.h>
#include <hv/timer.h>
#include <asm/vlapic.h>

struct vcpu;

/* In the order of the numbers that instructions use. */
struct guest_regs {
	uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
};

/* The vendors' entry code has these as numbers. */
#define AT(reg, offset)	static_assert(offsetof(struct guest_regs, reg) == (offset), "svm_entry.S, vmx_entry.S: " #reg)
AT(rax, 0x00);
AT(rcx, 0x08);
AT(rdx, 0x10);
AT(rbx, 0x18);
AT(rbp, 0x28);
AT(rsi, 0x30);
AT(rdi, 0x38);
AT(r8, 0x40);
AT(r9, 0x48);
AT(r10, 0x50);
AT(r11, 0x58);
AT(r12, 0x60);
AT(r13, 0x68);
AT(r14, 0x70);
AT(r15, 0x78);
#undef AT

enum guest_seg {			/* instruction encoding order */
	SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_TR, SEG_LDTR, SEG_GDTR, SEG_IDTR,
	SEG_COUNT,
};

/* attr: bits 0-7 = descriptor byte 5, bits 8-11 = high nibble of byte 6 (the VMCB's packing). */
struct guest_segment {
	uint16_t sel, attr;
	uint32_t limit;			/* in bytes, expanded */
	uint64_t base;
};
#define SEG_ATTR_P	BIT(7)
#define SEG_ATTR_L	BIT(9)
#define SEG_ATTR_DB	BIT(10)
#define SEG_ATTR_G	BIT(11)
#define SEG_ATTR_DPL(attr)	(((attr) >> 5) & 3)

/* An event to inject, or one that an exit interrupted. */
enum event_type { EVENT_INTR = 0, EVENT_NMI = 2, EVENT_EXCEPTION = 3, EVENT_SOFT_INT = 4 };
struct guest_event {
	bool valid, has_error;
	uint8_t vector, type;		/* enum event_type */
	uint32_t error;
};

#define VEC_DB	1
#define VEC_BP	3
#define VEC_UD	6
#define VEC_NM	7
#define VEC_DF	8
#define VEC_TS	10
#define VEC_NP	11
#define VEC_SS	12
#define VEC_GP	13
#define VEC_PF	14
#define VEC_MC	18

/* A 2M piece of the guest's own RAM. tag: its first frame number / 512 + 1; 0: empty. */
struct p2m_cached {
	uint64_t tag;
	const uint64_t *slot;		/* of the p2m, and what it held */
	uint64_t entry;
	const char *base;
};
#define P2M_CACHE_SIZE	8

struct arch_vcpu {
	struct guest_regs regs;		/* valid between exit and entry, rip/rsp/rflags/rax included */
	void *vendor;			/* struct svm_vcpu or vmx_vcpu */
	/* Control registers as the guest sees them; the vendor holds the working copies. */
	uint64_t cr0, cr2, cr3, cr4, efer, xcr0, xss;
	uint64_t pat;
	uint64_t tsc_aux, tsc_adjust, tsc_offset;
	uint64_t dr[4], dr6, dr7;
	uint64_t spec_ctrl;
	uint64_t misc_features;		/* MISC_FEATURES_ENABLES */
	uint64_t mtrr_def_type, mtrr_fixed[11], mtrr_var[16];
	uint64_t mcg_status;
	uint64_t sysenter_cs;
	bool in_long_mode_64;		/* CS.L at the last exit */
	uint8_t cpl;			/* at the last exit */
	bool nmi_pending;		/* atomic-ish: set by others, taken at entry */
	bool nmi_blocked;
	bool int_shadow;		/* STI / MOV SS shadow at the last exit */
	uint8_t insn_len;		/* of the instruction that exited, when the CPU told; else 0 */
	struct guest_event inject;	/* goes in at the next entry (exceptions raised by the exit) */
	void *xsave;			/* 64-byte aligned, host-sized; arch/x86/fpu.c */
	uint64_t xsave_mask;
	unsigned int fpu_cpu;		/* the CPU whose registers last held it */
	uint8_t evtchn_upcall_vector;	/* HVMOP_set_evtchn_upcall_vector; 0: none */
	bool upcall_asserted;		/* callback by GSI/INTx level now raised */
	struct vlapic vlapic;
	struct p2m_cached p2m_cache[P2M_CACHE_SIZE];	/* arch/x86/p2m_cache.h */
	/* The pair that the guest's time areas hold; 0: none yet. */
	uint64_t published_tsc, published_offset, published_area;
	uint64_t exit_count;
	uint64_t last_host_tsc;
};
