/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Virtual local APIC (arch/x86/dev/vlapic*.c): xAPIC and x2APIC, timer in all modes. Intel SDM vol.
 * 3 ch. 10. IRR and TMR bits are set atomically from any context, the timer's fields change under
 * timer_lock; all else belongs to the vCPU itself (others only read what message delivery needs).
 *
 * Lock order: ipi_lock (interrupts off) -> scheduler's locks; timer_lock (main loop only) -> timer
 * queue lock.
 */
#include <hv/spinlock.h>
#include <hv/timer.h>
#include <hv/types.h>
#include <asm/vlapic_inbox.h>
#include <asm/vlapic_page.h>

struct vcpu;
struct domain;
struct hvm_hw_lapic_state;

/*
 * The registers stand in one page (asm/vlapic_page.h). A CPU that virtualises the APIC reads and writes it while the
 * guest runs, and so, through it, does the guest: of the page only ISR, TMR and IRR may be trusted. Where the CPU
 * delivers, too, others must not touch IRR, for it changes that without a lock: they use the inbox.
 */
struct vlapic {
	uint64_t base_msr;
	uint32_t id;  /* x2APIC id; xAPIC id = low 8 bits */
	bool enabled; /* hardware enable and software enable */
	bool irr_pending;  /* hint: some bit of IRR or of the inbox may be set */
	bool cpu_delivers; /* the CPU takes interrupts out of IRR itself; fixed before v first runs */
	bool tmr_changed;  /* some TMR bit, since the vendor last looked */
	int isr_highest;   /* of ISR; -1: none */
	uint32_t *regs;	   /* the page */
	struct vlapic_inbox inbox; /* used if cpu_delivers */
	uint32_t esr_pending;
	struct spinlock timer_lock; /* the following, against the timer's function */
	uint32_t timer_initial, timer_divide, timer_lvt; /* what the page shows, but the guest cannot reach */
	uint32_t timer_count; /* ticks to go at timer_start; 0: stopped */
	uint64_t tsc_deadline;
	nstime_t timer_start; /* when timer_count was loaded */
	struct timer timer;
	struct spinlock ipi_lock;	 /* (interrupts off) senders of SIPI */
	bool init_pending; /* an INIT came; the vCPU resets itself before it runs again */
	uint32_t sipi;	   /* VLAPIC_SIPI_PENDING | vector: the same for start-up; 0: none */
};

#define VLAPIC_SIPI_PENDING BIT(8)
#define VLAPIC_BUS_CYCLE_NS 10 /* the timer counts at 100 MHz, as Xen's does */

/* In the order of their registers. There is no CMCI entry: the version register says six. */
enum vlapic_lvt {
	VLAPIC_LVT_TIMER,
	VLAPIC_LVT_THERMAL,
	VLAPIC_LVT_PERF,
	VLAPIC_LVT_LINT0,
	VLAPIC_LVT_LINT1,
	VLAPIC_LVT_ERROR,
	VLAPIC_LVT_COUNT,
};
#define VLAPIC_LVT_MASKED BIT(16)

static inline bool vlapic_is_x2apic(const struct vlapic *l)
{
	return l->base_msr & (1UL << 10);
}

static inline uint32_t *vlapic_reg(const struct vlapic *l, unsigned int reg)
{
	return vlapic_page_reg(l->regs, reg);
}

/* The page and all in it, before the vendor's part of v. */
int vlapic_init(struct vcpu *v);
/* (vendor, before v first runs) The CPU delivers from the page, and, if it takes them, what is posted in the inbox. */
void vlapic_cpu_delivers(struct vcpu *v, bool cpu_takes);
void vlapic_destroy(struct vcpu *v);
/* The timer follows v to its new CPU. Scheduler locks may be held. */
void vlapic_migrate(struct vcpu *v, unsigned int cpu);

/* Any context. Into IRR or the inbox (level: TMR too); the vCPU is woken, notified or kicked. */
void vlapic_set_irq(struct vcpu *v, uint8_t vector, bool level);
/* Highest vector that may be delivered now (> PPR), or -1. */
int vlapic_highest_pending(struct vcpu *v);
/* It is being delivered: IRR -> ISR. */
void vlapic_accept(struct vcpu *v, uint8_t vector);
/*
 * (v is current, between exit and entry, or not running) The highest bit of IRR, what came into the inbox included, or
 * -1. A disabled APIC has none.
 */
int vlapic_highest_requested(struct vlapic *l);
/* The 8-bit task priority register; CR8 is its bits 7:4. */
static inline uint8_t vlapic_get_tpr(const struct vlapic *l)
{
	return (uint8_t)READ_ONCE(*vlapic_reg(l, VLAPIC_REG_TPR));
}
void vlapic_set_tpr(struct vcpu *v, uint8_t tpr);
/*
 * The highest vector that TPR alone holds back, or -1. When there is one, the vendor must make a
 * lower TPR cause an exit (an intercept of CR8 writes, or the TPR threshold).
 */
int vlapic_highest_blocked(struct vcpu *v);

/* True when the page at a is v's APIC (xAPIC mode, at the base of its APIC_BASE). */
bool vlapic_owns(const struct vcpu *v, uint64_t gpa_addr);
/* An access inside that page. v is current. */
void vlapic_mmio(struct vcpu *v, unsigned int offset, unsigned int size, bool write, uint64_t *val);
/* The CPU has put what the guest wrote at that offset into the page; what else the write does is to be done. */
void vlapic_page_written(struct vcpu *v, unsigned int offset);
/* Writing the interrupt command register: dest is the x2APIC or the 8-bit xAPIC destination. */
void vlapic_send_ipi(struct vcpu *v, uint32_t icr_lo, uint32_t dest);
/*
 * INIT and SIPI that others sent, done by v itself before entry (intr_assist). False: v waits for
 * SIPI now and must not enter the guest.
 */
bool vlapic_handle_init(struct vcpu *v);
static inline bool vlapic_init_or_sipi_pending(const struct vlapic *l)
{
	return READ_ONCE(l->init_pending) || READ_ONCE(l->sipi);
}

/* Between vlapic.c and vlapic_timer.c. v is current or not running. */
void vlapic_timer_init(struct vcpu *v);
void vlapic_timer_reset(struct vcpu *v);
void vlapic_timer_set_initial(struct vcpu *v, uint32_t count);
void vlapic_timer_set_divide(struct vcpu *v, uint32_t divide);
void vlapic_timer_set_lvt(struct vcpu *v, uint32_t lvt);
uint32_t vlapic_timer_current(struct vcpu *v);
uint64_t vlapic_timer_deadline(struct vcpu *v);
void vlapic_timer_set_deadline(struct vcpu *v, uint64_t tsc);
/* After a restore: loads count and mode from the fields. */
void vlapic_timer_restart(struct vcpu *v, uint32_t count, uint64_t deadline);

bool vlapic_msr_read(struct vcpu *v, uint32_t msr,
		     uint64_t *val); /* x2APIC range, APIC_BASE, deadline */
bool vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t val);

/* An interrupt message (IO-APIC entry, MSI) with destination and delivery mode as in the SDM, to
 * whom it concerns. Any context. */
void vlapic_message(struct domain *d, uint32_t dest, bool logical, unsigned int delivery_mode,
		    uint8_t vector, bool level);
/* MSI address/data in guest format, incl. the extended destination in address bits 11:5. */
void vlapic_msi(struct domain *d, uint64_t addr, uint32_t data);

/* HVM context records LAPIC and LAPIC_REGS; v is not running. Each may be NULL (they are loaded one
 * by one). */
struct hvm_hw_lapic;
struct hvm_hw_lapic_regs;
void vlapic_save(struct vcpu *v, struct hvm_hw_lapic *s, struct hvm_hw_lapic_regs *r);
int vlapic_load(struct vcpu *v, const struct hvm_hw_lapic *s, const struct hvm_hw_lapic_regs *r);
