/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A host thread plays a CPU: its interrupt flag is a variable, so that rules about it can be checked. */
#include <hv/types.h>

extern _Thread_local bool fake_irqs_off;

int sched_yield(void);

/* Threads outnumber the host's CPUs, and a ticket lock's next holder must get to run. */
static inline void cpu_relax(void)
{
	sched_yield();
}

static inline unsigned long irq_save(void)
{
	bool off = fake_irqs_off;

	fake_irqs_off = true;
	return !off;
}

static inline void irq_enable(void)
{
	fake_irqs_off = false;
}

static inline void irq_disable(void)
{
	fake_irqs_off = true;
}

static inline void irq_restore(unsigned long flags)
{
	if (flags) {
		irq_enable();
	}
}

static inline bool irqs_enabled(void)
{
	return !fake_irqs_off;
}
