/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guest.h needs of the processor: ARMv7. */
#ifndef GUEST_ARCH_H
#define GUEST_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPUS_MAX 16

/* What differs in the ABI. */
static const bool on_x86 = false;
#define CAPABILITIES	      "xen-3.0-armv7l "
#define HVM_PARAM_OF_THE_ARCH HVM_PARAM_CALLBACK_IRQ
/* Where RAM is free, from the image on: it lies at the end of it, or above room to unpack in. */
#define POOL_OFFSET (-0x2400000)
#define POOL_SIZE   0x2000000
#define PSCI_CPU_ON	      0x84000003u
#define PSCI_AFFINITY_INFO    0x84000004u

static inline uint64_t rdtsc(void)
{
	uint64_t v;

	__asm__ volatile("isb\n\tmrrc p15, 1, %Q0, %R0, c14" : "=r"(v)::"memory");
	return v;
}

static inline uint64_t counter_hz(void)
{
	uint32_t hz;

	__asm__ volatile("mrc p15, 0, %0, c14, c0, 0" : "=r"(hz));
	return hz;
}

/* Registers of the virtual timer, or of the physical one: CTL, and CVAL with CTL. */
#define TIMER_ENABLE 1ul

static inline void timer_control_set(bool virtual, uint32_t v)
{
	if (virtual) {
		__asm__ volatile("mcr p15, 0, %0, c14, c3, 1\n\tisb" ::"r"(v));
	} else {
		__asm__ volatile("mcr p15, 0, %0, c14, c2, 1\n\tisb" ::"r"(v));
	}
}

static inline uint32_t timer_control(bool virtual)
{
	uint32_t v;

	if (virtual) {
		__asm__ volatile("isb\n\tmrc p15, 0, %0, c14, c3, 1" : "=r"(v)::"memory");
	} else {
		__asm__ volatile("isb\n\tmrc p15, 0, %0, c14, c2, 1" : "=r"(v)::"memory");
	}
	return v;
}

/* The physical timer by its comparator, in 64 bits; the virtual one by its distance. */
static inline void timer_start(bool virtual, uint64_t ticks)
{
	uint64_t at;

	if (virtual) {
		__asm__ volatile("mcr p15, 0, %0, c14, c3, 0" ::"r"((uint32_t)ticks));
	} else {
		__asm__ volatile("isb\n\tmrrc p15, 0, %Q0, %R0, c14" : "=r"(at)::"memory");
		__asm__ volatile("mcrr p15, 2, %Q0, %R0, c14" ::"r"(at + ticks));
	}
	timer_control_set(virtual, TIMER_ENABLE);
}

static inline void tlb_flush(void)
{
	__asm__ volatile("dsb ish\n\tmcr p15, 0, %0, c8, c3, 0\n\tdsb ish\n\tisb" ::"r"(0) : "memory");
}

static inline void sti(void)
{
	__asm__ volatile("cpsie i" ::: "memory");
}

static inline void cli(void)
{
	__asm__ volatile("cpsid i" ::: "memory");
}

static inline void take_interrupts(void)
{
	__asm__ volatile("cpsie i\n\tisb\n\tcpsid i\n\tisb" ::: "memory");
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
	uint32_t v;

	__asm__ volatile("mrc p15, 0, %0, c13, c0, 4" : "=r"(v));
	return v;
}

#define REG32 "%"
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
	register uint32_t r0 __asm__("r0") = fn;
	register uint32_t r1 __asm__("r1") = (uint32_t)a1;
	register uint32_t r2 __asm__("r2") = (uint32_t)a2;
	register uint32_t r3 __asm__("r3") = (uint32_t)a3;

	__asm__ volatile("hvc #0" : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)::"memory");
	return (long)r0;
}

/* The raw call: the number in r12. */
static inline long hypercall(unsigned long nr, unsigned long a1, unsigned long a2, unsigned long a3,
			     unsigned long a4, unsigned long a5)
{
	register unsigned long r0 __asm__("r0") = a1;
	register unsigned long r1 __asm__("r1") = a2;
	register unsigned long r2 __asm__("r2") = a3;
	register unsigned long r3 __asm__("r3") = a4;
	register unsigned long r4 __asm__("r4") = a5;
	register unsigned long r12 __asm__("r12") = nr;

	__asm__ volatile("hvc #0xea1"
			 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4), "+r"(r12)::"memory");
	return (long)r0;
}
#endif
