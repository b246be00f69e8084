/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guest.h needs of the processor: arm64. */
#ifndef GUEST_ARCH_H
#define GUEST_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPUS_MAX 16

static inline uint64_t rdtsc(void)
{
	uint64_t v;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(v)::"memory");
	return v;
}

static inline void sti(void)
{
	__asm__ volatile("msr daifclr, #2" ::: "memory");
}

static inline void cli(void)
{
	__asm__ volatile("msr daifset, #2" ::: "memory");
}

static inline void take_interrupts(void)
{
	__asm__ volatile("msr daifclr, #2; isb; msr daifset, #2; isb" ::: "memory");
}

static inline void pause(void)
{
	__asm__ volatile("yield" ::: "memory");
}

static inline void barrier(void)
{
	__asm__ volatile("dmb ish" ::: "memory");
}

static inline void set_bit(unsigned bit, volatile void *p)
{
	__atomic_fetch_or((volatile uint32_t *)p + bit / 32, 1u << bit % 32, __ATOMIC_SEQ_CST);
}

static inline void clear_bit(unsigned bit, volatile void *p)
{
	__atomic_fetch_and((volatile uint32_t *)p + bit / 32, ~(1u << bit % 32), __ATOMIC_SEQ_CST);
}

static inline bool test_bit(unsigned bit, const volatile void *p)
{
	return ((const volatile uint32_t *)p)[bit / 32] >> bit % 32 & 1;
}

static inline uint32_t atomic_add(volatile uint32_t *p, uint32_t v)
{
	return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);
}

/* The raw call: the number in x16. */
static inline long hypercall(unsigned long nr, unsigned long a1, unsigned long a2, unsigned long a3,
			     unsigned long a4, unsigned long a5)
{
	register unsigned long x0 __asm__("x0") = a1;
	register unsigned long x1 __asm__("x1") = a2;
	register unsigned long x2 __asm__("x2") = a3;
	register unsigned long x3 __asm__("x3") = a4;
	register unsigned long x4 __asm__("x4") = a5;
	register unsigned long x16 __asm__("x16") = nr;

	__asm__ volatile("hvc #0xea1"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x16)::"memory");
	return (long)x0;
}
#endif
