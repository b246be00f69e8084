/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Instructions and registers of the CPU in Hyp mode. Arm ARM for ARMv7-A: DDI 0406C. */
#include <hv/types.h>

/*
 * Registers by the names that AArch64 gives them, so that arm-common has one; those that only ARMv7 has, by their own.
 * CP32: coprocessor register, CP64: one of 64 bits, BANK: another mode's register. B3.17, B8.2 and B9.3.9.
 */
#define SYSREG_midr_el1		CP32, "p15, 0, %0, c0, c0, 0"
#define SYSREG_ctr_el0		CP32, "p15, 0, %0, c0, c0, 1"
#define SYSREG_mpidr_el1	CP32, "p15, 0, %0, c0, c0, 5"
#define SYSREG_vpidr_el2	CP32, "p15, 4, %0, c0, c0, 0"
#define SYSREG_vmpidr_el2	CP32, "p15, 4, %0, c0, c0, 5"
#define SYSREG_hcr_el2		CP32, "p15, 4, %0, c1, c1, 0"
#define SYSREG_hdcr		CP32, "p15, 4, %0, c1, c1, 1"
#define SYSREG_hcptr		CP32, "p15, 4, %0, c1, c1, 2"
#define SYSREG_hstr		CP32, "p15, 4, %0, c1, c1, 3"
#define SYSREG_vtcr_el2		CP32, "p15, 4, %0, c2, c1, 2"
#define SYSREG_vttbr_el2	CP64, "p15, 6, %Q0, %R0, c2"
#define SYSREG_esr_el2		CP32, "p15, 4, %0, c5, c2, 0"
#define SYSREG_hdfar		CP32, "p15, 4, %0, c6, c0, 0"
#define SYSREG_hifar		CP32, "p15, 4, %0, c6, c0, 2"
#define SYSREG_hpfar_el2	CP32, "p15, 4, %0, c6, c0, 4"
#define SYSREG_par_el1		CP64, "p15, 0, %Q0, %R0, c7"
#define SYSREG_tlbiallis	CP32, "p15, 0, %0, c8, c3, 0"
#define SYSREG_tpidr_el2	CP32, "p15, 4, %0, c13, c0, 2"

/* The guest's. */
#define SYSREG_sctlr		CP32, "p15, 0, %0, c1, c0, 0"
#define SYSREG_cpacr		CP32, "p15, 0, %0, c1, c0, 2"
#define SYSREG_ttbr0		CP64, "p15, 0, %Q0, %R0, c2"
#define SYSREG_ttbr1		CP64, "p15, 1, %Q0, %R0, c2"
#define SYSREG_ttbcr		CP32, "p15, 0, %0, c2, c0, 2"
#define SYSREG_dacr		CP32, "p15, 0, %0, c3, c0, 0"
#define SYSREG_dfsr		CP32, "p15, 0, %0, c5, c0, 0"
#define SYSREG_ifsr		CP32, "p15, 0, %0, c5, c0, 1"
#define SYSREG_adfsr		CP32, "p15, 0, %0, c5, c1, 0"
#define SYSREG_aifsr		CP32, "p15, 0, %0, c5, c1, 1"
#define SYSREG_dfar		CP32, "p15, 0, %0, c6, c0, 0"
#define SYSREG_ifar		CP32, "p15, 0, %0, c6, c0, 2"
#define SYSREG_mair0		CP32, "p15, 0, %0, c10, c2, 0"
#define SYSREG_mair1		CP32, "p15, 0, %0, c10, c2, 1"
#define SYSREG_amair0		CP32, "p15, 0, %0, c10, c3, 0"
#define SYSREG_amair1		CP32, "p15, 0, %0, c10, c3, 1"
#define SYSREG_vbar		CP32, "p15, 0, %0, c12, c0, 0"
#define SYSREG_contextidr	CP32, "p15, 0, %0, c13, c0, 1"
#define SYSREG_tpidrurw		CP32, "p15, 0, %0, c13, c0, 2"
#define SYSREG_tpidruro		CP32, "p15, 0, %0, c13, c0, 3"
#define SYSREG_tpidrprw		CP32, "p15, 0, %0, c13, c0, 4"
#define SYSREG_csselr		CP32, "p15, 2, %0, c0, c0, 0"
#define SYSREG_teecr		CP32, "p14, 6, %0, c0, c0, 0"
#define SYSREG_teehbr		CP32, "p14, 6, %0, c1, c0, 0"
#define SYSREG_sp_usr		BANK, "SP_usr"
#define SYSREG_sp_svc		BANK, "SP_svc"
#define SYSREG_lr_svc		BANK, "LR_svc"
#define SYSREG_spsr_svc		BANK, "SPSR_svc"
#define SYSREG_sp_abt		BANK, "SP_abt"
#define SYSREG_lr_abt		BANK, "LR_abt"
#define SYSREG_spsr_abt		BANK, "SPSR_abt"
#define SYSREG_sp_und		BANK, "SP_und"
#define SYSREG_lr_und		BANK, "LR_und"
#define SYSREG_spsr_und		BANK, "SPSR_und"
#define SYSREG_sp_irq		BANK, "SP_irq"
#define SYSREG_lr_irq		BANK, "LR_irq"
#define SYSREG_spsr_irq		BANK, "SPSR_irq"
#define SYSREG_r8_fiq		BANK, "R8_fiq"
#define SYSREG_r9_fiq		BANK, "R9_fiq"
#define SYSREG_r10_fiq		BANK, "R10_fiq"
#define SYSREG_r11_fiq		BANK, "R11_fiq"
#define SYSREG_r12_fiq		BANK, "R12_fiq"
#define SYSREG_sp_fiq		BANK, "SP_fiq"
#define SYSREG_lr_fiq		BANK, "LR_fiq"
#define SYSREG_spsr_fiq		BANK, "SPSR_fiq"

/* ID registers. */
#define SYSREG_id_pfr0		CP32, "p15, 0, %0, c0, c1, 0"
#define SYSREG_id_pfr1		CP32, "p15, 0, %0, c0, c1, 1"
#define SYSREG_id_afr0		CP32, "p15, 0, %0, c0, c1, 3"
#define SYSREG_id_mmfr0		CP32, "p15, 0, %0, c0, c1, 4"
#define SYSREG_id_mmfr1		CP32, "p15, 0, %0, c0, c1, 5"
#define SYSREG_id_mmfr2		CP32, "p15, 0, %0, c0, c1, 6"
#define SYSREG_id_mmfr3		CP32, "p15, 0, %0, c0, c1, 7"
#define SYSREG_id_isar0		CP32, "p15, 0, %0, c0, c2, 0"
#define SYSREG_id_isar1		CP32, "p15, 0, %0, c0, c2, 1"
#define SYSREG_id_isar2		CP32, "p15, 0, %0, c0, c2, 2"
#define SYSREG_id_isar3		CP32, "p15, 0, %0, c0, c2, 3"
#define SYSREG_id_isar4		CP32, "p15, 0, %0, c0, c2, 4"
#define SYSREG_id_isar5		CP32, "p15, 0, %0, c0, c2, 5"

/* Generic timer. */
#define SYSREG_cntfrq_el0	CP32, "p15, 0, %0, c14, c0, 0"
#define SYSREG_cntkctl		CP32, "p15, 0, %0, c14, c1, 0"
#define SYSREG_cntp_ctl_el0	CP32, "p15, 0, %0, c14, c2, 1"
#define SYSREG_cntv_ctl_el0	CP32, "p15, 0, %0, c14, c3, 1"
#define SYSREG_cntv_cval_el0	CP64, "p15, 3, %Q0, %R0, c14"
#define SYSREG_cntpct_el0	CP64, "p15, 0, %Q0, %R0, c14"
#define SYSREG_cntvoff_el2	CP64, "p15, 4, %Q0, %R0, c14"
#define SYSREG_cnthctl_el2	CP32, "p15, 4, %0, c14, c1, 0"
#define SYSREG_cnthp_ctl_el2	CP32, "p15, 4, %0, c14, c2, 1"
#define SYSREG_cnthp_cval_el2	CP64, "p15, 6, %Q0, %R0, c14"

#define __read_CP32(name)                                                                          \
	({                                                                                         \
		uint32_t __v;                                                                      \
		__asm__ volatile("mrc " name : "=r"(__v)::"memory");                               \
		(uint64_t)__v;                                                                     \
	})
#define __read_CP64(name)                                                                          \
	({                                                                                         \
		uint64_t __v;                                                                      \
		__asm__ volatile("mrrc " name : "=r"(__v)::"memory");                              \
		__v;                                                                               \
	})
#define __read_BANK(name)                                                                          \
	({                                                                                         \
		uint32_t __v;                                                                      \
		__asm__ volatile("mrs %0, " name : "=r"(__v)::"memory");                           \
		(uint64_t)__v;                                                                     \
	})
#define __write_CP32(name, v) __asm__ volatile("mcr " name ::"r"((uint32_t)(v)) : "memory")
#define __write_CP64(name, v) __asm__ volatile("mcrr " name ::"r"((uint64_t)(v)) : "memory")
#define __write_BANK(name, v) __asm__ volatile("msr " name ", %0" ::"r"((uint32_t)(v)) : "memory")
#define __read_named(kind, name)     __read_##kind(name)
#define __write_named(kind, name, v) __write_##kind(name, v)
#define __read_expanded(...)	     __read_named(__VA_ARGS__)
#define __write_expanded(...)	     __write_named(__VA_ARGS__)
/* The value as 64 bits, whatever the register has. */
#define read_sysreg(r)		     __read_expanded(SYSREG_##r)
#define write_sysreg(r, v)	     __write_expanded(SYSREG_##r, v)

static inline void cpu_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

static inline void isb(void)
{
	__asm__ volatile("isb" ::: "memory");
}

#define dsb(kind) __asm__ volatile("dsb " #kind ::: "memory")
#define dmb(kind) __asm__ volatile("dmb " #kind ::: "memory")

#define CPSR_I	BIT(7)

/* Turns interrupts off; returns the old mask for irq_restore. */
static inline unsigned long irq_save(void)
{
	unsigned long flags;

	__asm__ volatile("mrs %0, cpsr\n\tcpsid i" : "=r"(flags)::"memory");
	return flags;
}

static inline void irq_enable(void)
{
	__asm__ volatile("cpsie i" ::: "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cpsid i" ::: "memory");
}

static inline void irq_restore(unsigned long flags)
{
	if (!(flags & CPSR_I)) {
		irq_enable();
	}
}

static inline bool irqs_enabled(void)
{
	unsigned long flags;

	__asm__ volatile("mrs %0, cpsr" : "=r"(flags));
	return !(flags & CPSR_I);
}

/* The cache line at a, to the point of coherency; or there and out of the caches. */
static inline void cache_line_clean(uintptr_t a)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c10, 1" ::"r"(a) : "memory");
}

static inline void cache_line_clean_invalidate(uintptr_t a)
{
	__asm__ volatile("mcr p15, 0, %0, c7, c14, 1" ::"r"(a) : "memory");
}

/* Registers of devices, mapped by ioremap: of the width that is said, never merged. */
#define DEFINE_MMIO(bits, suffix)                                                                  \
	static inline uint##bits##_t mmio_read##bits(const volatile void *p)                       \
	{                                                                                          \
		uint##bits##_t v;                                                                  \
                                                                                                   \
		__asm__ volatile("ldr" suffix " %0, %1"                                            \
				 : "=r"(v)                                                         \
				 : "Q"(*(const volatile uint##bits##_t *)p)                        \
				 : "memory");                                                      \
		return v;                                                                          \
	}                                                                                          \
	static inline void mmio_write##bits(volatile void *p, uint##bits##_t v)                    \
	{                                                                                          \
		__asm__ volatile("str" suffix " %1, %0"                                            \
				 : "=Q"(*(volatile uint##bits##_t *)p)                             \
				 : "r"(v)                                                          \
				 : "memory");                                                      \
	}
DEFINE_MMIO(8, "b")
DEFINE_MMIO(16, "h")
DEFINE_MMIO(32, "")
#undef DEFINE_MMIO
