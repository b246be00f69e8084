/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The scheduler: weighted fair by virtual time with credit2's parameters (weight, cap, affinity). Every
 * runnable vCPU waits in the queue of one CPU; a CPU that has nothing to do takes from the busiest.
 * vCPU states change by the calls below only.
 */
#include <hv/types.h>

struct vcpu;
struct domain;
struct xen_domctl_scheduler_op;
struct xen_sysctl_scheduler_op;

void sched_cpu_init(unsigned int cpu);
int sched_vcpu_init(struct vcpu *v);		/* state: down (VCPU_DOWN) until vcpu_up */
void sched_vcpu_destroy(struct vcpu *v);
void sched_domain_init(struct domain *d);

/* Main loop, interrupts on: charges the running vCPU, picks and switches. */
void sched_run(void);

/* Current vCPU goes to sleep unless an event is already pending for it. Returns at once; the main loop
 * switches. */
void vcpu_block(void);
/* Current vCPU lets others of its CPU go first. */
void vcpu_yield(void);
/* Makes v runnable if it was blocked (not paused, not down). Any context. */
void vcpu_wake(struct vcpu *v);
/* Something changed that v must see before it runs guest code: wakes it, or makes its CPU exit. Any context. */
void vcpu_kick(struct vcpu *v);
/*
 * The same, but when v runs on another CPU that one's number is returned, for the caller to tell it in its own way. -1:
 * nobody is to be told. Any context.
 */
int vcpu_wake_or_cpu(struct vcpu *v);

/*
 * Sets or clears one reason (VCPU_*) why v does not run, and queues, stops or tickles as that demands. They
 * return at once: v may still be on its CPU (vcpu_sync waits). Any context.
 */
void vcpu_state_set(struct vcpu *v, unsigned int reason);
void vcpu_state_clear(struct vcpu *v, unsigned int reason);

/* Nested pauses. The sync forms return when v is off its CPU; never on current. */
void vcpu_pause(struct vcpu *v);
void vcpu_pause_nosync(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);
void domain_pause(struct domain *d);		/* all vCPUs, sync, skipping current */
void domain_pause_nosync(struct domain *d);
void domain_unpause(struct domain *d);
/* Waits until v is not running and its state is in memory; the caller has made sure it stays so. */
void vcpu_sync(struct vcpu *v);

/* Affinities as bitmaps of CPUs; both non-empty within online CPUs or -EINVAL. */
int sched_set_affinity(struct vcpu *v, unsigned long hard, unsigned long soft);
int sched_domctl(struct domain *d, struct xen_domctl_scheduler_op *op);
int sched_sysctl(struct xen_sysctl_scheduler_op *op);
/* Sum of ns that the vCPU ran, up to now. */
uint64_t vcpu_runtime(const struct vcpu *v);
