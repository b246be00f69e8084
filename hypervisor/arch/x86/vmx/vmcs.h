/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The VMCS: field encodings, bits of the controls, exit reasons. Intel SDM vol. 3: app. B (fields), app. C (reasons),
 * ch. 24 (meaning), app. A (capability MSRs).
 */
#include <hv/types.h>

#define MSR_VMX_BASIC			0x480
#define MSR_VMX_CR0_FIXED0		0x486
#define MSR_VMX_CR0_FIXED1		0x487
#define MSR_VMX_CR4_FIXED0		0x488
#define MSR_VMX_CR4_FIXED1		0x489
#define MSR_VMX_MISC			0x485
#define MSR_VMX_PROCBASED2		0x48b
#define MSR_VMX_EPT_VPID_CAP		0x48c
#define MSR_VMX_TRUE_PINBASED		0x48d
#define MSR_VMX_TRUE_PROCBASED		0x48e
#define MSR_VMX_TRUE_EXIT		0x48f
#define MSR_VMX_TRUE_ENTRY		0x490

#define VMX_BASIC_REVISION(b)		((uint32_t)(b) & 0x7fffffff)
#define VMX_BASIC_SIZE(b)		((uint32_t)((b) >> 32) & 0x1fff)
#define VMX_BASIC_MEMORY_TYPE(b)	((unsigned int)((b) >> 50) & 0xf)
#define VMX_BASIC_TRUE_CONTROLS		BIT(55)
#define VMX_MISC_TIMER_SHIFT(m)		((unsigned int)(m) & 0x1f)

#define FEATURE_CONTROL_LOCKED		BIT(0)
#define FEATURE_CONTROL_VMXON		BIT(2)	/* outside SMX */

#define EPT_CAP_EXECUTE_ONLY		BIT(0)
#define EPT_CAP_4_LEVELS		BIT(6)
#define EPT_CAP_WB			BIT(14)
#define EPT_CAP_2M			BIT(16)
#define EPT_CAP_1G			BIT(17)
#define EPT_CAP_INVEPT			BIT(20)
#define EPT_CAP_AD			BIT(21)
#define EPT_CAP_INVEPT_ONE		BIT(25)
#define EPT_CAP_INVEPT_ALL		BIT(26)
#define EPT_CAP_INVVPID			BIT(32)
#define EPT_CAP_INVVPID_ALL		BIT(42)

enum vmcs_field {
	VMCS_VPID			= 0x0000,
	VMCS_POSTED_VECTOR		= 0x0002,
	VMCS_GUEST_ES_SEL		= 0x0800,	/* CS, SS, DS, FS, GS, LDTR, TR follow by 2 */
	VMCS_GUEST_LDTR_SEL		= 0x080c,
	VMCS_GUEST_TR_SEL		= 0x080e,
	VMCS_GUEST_INTR_STATUS		= 0x0810,
	VMCS_GUEST_PML_INDEX		= 0x0812,
	VMCS_HOST_ES_SEL		= 0x0c00,
	VMCS_HOST_CS_SEL		= 0x0c02,
	VMCS_HOST_SS_SEL		= 0x0c04,
	VMCS_HOST_DS_SEL		= 0x0c06,
	VMCS_HOST_FS_SEL		= 0x0c08,
	VMCS_HOST_GS_SEL		= 0x0c0a,
	VMCS_HOST_TR_SEL		= 0x0c0c,

	VMCS_IO_BITMAP_A		= 0x2000,
	VMCS_IO_BITMAP_B		= 0x2002,
	VMCS_MSR_BITMAP			= 0x2004,
	VMCS_PML_ADDRESS		= 0x200e,
	VMCS_TSC_OFFSET			= 0x2010,
	VMCS_VAPIC_PAGE			= 0x2012,
	VMCS_APIC_ACCESS		= 0x2014,
	VMCS_POSTED_DESC		= 0x2016,
	VMCS_EPTP			= 0x201a,
	VMCS_EOI_EXIT0			= 0x201c,	/* to 3 by 2 */
	VMCS_XSS_EXIT_BITMAP		= 0x202c,
	VMCS_TSC_MULTIPLIER		= 0x2032,
	VMCS_GUEST_PHYS			= 0x2400,
	VMCS_LINK			= 0x2800,
	VMCS_GUEST_DEBUGCTL		= 0x2802,
	VMCS_GUEST_PAT			= 0x2804,
	VMCS_GUEST_EFER			= 0x2806,
	VMCS_GUEST_PDPTE0		= 0x280a,	/* to 3 by 2 */
	VMCS_HOST_PAT			= 0x2c00,
	VMCS_HOST_EFER			= 0x2c02,

	VMCS_PIN_CONTROLS		= 0x4000,
	VMCS_PROC_CONTROLS		= 0x4002,
	VMCS_EXCEPTION_BITMAP		= 0x4004,
	VMCS_PF_ERROR_MASK		= 0x4006,
	VMCS_PF_ERROR_MATCH		= 0x4008,
	VMCS_CR3_TARGETS		= 0x400a,
	VMCS_EXIT_CONTROLS		= 0x400c,
	VMCS_EXIT_MSR_STORE_COUNT	= 0x400e,
	VMCS_EXIT_MSR_LOAD_COUNT	= 0x4010,
	VMCS_ENTRY_CONTROLS		= 0x4012,
	VMCS_ENTRY_MSR_LOAD_COUNT	= 0x4014,
	VMCS_ENTRY_INTR_INFO		= 0x4016,
	VMCS_ENTRY_ERROR		= 0x4018,
	VMCS_ENTRY_INSN_LEN		= 0x401a,
	VMCS_TPR_THRESHOLD		= 0x401c,
	VMCS_PROC2_CONTROLS		= 0x401e,
	VMCS_PLE_GAP			= 0x4020,
	VMCS_PLE_WINDOW			= 0x4022,
	VMCS_INSN_ERROR			= 0x4400,
	VMCS_EXIT_REASON		= 0x4402,
	VMCS_EXIT_INTR_INFO		= 0x4404,
	VMCS_EXIT_INTR_ERROR		= 0x4406,
	VMCS_IDT_VECTORING		= 0x4408,
	VMCS_IDT_VECTORING_ERROR	= 0x440a,
	VMCS_EXIT_INSN_LEN		= 0x440c,
	VMCS_GUEST_ES_LIMIT		= 0x4800,	/* in the order of the selectors */
	VMCS_GUEST_GDTR_LIMIT		= 0x4810,
	VMCS_GUEST_IDTR_LIMIT		= 0x4812,
	VMCS_GUEST_ES_AR		= 0x4814,
	VMCS_GUEST_CS_AR		= 0x4816,
	VMCS_GUEST_SS_AR		= 0x4818,
	VMCS_GUEST_TR_AR		= 0x4822,
	VMCS_INTERRUPTIBILITY		= 0x4824,
	VMCS_ACTIVITY			= 0x4826,
	VMCS_GUEST_SYSENTER_CS		= 0x482a,
	VMCS_PREEMPTION_TIMER		= 0x482e,
	VMCS_HOST_SYSENTER_CS		= 0x4c00,

	VMCS_CR0_MASK			= 0x6000,
	VMCS_CR4_MASK			= 0x6002,
	VMCS_CR0_SHADOW			= 0x6004,
	VMCS_CR4_SHADOW			= 0x6006,
	VMCS_QUALIFICATION		= 0x6400,
	VMCS_GUEST_LINEAR		= 0x640a,
	VMCS_GUEST_CR0			= 0x6800,
	VMCS_GUEST_CR3			= 0x6802,
	VMCS_GUEST_CR4			= 0x6804,
	VMCS_GUEST_ES_BASE		= 0x6806,	/* in the order of the selectors */
	VMCS_GUEST_FS_BASE		= 0x680e,
	VMCS_GUEST_GS_BASE		= 0x6810,
	VMCS_GUEST_GDTR_BASE		= 0x6816,
	VMCS_GUEST_IDTR_BASE		= 0x6818,
	VMCS_GUEST_DR7			= 0x681a,
	VMCS_GUEST_RSP			= 0x681c,
	VMCS_GUEST_RIP			= 0x681e,
	VMCS_GUEST_RFLAGS		= 0x6820,
	VMCS_GUEST_PENDING_DEBUG	= 0x6822,
	VMCS_GUEST_SYSENTER_ESP		= 0x6824,
	VMCS_GUEST_SYSENTER_EIP		= 0x6826,
	VMCS_HOST_CR0			= 0x6c00,
	VMCS_HOST_CR3			= 0x6c02,
	VMCS_HOST_CR4			= 0x6c04,
	VMCS_HOST_FS_BASE		= 0x6c06,
	VMCS_HOST_GS_BASE		= 0x6c08,
	VMCS_HOST_TR_BASE		= 0x6c0a,
	VMCS_HOST_GDTR_BASE		= 0x6c0c,
	VMCS_HOST_IDTR_BASE		= 0x6c0e,
	VMCS_HOST_SYSENTER_ESP		= 0x6c10,
	VMCS_HOST_SYSENTER_EIP		= 0x6c12,
	VMCS_HOST_RSP			= 0x6c14,
	VMCS_HOST_RIP			= 0x6c16,
};

#define PIN_EXTINT		BIT(0)
#define PIN_NMI			BIT(3)
#define PIN_VNMI		BIT(5)
#define PIN_TIMER		BIT(6)
#define PIN_POSTED		BIT(7)

#define PROC_INTR_WINDOW	BIT(2)
#define PROC_TSC_OFFSET		BIT(3)
#define PROC_HLT		BIT(7)
#define PROC_INVLPG		BIT(9)
#define PROC_MWAIT		BIT(10)
#define PROC_RDPMC		BIT(11)
#define PROC_RDTSC		BIT(12)
#define PROC_CR3_LOAD		BIT(15)
#define PROC_CR3_STORE		BIT(16)
#define PROC_CR8_LOAD		BIT(19)
#define PROC_CR8_STORE		BIT(20)
#define PROC_TPR_SHADOW		BIT(21)
#define PROC_NMI_WINDOW		BIT(22)
#define PROC_MOV_DR		BIT(23)
#define PROC_IO_ALWAYS		BIT(24)
#define PROC_IO_BITMAPS		BIT(25)
#define PROC_MSR_BITMAPS	BIT(28)
#define PROC_MONITOR		BIT(29)
#define PROC_PAUSE		BIT(30)
#define PROC_SECONDARY		BIT(31)

#define PROC2_APIC_ACCESS	BIT(0)
#define PROC2_EPT		BIT(1)
#define PROC2_RDTSCP		BIT(3)
#define PROC2_X2APIC		BIT(4)
#define PROC2_VPID		BIT(5)
#define PROC2_WBINVD		BIT(6)
#define PROC2_UNRESTRICTED	BIT(7)
#define PROC2_APIC_REGISTERS	BIT(8)
#define PROC2_INTR_DELIVERY	BIT(9)
#define PROC2_PLE		BIT(10)
#define PROC2_INVPCID		BIT(12)
#define PROC2_PML		BIT(17)
#define PROC2_XSAVES		BIT(20)
#define PROC2_TSC_SCALING	BIT(25)

#define TSC_MULTIPLIER_BITS	48		/* fractional */
#define TSC_MULTIPLIER_ONE	BIT(TSC_MULTIPLIER_BITS)

#define EXIT_CTL_SAVE_DEBUG	BIT(2)
#define EXIT_CTL_HOST_64	BIT(9)
#define EXIT_CTL_ACK_INTR	BIT(15)
#define EXIT_CTL_SAVE_PAT	BIT(18)
#define EXIT_CTL_LOAD_PAT	BIT(19)
#define EXIT_CTL_SAVE_EFER	BIT(20)
#define EXIT_CTL_LOAD_EFER	BIT(21)
#define EXIT_CTL_SAVE_TIMER	BIT(22)

#define ENTRY_CTL_LOAD_DEBUG	BIT(2)
#define ENTRY_CTL_IA32E		BIT(9)
#define ENTRY_CTL_LOAD_PAT	BIT(14)
#define ENTRY_CTL_LOAD_EFER	BIT(15)

/* Access rights: bits 0-7 descriptor byte 5, 12-15 high nibble of byte 6. */
#define AR_UNUSABLE		BIT(16)
#define AR_L			BIT(13)

#define INTERRUPTIBILITY_STI	BIT(0)
#define INTERRUPTIBILITY_MOV_SS	BIT(1)
#define INTERRUPTIBILITY_NMI	BIT(3)

/* Interruption information, of entries, exits and IDT vectoring (tables 24-16 to 24-18). */
#define INTR_VECTOR(i)		((uint8_t)(i))
#define INTR_TYPE(i)		((unsigned int)((i) >> 8) & 7)
#define INTR_TYPE_SHIFT		8
#define INTR_ERROR_VALID	BIT(11)
#define INTR_NMI_UNBLOCKED	BIT(12)		/* by the IRET that this exit interrupted */
#define INTR_VALID		BIT(31)
enum intr_type {
	INTR_EXTERNAL = 0, INTR_NMI = 2, INTR_HW_EXCEPTION = 3, INTR_SOFT_INT = 4, INTR_PRIV_SOFT = 5,
	INTR_SOFT_EXCEPTION = 6,
};

/* Qualification of an EPT violation, table 27-7. */
#define EPT_READ		BIT(0)
#define EPT_WRITE		BIT(1)
#define EPT_FETCH		BIT(2)
#define EPT_RIGHTS		(7UL << 3)	/* what the entry allowed; 0: not present */
#define EPT_NMI_UNBLOCKED	BIT(12)

enum exit_reason {
	EXIT_EXCEPTION_NMI = 0,
	EXIT_EXTINT = 1,
	EXIT_TRIPLE_FAULT = 2,
	EXIT_INIT = 3,
	EXIT_SIPI = 4,
	EXIT_INTR_WINDOW = 7,
	EXIT_NMI_WINDOW = 8,
	EXIT_TASK_SWITCH = 9,
	EXIT_CPUID = 10,
	EXIT_GETSEC = 11,
	EXIT_HLT = 12,
	EXIT_INVD = 13,
	EXIT_INVLPG = 14,
	EXIT_RDPMC = 15,
	EXIT_RDTSC = 16,
	EXIT_RSM = 17,
	EXIT_VMCALL = 18,
	EXIT_VMCLEAR = 19,		/* to VMXON: the VMX instructions */
	EXIT_VMXON = 27,
	EXIT_CR = 28,
	EXIT_DR = 29,
	EXIT_IO = 30,
	EXIT_RDMSR = 31,
	EXIT_WRMSR = 32,
	EXIT_GUEST_STATE = 33,
	EXIT_MSR_LOADING = 34,
	EXIT_MWAIT = 36,
	EXIT_MONITOR = 39,
	EXIT_PAUSE = 40,
	EXIT_ENTRY_MACHINE_CHECK = 41,
	EXIT_TPR_BELOW = 43,
	EXIT_APIC_ACCESS = 44,
	EXIT_VIRTUAL_EOI = 45,
	EXIT_EPT_VIOLATION = 48,
	EXIT_EPT_MISCONFIG = 49,
	EXIT_INVEPT = 50,
	EXIT_RDTSCP = 51,
	EXIT_TIMER = 52,
	EXIT_INVVPID = 53,
	EXIT_WBINVD = 54,
	EXIT_XSETBV = 55,
	EXIT_APIC_WRITE = 56,
	EXIT_INVPCID = 58,
	EXIT_VMFUNC = 59,
	EXIT_ENCLS = 60,
	EXIT_PML_FULL = 62,
	EXIT_XSAVES = 63,
	EXIT_XRSTORS = 64,
	EXIT_REASONS = 70,
};
#define EXIT_REASON_ENTRY_FAILED BIT(31)

/* ZF and CF say how a VMX instruction went (SDM vol. 3 section 30.2). */
static inline bool vmx_on(uint64_t pa)
{
	bool ok;

	__asm__ volatile("vmxon %1" : "=@cca"(ok) : "m"(pa) : "memory");
	return ok;
}

static inline void vmx_off(void)
{
	__asm__ volatile("vmxoff" : : : "memory", "cc");
}

static inline void vmcs_clear(uint64_t pa)
{
	__asm__ volatile("vmclear %0" : : "m"(pa) : "memory", "cc");
}

static inline bool vmcs_load(uint64_t pa)
{
	bool ok;

	__asm__ volatile("vmptrld %1" : "=@cca"(ok) : "m"(pa) : "memory");
	return ok;
}

static inline uint64_t vmcs_read(enum vmcs_field f)
{
	uint64_t val;

	__asm__ volatile("vmread %1, %0" : "=rm"(val) : "r"((uint64_t)f) : "cc");
	return val;
}

static inline void vmcs_write(enum vmcs_field f, uint64_t val)
{
	__asm__ volatile("vmwrite %0, %1" : : "rm"(val), "r"((uint64_t)f) : "cc");
}

struct inv_descriptor {
	uint64_t first, second;
};

static inline void invept_one(uint64_t eptp)
{
	struct inv_descriptor d = { eptp, 0 };

	__asm__ volatile("invept %0, %1" : : "m"(d), "r"(1UL) : "memory", "cc");
}

static inline void invept_all(void)
{
	struct inv_descriptor d = { 0, 0 };

	__asm__ volatile("invept %0, %1" : : "m"(d), "r"(2UL) : "memory", "cc");
}

static inline void invvpid_all(void)
{
	struct inv_descriptor d = { 0, 0 };

	__asm__ volatile("invvpid %0, %1" : : "m"(d), "r"(2UL) : "memory", "cc");
}
