/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The generic timer as a guest has it (arch/arm-common/vtimer.c). The virtual timer is the CPU's
 * own, its interrupt goes through the vGIC with the machine's behind it; the physical timer traps
 * and is one of the hypervisor's timers.
 */
#include <hv/timer.h>
#include <hv/types.h>

struct domain;
struct vcpu;

struct vtimer_domain {
	uint64_t offset;		/* CNTVOFF_EL2 */
	uint64_t boot_counter;		/* machine's counter when the domain was made */
};

struct vtimer_vcpu {
	uint64_t virt_cval, virt_ctl;	/* while it has no CPU */
	struct timer virt_wake;		/* ends a WFI when virt_cval is reached */
	uint64_t phys_cval;
	uint32_t phys_ctl;		/* ENABLE and IMASK */
	struct timer phys;
};

/* Boot CPU: takes the machine's virtual timer interrupt; the others: on themselves. After gic_init(_cpu). */
void vtimer_init(void);
void vtimer_init_cpu(void);
void vtimer_domain_init(struct domain *d);
void vtimer_vcpu_init(struct vcpu *v);
void vtimer_vcpu_destroy(struct vcpu *v);
/* A reset: both timers off. v is not running. */
void vtimer_reset(struct vcpu *v);
/* Interrupts off, on the CPU that has (gets) the vCPU's state. save arms what ends a WFI. */
void vtimer_save(struct vcpu *v);
void vtimer_restore(struct vcpu *v);
