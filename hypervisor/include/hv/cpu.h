/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * One struct cpu per physical CPU. this_cpu() is the caller's; it stays the same for the length of a
 * function, for the hypervisor does not preempt itself.
 */
#include <hv/list.h>
#include <hv/rcu.h>
#include <hv/sched_cpu.h>
#include <hv/timer.h>
#include <hv/bitops.h>
#include <asm/cpu.h>

#define MAX_CPUS	BITS_PER_LONG	/* a set of CPUs is one word */

struct vcpu;

/* Bits of cpu->pending: work that the CPU does before it enters a guest or sleeps. */
enum cpu_pending {
	CPU_PENDING_SCHED,		/* pick the vCPU to run anew */
	CPU_PENDING_TIMER,		/* timers have expired */
	CPU_PENDING_KEYS,		/* debug keys came on the serial line */
};

struct cpu {
	struct cpu *self;		/* offset 0: this_cpu() loads it */
	unsigned int id;		/* dense, 0 is the boot CPU */
	bool online;
	struct vcpu *running;		/* whose state is on this CPU (may be the idle vCPU) */
	struct vcpu *idle;
	unsigned long pending;		/* atomic, CPU_PENDING_* */
	struct timer_queue timers;
	struct sched_cpu sched;
	struct rcu_cpu rcu;
	struct arch_cpu arch;
} __cacheline;

extern struct cpu *cpus[MAX_CPUS];	/* NULL for a CPU that is not there */
extern unsigned long cpu_online_map;	/* bit per id */
extern unsigned int cpu_count;		/* ids below this exist */

#define current		(this_cpu()->running)
#define for_each_online_cpu(i)	for_each_set_bit(i, &cpu_online_map, MAX_CPUS)

/* Sets the bit and makes the CPU notice soon, also when it runs a guest (IPI) or sleeps. Any context. */
void cpu_raise(unsigned int cpu, enum cpu_pending what);
/* Runs fn(arg) on every online CPU of the mask in interrupt context and waits; not with interrupts off,
 * not with a lock held that an interrupt handler takes. The own CPU is called directly. */
void cpu_call(unsigned long mask, void (*fn)(void *arg), void *arg);

/* Arch: makes a CPU leave guest mode or HLT; the reason stands in its pending bits or its vCPU. */
void arch_cpu_kick(unsigned int cpu);
/* Arch: the IPI behind cpu_call. */
void arch_cpu_send_call(unsigned int cpu);
/* Arch: sleeps until an interrupt; called with interrupts off, returns with them on. */
void arch_cpu_sleep(void);

/* The interrupt behind cpu_call. */
void cpu_call_interrupt(void);
/* The main loop: what a CPU does for the rest of its life. */
void cpu_loop(void) __noreturn;
