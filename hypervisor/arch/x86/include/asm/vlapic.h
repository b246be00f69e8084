/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Virtual local APIC (arch/x86/dev/vlapic.c): xAPIC and x2APIC, timer in all modes. Intel SDM vol. 3 ch. 10.
 * IRR bits are set atomically from any context; all else belongs to the vCPU itself.
 */
#include <hv/timer.h>
#include <hv/types.h>

struct vcpu;
struct domain;
struct hvm_hw_lapic_state;

struct vlapic {
	uint64_t base_msr;
	uint32_t id;			/* x2APIC id; xAPIC id = low 8 bits */
	bool enabled;			/* hardware enable and software enable */
	uint32_t tpr, ldr, dfr, svr, esr, esr_pending, icr_lo, icr_hi;
	uint32_t lvt[7];		/* CMCI, timer, thermal, perf, LINT0, LINT1, error */
	uint32_t timer_initial, timer_divide;
	uint64_t tsc_deadline;
	nstime_t timer_start;		/* when the count was loaded */
	struct timer timer;
	uint32_t irr[8], isr[8], tmr[8];	/* 256 bits each; irr and tmr atomic */
	bool irr_pending;		/* hint: some IRR bit may be set */
	int isr_highest;		/* -1: none */
	uint8_t ppr;
	uint32_t sipi_vector;
	bool wait_for_sipi;
};

int vlapic_init(struct vcpu *v);
void vlapic_reset(struct vcpu *v);
void vlapic_destroy(struct vcpu *v);

/* Any context. Sets IRR (level: TMR too) and kicks the vCPU. */
void vlapic_set_irq(struct vcpu *v, uint8_t vector, bool level);
/* Highest vector that may be delivered now (> PPR), or -1. */
int vlapic_highest_pending(struct vcpu *v);
/* It is being delivered: IRR -> ISR. */
void vlapic_accept(struct vcpu *v, uint8_t vector);
uint8_t vlapic_get_tpr(struct vcpu *v);		/* CR8 */
void vlapic_set_tpr(struct vcpu *v, uint8_t tpr);

bool vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *val);	/* x2APIC range, APIC_BASE, deadline */
bool vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t val);

/* An interrupt message (IO-APIC entry, MSI) with destination and delivery mode as in the SDM, to whom it
 * concerns. Any context. */
void vlapic_message(struct domain *d, uint32_t dest, bool logical, unsigned int delivery_mode,
		    uint8_t vector, bool level);
/* MSI address/data in guest format, incl. the extended destination in address bits 11:5. */
void vlapic_msi(struct domain *d, uint64_t addr, uint32_t data);

/* HVM context records LAPIC and LAPIC_REGS. */
struct hvm_hw_lapic;
struct hvm_hw_lapic_regs;
void vlapic_save(struct vcpu *v, struct hvm_hw_lapic *s, struct hvm_hw_lapic_regs *r);
int vlapic_load(struct vcpu *v, const struct hvm_hw_lapic *s, const struct hvm_hw_lapic_regs *r);
