/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/addr.h>
#include <hv/cpu.h>
#include <hv/event_types.h>
#include <hv/timer.h>
#include <asm/vcpu.h>
#include <xen/vcpu.h>

struct compat_view;
struct domain;

/* Why a vCPU does not run; atomic bits of vcpu->state. None set: runnable. */
enum vcpu_state {
	VCPU_DOWN,			/* offline (VCPUOP_down, not yet brought up) */
	VCPU_BLOCKED,			/* waits for an event or interrupt */
	VCPU_PAUSED,			/* pause_count > 0 */
	VCPU_POLLING,			/* in SCHEDOP_poll, together with VCPU_BLOCKED */
};

struct vcpu_sched {
	struct list_head entry;		/* on a CPU's queue */
	bool queued, running;
	bool yielding;
	int64_t vtime;			/* virtual ns */
	unsigned long hard_affinity, soft_affinity;
	int64_t ran_ns;
	int64_t budget_ns;		/* with a cap */
};

struct vcpu {
	struct domain *domain;		/* NULL: an idle vCPU */
	unsigned int id;
	unsigned int cpu;		/* where it runs or ran last */
	unsigned long state;		/* atomic, 1 << VCPU_* */
	int pause_count;		/* atomic */
	struct vcpu_sched sched;

	/* vcpu_info: the hypervisor's mapping; never NULL for a guest vCPU (a private dummy page for ids
	 * of 32 and up that have not registered one) */
	struct vcpu_info *info;
	struct page_info *info_page;	/* reference held when the guest registered its own */
	uint64_t info_gfn;		/* where it was then */

	struct vcpu_info *dummy_info;	/* the private one, or NULL */
	bool initialised;		/* has had a register state: VCPUOP_up may start it */
	bool paused_for_shutdown;	/* (domain's shutdown_lock) */

	uint32_t runstate_seq;		/* odd while runstate changes */
	struct vcpu_runstate_info runstate;
	gva_t runstate_gva;		/* 0: none registered */
	gva_t time_gva;			/* secondary time area; 0: none */

	struct timer singleshot, periodic, poll;
	nstime_t periodic_ns;		/* 0: off */
	int poll_port;			/* SCHEDOP_poll: > 0 a port, 0 none, -1 several */

	struct vcpu_events events;	/* owned by common/event*.c */

	/* The hypercall in progress: a preempted one leaves its new arguments here. */
	uint64_t hypercall_args[6];
	const struct compat_view *compat;	/* the caller is 32-bit code; else NULL */

	struct arch_vcpu arch;
};

static inline bool vcpu_is_idle(const struct vcpu *v)
{
	return !v->domain;
}

/* Allocates vCPU id of d (id < d->max_vcpus, not there yet). NULL when there is no memory. */
struct vcpu *vcpu_create(struct domain *d, unsigned int id);
void vcpu_destroy(struct vcpu *v);	/* the domain is dying and v is off its CPU */
/* Maps the vcpu_info at gfn/offset for good (VCPUOP_register_vcpu_info rules). v is current or down. */
int vcpu_map_info(struct vcpu *v, uint64_t untrusted_gfn, uint32_t untrusted_offset);
/* Accounts the time up to now to the old runstate and enters RUNSTATE_*. Any context, queue lock held. */
void vcpu_runstate_change(struct vcpu *v, int state, nstime_t now);
/* A consistent copy of v's runstate with the time up to now accounted. */
void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *out);
/* To the guest, in the layout of either ABI. 0 or -EFAULT. */
int vcpu_runstate_give(gva_t to, const struct vcpu_runstate_info *info, bool narrow) __must_check;
/* Marks the frame of v's vcpu_info, which the hypervisor writes at any time, as written. */
void vcpu_mark_pinned(struct vcpu *v);
/* domain_kill: lets go of the guest's pages that v's areas stand in. */
void vcpu_unmap_info(struct vcpu *v);
/* Writes the runstate to the guest's area, if there is one. v is current, no lock held. */
void vcpu_publish_runstate(struct vcpu *v);
/* Re-publishes time (and runstate) areas of current; called when it starts to run on a CPU. */
void vcpu_publish_areas(struct vcpu *v);

/* arch ------------------------------------------------------------------------------------------- */
int arch_vcpu_create(struct vcpu *v);
void arch_vcpu_destroy(struct vcpu *v);
/* Main loop, with interrupts off: state of prev leaves this CPU, that of next comes (either may be idle). */
void arch_context_switch(struct vcpu *prev, struct vcpu *next);
/* Runs guest code until there is something to do for the main loop. Not for idle. */
void arch_vcpu_run(struct vcpu *v);
/* True when an interrupt or exception is ready for v (it must not stay blocked). */
bool arch_vcpu_has_pending(struct vcpu *v);
/* An event channel upcall became pending for v (its evtchn_upcall_pending was just set). Any context. */
void arch_vcpu_upcall(struct vcpu *v);
/* Fills and publishes v's vcpu_time_info (version protocol) in info and the secondary area. */
void arch_vcpu_publish_time(struct vcpu *v);
/* Registers of v (current or not running) to the console. */
void arch_vcpu_dump(struct vcpu *v);
/* One line of where v is; while it runs, where it was at its last exit. */
void arch_vcpu_show(const struct vcpu *v);
/* VCPUOP_send_nmi. Any context. */
int arch_vcpu_nmi(struct vcpu *v);
/* VCPUOP_initialise etc. for HVM: native bring-up only, so -EINVAL/-ENOSYS as the ABI says. */
long arch_vcpu_op(int cmd, struct vcpu *v, gva_t arg);
