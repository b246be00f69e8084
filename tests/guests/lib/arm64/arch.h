/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guest.h needs of the processor: arm64. */
#ifndef GUEST_ARCH_H
#define GUEST_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPUS_MAX 16

/* What differs in the ABI. */
static const bool on_x86 = false;
#define CAPABILITIES	      "xen-3.0-aarch64 "
#define HVM_PARAM_OF_THE_ARCH HVM_PARAM_CALLBACK_IRQ
/* Where RAM is free, from the image on: it lies low in it. */
#define POOL_OFFSET 0x500000
#define POOL_SIZE   0x4000000
#define PSCI_CPU_ON	      0xc4000003u
#define PSCI_AFFINITY_INFO    0xc4000004u

static inline uint64_t rdtsc(void)
{
	uint64_t v;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(v)::"memory");
	return v;
}

static inline uint64_t counter_hz(void)
{
	uint64_t hz;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	return hz;
}

/* Registers of the virtual timer, or of the physical one: CTL, and TVAL with CTL. */
#define TIMER_ENABLE 1ul

static inline void timer_control_set(bool virtual, uint64_t v)
{
	if (virtual) {
		__asm__ volatile("msr cntv_ctl_el0, %0; isb" ::"r"(v));
	} else {
		__asm__ volatile("msr cntp_ctl_el0, %0; isb" ::"r"(v));
	}
}

static inline uint64_t timer_control(bool virtual)
{
	uint64_t v;

	if (virtual) {
		__asm__ volatile("isb; mrs %0, cntv_ctl_el0" : "=r"(v)::"memory");
	} else {
		__asm__ volatile("isb; mrs %0, cntp_ctl_el0" : "=r"(v)::"memory");
	}
	return v;
}

static inline void timer_start(bool virtual, uint64_t ticks)
{
	if (virtual) {
		__asm__ volatile("msr cntv_tval_el0, %0" ::"r"(ticks));
	} else {
		__asm__ volatile("msr cntp_tval_el0, %0" ::"r"(ticks));
	}
	timer_control_set(virtual, TIMER_ENABLE);
}

static inline void tlb_flush(void)
{
	__asm__ volatile("dsb ish; tlbi vmalle1is; dsb ish; isb" ::: "memory");
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

static inline unsigned cpu_self(void)
{
	uint64_t v;

	__asm__ volatile("mrs %0, tpidr_el1" : "=r"(v));
	return (unsigned)v;
}

#define REG32 "%w"
#include "probe.h"

/* Enable these private interrupts of the calling vCPU; private_irq hears of them. */
void irqs_init(uint32_t enable);
/* The GIC's register of the calling vCPU's private interrupts at offset from GICD_IGROUPR's frame. */
volatile uint32_t *irqs_register(uint32_t offset);
extern void (*private_irq)(uint32_t intid);
/* The vCPU went off by itself: the next cpu_run starts it. */
void cpu_forget(unsigned cpu);

/* A call of PSCI or SMCCC by HVC. */
static inline long psci(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	register uint64_t x0 __asm__("x0") = fn;
	register uint64_t x1 __asm__("x1") = a1;
	register uint64_t x2 __asm__("x2") = a2;
	register uint64_t x3 __asm__("x3") = a3;

	__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"memory");
	return (long)x0;
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
