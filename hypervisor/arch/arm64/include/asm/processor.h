/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Instructions and registers of the CPU at EL2. Arm ARM: DDI 0487. */
#include <hv/types.h>

#define __sysreg_name(r) #r
/* A system register by its name, or by S<op0>_<op1>_C<n>_C<m>_<op2> where the assembler does not know it. */
#define read_sysreg(r)                                                                             \
	({                                                                                         \
		uint64_t __v;                                                                      \
		__asm__ volatile("mrs %0, " __sysreg_name(r) : "=r"(__v)::"memory");               \
		__v;                                                                               \
	})
#define write_sysreg(r, v)                                                                         \
	__asm__ volatile("msr " __sysreg_name(r) ", %x0" ::"rZ"((uint64_t)(v)) : "memory")

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

#define DAIF_I	BIT(7)

/* Turns interrupts off; returns the old mask for irq_restore. */
static inline unsigned long irq_save(void)
{
	unsigned long flags;

	__asm__ volatile("mrs %0, daif; msr daifset, #2" : "=r"(flags)::"memory");
	return flags;
}

static inline void irq_enable(void)
{
	__asm__ volatile("msr daifclr, #2" ::: "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
}

static inline void irq_restore(unsigned long flags)
{
	if (!(flags & DAIF_I)) {
		irq_enable();
	}
}

static inline bool irqs_enabled(void)
{
	unsigned long flags;

	__asm__ volatile("mrs %0, daif" : "=r"(flags));
	return !(flags & DAIF_I);
}

/* The cache line at a, to the point of coherency; or there and out of the caches. */
static inline void cache_line_clean(uintptr_t a)
{
	__asm__ volatile("dc cvac, %0" ::"r"(a) : "memory");
}

static inline void cache_line_clean_invalidate(uintptr_t a)
{
	__asm__ volatile("dc civac, %0" ::"r"(a) : "memory");
}

/* Registers of devices, mapped by ioremap: of the width that is said, never merged. */
#define DEFINE_MMIO(bits, reg, suffix)                                                             \
	static inline uint##bits##_t mmio_read##bits(const volatile void *p)                       \
	{                                                                                          \
		uint##bits##_t v;                                                                  \
                                                                                                   \
		__asm__ volatile("ldr" suffix " %" reg "0, %1"                                     \
				 : "=r"(v)                                                         \
				 : "Q"(*(const volatile uint##bits##_t *)p)                        \
				 : "memory");                                                      \
		return v;                                                                          \
	}                                                                                          \
	static inline void mmio_write##bits(volatile void *p, uint##bits##_t v)                    \
	{                                                                                          \
		__asm__ volatile("str" suffix " %" reg "1, %0"                                     \
				 : "=Q"(*(volatile uint##bits##_t *)p)                             \
				 : "r"(v)                                                          \
				 : "memory");                                                      \
	}
DEFINE_MMIO(8, "w", "b")
DEFINE_MMIO(16, "w", "h")
DEFINE_MMIO(32, "w", "")
DEFINE_MMIO(64, "x", "")
#undef DEFINE_MMIO
