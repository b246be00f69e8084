/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/list.h>
#include <hv/spinlock.h>
#include <hv/timer.h>

struct vcpu;

/* Per-CPU part of the scheduler (common/sched.c); nobody else looks inside. */
struct sched_cpu {
	struct spinlock lock;		/* interrupts off; two CPUs' locks in order of id */
	struct list_head queue;		/* runnable, by virtual time; the running one is not on it */
	unsigned int queued;
	int64_t min_vtime;
	int64_t slice_start;		/* ns */
	uint64_t idle_ns;		/* summed time of the idle vCPU */
	struct timer slice;
};
