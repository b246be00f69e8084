/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The virtual machine control block of AMD-V. APM vol. 2 appendix B; exit codes: appendix C. */
#include <hv/types.h>
#include <asm/vcpu.h>

/* Intercepts, offset 00ch. */
#define INTERCEPT1_INTR		BIT(0)
#define INTERCEPT1_NMI		BIT(1)
#define INTERCEPT1_SMI		BIT(2)
#define INTERCEPT1_INIT		BIT(3)
#define INTERCEPT1_VINTR	BIT(4)
#define INTERCEPT1_CR0_SEL	BIT(5)
#define INTERCEPT1_RDTSC	BIT(14)
#define INTERCEPT1_RDPMC	BIT(15)
#define INTERCEPT1_CPUID	BIT(18)
#define INTERCEPT1_RSM		BIT(19)
#define INTERCEPT1_IRET		BIT(20)
#define INTERCEPT1_INVD		BIT(22)
#define INTERCEPT1_PAUSE	BIT(23)
#define INTERCEPT1_HLT		BIT(24)
#define INTERCEPT1_INVLPGA	BIT(26)
#define INTERCEPT1_IOIO		BIT(27)
#define INTERCEPT1_MSR		BIT(28)
#define INTERCEPT1_TASK_SWITCH	BIT(29)
#define INTERCEPT1_FERR_FREEZE	BIT(30)
#define INTERCEPT1_SHUTDOWN	BIT(31)

/* Offset 010h. */
#define INTERCEPT2_VMRUN	BIT(0)
#define INTERCEPT2_VMMCALL	BIT(1)
#define INTERCEPT2_VMLOAD	BIT(2)
#define INTERCEPT2_VMSAVE	BIT(3)
#define INTERCEPT2_STGI		BIT(4)
#define INTERCEPT2_CLGI		BIT(5)
#define INTERCEPT2_SKINIT	BIT(6)
#define INTERCEPT2_RDTSCP	BIT(7)
#define INTERCEPT2_WBINVD	BIT(9)
#define INTERCEPT2_MONITOR	BIT(10)
#define INTERCEPT2_MWAIT	BIT(11)
#define INTERCEPT2_MWAIT_ARMED	BIT(12)
#define INTERCEPT2_XSETBV	BIT(13)
#define INTERCEPT2_RDPRU	BIT(14)

/* Virtual interrupt control, offset 060h. */
#define VINTR_TPR_MASK		0xfUL
#define VINTR_IRQ		BIT(8)
#define VINTR_PRIO_MAX		(0xfUL << 16)
#define VINTR_IGNORE_TPR	BIT(20)
#define VINTR_MASKING		BIT(24)

#define VMCB_INT_SHADOW		BIT(0)		/* offset 068h */
#define VMCB_NESTED_PAGING	BIT(0)		/* offset 090h */

#define TLB_CONTROL_NONE	0
#define TLB_CONTROL_FLUSH_ALL	1
#define TLB_CONTROL_FLUSH_ASID	3

/* EVENTINJ and EXITINTINFO. */
#define EVENT_TYPE_SHIFT	8
#define EVENT_ERROR_VALID	BIT(11)
#define EVENT_VALID		BIT(31)

/* Clean bits, offset 0c0h: what the CPU may keep from the last run. */
#define CLEAN_INTERCEPTS	BIT(0)
#define CLEAN_IOPM		BIT(1)
#define CLEAN_ASID		BIT(2)
#define CLEAN_TPR		BIT(3)
#define CLEAN_NP		BIT(4)
#define CLEAN_CR		BIT(5)
#define CLEAN_DR		BIT(6)
#define CLEAN_DT		BIT(7)
#define CLEAN_SEG		BIT(8)
#define CLEAN_CR2		BIT(9)
#define CLEAN_ALL		0x3ffU

enum svm_exit_code {
	EXIT_CR_READ = 0x00,
	EXIT_CR_WRITE = 0x10,
	EXIT_DR_READ = 0x20,
	EXIT_DR_WRITE = 0x30,
	EXIT_EXCEPTION = 0x40,
	EXIT_INTR = 0x60,
	EXIT_NMI = 0x61,
	EXIT_SMI = 0x62,
	EXIT_INIT = 0x63,
	EXIT_VINTR = 0x64,
	EXIT_CR0_SEL = 0x65,
	EXIT_RDTSC = 0x6e,
	EXIT_RDPMC = 0x6f,
	EXIT_CPUID = 0x72,
	EXIT_RSM = 0x73,
	EXIT_IRET = 0x74,
	EXIT_INVD = 0x76,
	EXIT_PAUSE = 0x77,
	EXIT_HLT = 0x78,
	EXIT_INVLPGA = 0x7a,
	EXIT_IOIO = 0x7b,
	EXIT_MSR = 0x7c,
	EXIT_TASK_SWITCH = 0x7d,
	EXIT_FERR_FREEZE = 0x7e,
	EXIT_SHUTDOWN = 0x7f,
	EXIT_VMRUN = 0x80,
	EXIT_VMMCALL = 0x81,
	EXIT_VMLOAD = 0x82,
	EXIT_VMSAVE = 0x83,
	EXIT_STGI = 0x84,
	EXIT_CLGI = 0x85,
	EXIT_SKINIT = 0x86,
	EXIT_RDTSCP = 0x87,
	EXIT_WBINVD = 0x89,
	EXIT_MONITOR = 0x8a,
	EXIT_MWAIT = 0x8b,
	EXIT_MWAIT_ARMED = 0x8c,
	EXIT_XSETBV = 0x8d,
	EXIT_RDPRU = 0x8e,
	EXIT_NPF = 0x400,
};

struct vmcb {
	uint16_t intercept_cr_read, intercept_cr_write;
	uint16_t intercept_dr_read, intercept_dr_write;
	uint32_t intercept_exceptions;
	uint32_t intercept1, intercept2, intercept3;
	uint8_t reserved_018[0x3c - 0x18];
	uint16_t pause_threshold, pause_count;
	uint64_t iopm_pa, msrpm_pa;
	uint64_t tsc_offset;
	uint32_t asid;
	uint8_t tlb_control, reserved_05d[3];
	uint64_t vintr;
	uint64_t int_shadow;
	uint64_t exit_code, exit_info1, exit_info2, exit_int_info;
	uint64_t np_control;
	uint8_t reserved_098[0xa8 - 0x98];
	uint64_t event_inject;
	uint64_t ncr3;
	uint64_t virt_ext;
	uint32_t clean, reserved_0c4;
	uint64_t next_rip;
	uint8_t insn_len, insn[15];
	uint8_t reserved_0e0[0x400 - 0xe0];

	/* State save area. struct guest_segment has the layout of its segment registers. */
	struct guest_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint8_t reserved_4a0[0x4cb - 0x4a0];
	uint8_t cpl;
	uint32_t reserved_4cc;
	uint64_t efer;
	uint8_t reserved_4d8[0x548 - 0x4d8];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t reserved_580[0x5d8 - 0x580];
	uint64_t rsp;
	uint8_t reserved_5e0[0x5f8 - 0x5e0];
	uint64_t rax, star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip, cr2;
	uint8_t reserved_648[0x668 - 0x648];
	uint64_t pat, debugctl;
	uint8_t reserved_678[0x1000 - 0x678];
};

#define VMCB_AT(field, offset)                                                                     \
	static_assert(offsetof(struct vmcb, field) == (offset), "APM vol. 2 appendix B: " #field)
VMCB_AT(intercept_dr_read, 0x004);
VMCB_AT(intercept_exceptions, 0x008);
VMCB_AT(intercept1, 0x00c);
VMCB_AT(intercept3, 0x014);
VMCB_AT(pause_threshold, 0x03c);
VMCB_AT(iopm_pa, 0x040);
VMCB_AT(tsc_offset, 0x050);
VMCB_AT(asid, 0x058);
VMCB_AT(tlb_control, 0x05c);
VMCB_AT(vintr, 0x060);
VMCB_AT(int_shadow, 0x068);
VMCB_AT(exit_code, 0x070);
VMCB_AT(exit_int_info, 0x088);
VMCB_AT(np_control, 0x090);
VMCB_AT(event_inject, 0x0a8);
VMCB_AT(ncr3, 0x0b0);
VMCB_AT(clean, 0x0c0);
VMCB_AT(next_rip, 0x0c8);
VMCB_AT(insn_len, 0x0d0);
VMCB_AT(es, 0x400);
VMCB_AT(gdtr, 0x460);
VMCB_AT(tr, 0x490);
VMCB_AT(cpl, 0x4cb);
VMCB_AT(efer, 0x4d0);
VMCB_AT(cr4, 0x548);
VMCB_AT(rip, 0x578);
VMCB_AT(rsp, 0x5d8);
VMCB_AT(rax, 0x5f8);
VMCB_AT(kernel_gs_base, 0x620);
VMCB_AT(cr2, 0x640);
VMCB_AT(pat, 0x668);
static_assert(sizeof(struct vmcb) == 4096, "APM vol. 2 section 15.5.1");
static_assert(sizeof(struct guest_segment) == 16 && offsetof(struct guest_segment, base) == 8,
	      "APM vol. 2 table B-2: selector, attributes, limit, base");
