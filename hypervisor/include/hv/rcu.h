/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

/*
 * Deferred freeing. A reader needs no call at all: everything between two passes of the CPU's main loop
 * is a read section, for the hypervisor does not preempt itself. rcu_defer runs fn on the caller's CPU after
 * each online CPU has passed its main loop (or has been idle) once.
 */
struct rcu_head {
	struct rcu_head *next;
	void (*fn)(struct rcu_head *head);
};

struct rcu_cpu {
	uint64_t seen;			/* the grace period that this CPU has passed */
	bool idle;			/* asleep: holds no reference */
	struct rcu_head *next_list, *wait_list;
	uint64_t wait_for;
};

/* Any context with interrupts on or off; head lies in the object to free. */
void rcu_defer(struct rcu_head *head, void (*fn)(struct rcu_head *head));
/* Main loop only. */
void rcu_quiescent(void);
void rcu_idle_enter(void);
void rcu_idle_exit(void);
/* True when this CPU has deferred work, so must not sleep without a wake-up. */
bool rcu_pending(void);
