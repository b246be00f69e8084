/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

struct cpu;

/* x86 part of struct cpu. */
struct arch_cpu {
	uint32_t apic_id;
	uint32_t acpi_id;
	void *stack_top;
	void *tss, *gdt;
	void *vendor;			/* svm/ or vmx/: host save area, ASID state */
	uint64_t hsave_pa;
	uint64_t xcr0;			/* what is loaded now */
	uint64_t tsc_aux;
	struct vcpu *fpu_owner;		/* whose FPU state the registers hold */
	unsigned long irq_count;
	uint16_t predictor_owner;	/* id of the domain that trained the branch predictors last */
	uint64_t deadline;		/* TSC at which a guest has to exit; DEADLINE_NONE (asm/time.h) */
};

/* GS base points at the struct cpu, whose first member is itself. */
static inline struct cpu *this_cpu(void)
{
	struct cpu *c;

	__asm__("movq %%gs:0, %0" : "=r"(c));
	return c;
}
