/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Types of common/event*.c that are part of struct vcpu and struct domain. Nobody else looks inside. */
#include <hv/spinlock.h>
#include <hv/types.h>
#include <xen/event_channel.h>
#include <xen/xen.h>

#define EVENT_FIFO_QUEUES	(EVTCHN_FIFO_PRIORITY_MIN + 1)
#define EVENT_VIRQ_COUNT	NR_VIRQS
#define EVENT_PIRQ_COUNT	1024

struct page_info;
struct event_channel;

struct fifo_queue {
	struct spinlock lock;		/* interrupts off */
	uint32_t tail;			/* last port that was linked; 0: none */
};

struct vcpu_fifo {
	struct evtchn_fifo_control_block *control;	/* NULL until the guest gave it */
	struct page_info *control_page;
	uint64_t control_gfn;		/* where the guest had it */
	struct fifo_queue queue[EVENT_FIFO_QUEUES];
};

struct vcpu_events {
	uint32_t virq_port[EVENT_VIRQ_COUNT];	/* (virq_lock) 0: not bound */
	struct spinlock virq_lock;		/* interrupts off */
	struct vcpu_fifo *fifo;			/* NULL: 2-level */
};

/* How many event channels a bucket page holds is event.c's business. */
struct domain_events {
	struct spinlock lock;			/* binding and closing; see event.h for the order */
	struct event_channel **buckets;		/* entries are set once and live as long as the domain */
	uint32_t max_port;			/* administrator's limit (XEN_DOMCTL_CDF max_evtchn_port) */
	uint32_t valid_ports;			/* (lock to change) in buckets so far */
	uint32_t first_free;			/* (lock) no port below is free */
	uint32_t active_count;			/* (lock) */
	uint32_t consumer_count;		/* (lock) of these, consumed by the hypervisor */
	uint32_t reset_port;			/* (lock) where a reset that is under way goes on; 0: none */
	uint32_t relinquish_port;		/* the same for event_relinquish */
	const struct event_ops *ops;		/* 2-level or FIFO */
	struct domain_fifo *fifo;
	uint32_t *pirq_ports;			/* [EVENT_PIRQ_COUNT], 0: not bound; NULL: none ever was */
};
