/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Round trips between two vCPUs that share one CPU: one wakes the other and sleeps until it is
 * answered, so that each trip is two signals, two waits and two changes of vCPU. GICv3 alone;
 * interrupts stay masked, WFI ends all the same.
 */
#include "bench.h"

#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/vcpu.h>

#define GICD_CTLR  0x08000000ul /* of QEMU's virt */
#define GICR	   0x080a0000ul
#define GICR_PITCH 0x20000ul
#define GICR_WAKER 0x14ul
#define GICR_GROUP 0x10080ul
#define GICR_SET   0x10100ul

#define SGI_PING   1u
#define EVENT_PPIS 0xb8ff0000u /* the event's is one of these: no timer, no maintenance */
#define SPURIOUS   1020u
#define PAGE	   4096ul
#define SHARED_GFN 0x60000ul /* 1.5 GiB: no RAM of this machine */

static struct vcpu_info *info[2];
static struct shared_info *shared;
static volatile evtchn_port_t ports[2]; /* by who hears of them */
static volatile uint32_t up;
static uint8_t second_info[PAGE] __attribute__((aligned(4096)));

void bench_secondary(void) __attribute__((noreturn));

static volatile uint32_t *reg(uint64_t a)
{
	return (volatile uint32_t *)a;
}

static void gic_on(unsigned int cpu)
{
	uint64_t own = GICR + cpu * GICR_PITCH;

	*reg(GICD_CTLR) = 1 << 4 | 1 << 1;
	*reg(own + GICR_WAKER) = 0;
	*reg(own + GICR_GROUP) = ~0u;
	*reg(own + GICR_SET) = 1u << SGI_PING | EVENT_PPIS;
	__asm__ volatile("msr S3_0_C12_C12_5, %0; isb" ::"r"(7ul));
	__asm__ volatile("msr S3_0_C4_C6_0, %0" ::"r"(0xfful));
	__asm__ volatile("msr S3_0_C12_C12_7, %0; isb" ::"r"(1ul));
}

/* Takes an interrupt and ends it; false when none is pending. */
static bool take_one(uint64_t *id)
{
	__asm__ volatile("mrs %0, S3_0_C12_C12_0; dsb sy" : "=r"(*id)::"memory");
	if (*id >= SPURIOUS) {
		return false;
	}
	__asm__ volatile("msr S3_0_C12_C12_1, %0; isb" ::"r"(*id) : "memory");
	return true;
}

static uint64_t take(void)
{
	uint64_t id;

	while (!take_one(&id)) {
		__asm__ volatile("wfi" ::: "memory");
	}
	return id;
}

static void signal_ipi(unsigned int to)
{
	__asm__ volatile("msr S3_0_C12_C11_5, %0; isb" ::"r"((uint64_t)SGI_PING << 24 | 1ul << to)
			 : "memory");
}

static void signal_event(unsigned int to)
{
	struct evtchn_send send = {.port = ports[to]};

	hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (unsigned long)&send, 0);
}

static void clear_event(unsigned int own)
{
	volatile unsigned long *pending = (volatile unsigned long *)shared->evtchn_pending;

	info[own]->evtchn_upcall_pending = 0;
	info[own]->evtchn_pending_sel = 0;
	pending[0] &= ~(1ul << ports[own]);
	__asm__ volatile("dmb sy" ::: "memory");
}

/* A registered area starts with an event pending, which nobody sent. */
static void drain(unsigned int own)
{
	uint64_t id;

	while (take_one(&id)) {
	}
	clear_event(own);
}

static void ipi_round_trip(void)
{
	signal_ipi(1);
	(void)take();
}

static void event_round_trip(void)
{
	signal_event(1);
	(void)take();
	clear_event(0);
}

/* Answers in kind. */
void bench_secondary(void)
{
	gic_on(1);
	drain(1);
	up = 1;
	__asm__ volatile("dsb sy" ::: "memory");
	for (;;) {
		if (take() == SGI_PING) {
			signal_ipi(0);
		} else {
			clear_event(1);
			signal_event(0);
		}
	}
}

static int events_on(void)
{
	struct xen_add_to_physmap add = {
	    .domid = DOMID_SELF, .space = XENMAPSPACE_shared_info, .gpfn = SHARED_GFN};
	struct vcpu_register_vcpu_info place = {.mfn = (uint64_t)second_info / PAGE};

	if (hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, (unsigned long)&add, 0) ||
	    hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 1, (unsigned long)&place)) {
		return -1;
	}
	shared = (struct shared_info *)(SHARED_GFN * PAGE);
	info[0] = &shared->vcpu_info[0];
	info[1] = (struct vcpu_info *)second_info;
	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		struct evtchn_bind_ipi bind = {.vcpu = cpu};

		if (hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi,
			      (unsigned long)&bind, 0)) {
			return -1;
		}
		ports[cpu] = bind.port;
		clear_event(cpu);
	}
	return 0;
}

void bench_smp(void)
{
	uint64_t pfr0;

	__asm__ volatile("mrs %0, id_aa64pfr0_el1" : "=r"(pfr0));
	if (!(pfr0 >> 24 & 15) || events_on() || start_secondary()) {
		return;
	}
	gic_on(0);
	drain(0);
	while (!up) {
		hypercall(__HYPERVISOR_sched_op, 0, 0, 0); /* yield */
	}
	bench_measure("ipi_round_trip", ipi_round_trip);
	bench_measure("event_round_trip", event_round_trip);
}
