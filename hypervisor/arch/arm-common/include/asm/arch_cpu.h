/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

/* ARM part of struct cpu. */
struct arch_cpu {
	uint64_t mpidr;			/* affinity fields alone: Aff3 in bits 39:32, the rest below */
	void *stack_top;
	struct vcpu *state_owner;	/* whose EL1 and FP registers this CPU holds */
	struct vcpu *timer_owner;	/* whose virtual timer and list registers it holds: not always current */
	unsigned long irq_count;
	bool interrupted;		/* an interrupt came since the main loop was passed */
};
