// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Virtual local APIC: registers of both modes, priorities, EOI. The timer is in vlapic_timer.c,
 * messages between APICs in vlapic_msg.c, the records of the HVM context in vlapic_save.c, the way to
 * IRR of a CPU that delivers in vlapic_inbox.c. Intel SDM vol. 3 ch. 10 (sections below), AMD APM vol. 2 ch. 16.
 *
 * Nothing is computed ahead: PPR follows from TPR and the highest bit in service when somebody
 * asks, and a delivery costs one or two locked bits and a kick. Locks: see asm/vlapic.h.
 */
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/sched.h>
#include <hv/errno.h>
#include <hv/page.h>
#include <asm/exit.h>
#include <asm/irq.h>
#include <asm/msr-index.h>
#include <asm/vioapic.h>
#include <asm/vmm.h>
#include "vlapic_regs.h"

/* Bits of the LVT entries that software may set (10.5.1). Delivery status and remote IRR read as 0.
 */
static const uint32_t lvt_writable[VLAPIC_LVT_COUNT] = {
    [VLAPIC_LVT_TIMER] = VLAPIC_LVT_MASKED | 0x600ff,
    [VLAPIC_LVT_THERMAL] = VLAPIC_LVT_MASKED | 0x7ff,
    [VLAPIC_LVT_PERF] = VLAPIC_LVT_MASKED | 0x7ff,
    [VLAPIC_LVT_LINT0] = VLAPIC_LVT_MASKED | 0xa7ff,
    [VLAPIC_LVT_LINT1] = VLAPIC_LVT_MASKED | 0xa7ff,
    [VLAPIC_LVT_ERROR] = VLAPIC_LVT_MASKED | 0xff,
};

uint32_t vlapic_lvt_writable(unsigned int n)
{
	return lvt_writable[n];
}

/* Interrupt priorities ------------------------------------------------------------------------ */

uint8_t vlapic_ppr(const struct vlapic *l)
{
	int in_service = READ_ONCE(l->isr_highest);
	uint8_t tpr = vlapic_get_tpr(l);

	if (in_service < 0 || (tpr & 0xf0) >= (in_service & 0xf0)) {
		return tpr;
	}
	return in_service & 0xf0;
}

int vlapic_highest_requested(struct vlapic *l)
{
	uint32_t *irr = vlapic_reg(l, VLAPIC_REG_IRR);
	int vector;

	if (likely(!READ_ONCE(l->irr_pending)) || !l->enabled) {
		return -1;
	}
	if (!l->cpu_delivers) {
		return vlapic_bits_highest(irr);
	}
	/* First the hint, then the bits: who sets a bit meanwhile sets the hint after this. */
	(void)__atomic_exchange_n(&l->irr_pending, false, __ATOMIC_SEQ_CST);
	vlapic_inbox_take(&l->inbox, irr);
	vector = vlapic_bits_highest(irr);
	if (vector >= 0) {
		WRITE_ONCE(l->irr_pending, true);
	}
	return vector;
}

int vlapic_highest_pending(struct vcpu *v)
{
	struct vlapic *l = &v->arch.vlapic;
	int vector = vlapic_highest_requested(l);

	return vector >= 0 && (vector & 0xf0) > (vlapic_ppr(l) & 0xf0) ? vector : -1;
}

int vlapic_highest_blocked(struct vcpu *v)
{
	struct vlapic *l = &v->arch.vlapic;
	int vector = vlapic_highest_requested(l);

	if (vector < 0 || (vector & 0xf0) > (vlapic_get_tpr(l) & 0xf0) ||
	    (l->isr_highest >= 0 && (vector & 0xf0) <= (l->isr_highest & 0xf0))) {
		return -1;
	}
	return vector;
}

static void send_by_inbox(struct vcpu *v, uint8_t vector, bool level)
{
	struct vlapic *l = &v->arch.vlapic;
	enum vlapic_notice notice = vlapic_inbox_put(&l->inbox, vector, level);
	int cpu;

	WRITE_ONCE(l->irr_pending, true);
	switch (notice) {
	case VLAPIC_NOTICE_NONE:
		break;
	case VLAPIC_NOTICE_POST:
		cpu = vcpu_wake_or_cpu(v);
		if (cpu >= 0) {
			apic_send_ipi((unsigned int)cpu, VECTOR_POSTED);
		}
		break;
	case VLAPIC_NOTICE_KICK:
		vcpu_kick(v);
		break;
	}
}

void vlapic_set_irq(struct vcpu *v, uint8_t vector, bool level)
{
	struct vlapic *l = &v->arch.vlapic;
	uint32_t *tmr = vlapic_bits_word(vlapic_reg(l, VLAPIC_REG_TMR), vector);
	uint32_t bit = vlapic_bits_mask(vector);

	if (unlikely(vector < 16)) {
		vlapic_error(v, VLAPIC_ESR_RECEIVE_ILLEGAL);
		return;
	}
	/* The flag before the bit below: who takes the bit sees it. */
	if (level) {
		if (!(__atomic_fetch_or(tmr, bit, __ATOMIC_SEQ_CST) & bit)) {
			WRITE_ONCE(l->tmr_changed, true);
		}
	} else if (unlikely(READ_ONCE(*tmr) & bit)) {
		__atomic_fetch_and(tmr, ~bit, __ATOMIC_SEQ_CST);
		WRITE_ONCE(l->tmr_changed, true);
	}
	if (l->cpu_delivers) {
		send_by_inbox(v, vector, level);
		return;
	}
	if (__atomic_fetch_or(vlapic_bits_word(vlapic_reg(l, VLAPIC_REG_IRR), vector), bit, __ATOMIC_SEQ_CST) & bit) {
		return; /* whoever set it has kicked v */
	}
	WRITE_ONCE(l->irr_pending, true);
	vcpu_kick(v);
}

void vlapic_accept(struct vcpu *v, uint8_t vector)
{
	struct vlapic *l = &v->arch.vlapic;
	uint32_t *irr = vlapic_reg(l, VLAPIC_REG_IRR);
	uint32_t bit = vlapic_bits_mask(vector);

	/* First the hint, then the bits: a bit that is set meanwhile sets the hint again after
	 * this. */
	WRITE_ONCE(l->irr_pending, false);
	__atomic_fetch_and(vlapic_bits_word(irr, vector), ~bit, __ATOMIC_SEQ_CST);
	if (vlapic_bits_highest(irr) >= 0) {
		WRITE_ONCE(l->irr_pending, true);
	}
	*vlapic_bits_word(vlapic_reg(l, VLAPIC_REG_ISR), vector) |= bit;
	l->isr_highest = vector; /* it was above PPR, so above all in service */
}

static void vlapic_eoi(struct vcpu *v)
{
	struct vlapic *l = &v->arch.vlapic;
	uint32_t *isr = vlapic_reg(l, VLAPIC_REG_ISR), *tmr = vlapic_reg(l, VLAPIC_REG_TMR);
	int vector = l->isr_highest;
	uint32_t bit;

	if (vector < 0) {
		return;
	}
	bit = vlapic_bits_mask((uint8_t)vector);
	*vlapic_bits_word(isr, (uint8_t)vector) &= ~bit;
	l->isr_highest = vlapic_bits_highest(isr);
	if (unlikely(READ_ONCE(*vlapic_bits_word(tmr, (uint8_t)vector)) & bit) && v->domain->arch.vioapic) {
		vioapic_eoi(v->domain, (uint8_t)vector);
	}
}

void vlapic_error(struct vcpu *v, uint32_t esr_bit)
{
	struct vlapic *l = &v->arch.vlapic;
	uint32_t lvt = READ_ONCE(*vlapic_lvt(l, VLAPIC_LVT_ERROR));
	uint8_t vector = (uint8_t)lvt;

	if (__atomic_fetch_or(&l->esr_pending, esr_bit, __ATOMIC_SEQ_CST) & esr_bit) {
		return;
	}
	if (lvt & VLAPIC_LVT_MASKED) {
		return;
	}
	if (vector < 16) {
		__atomic_fetch_or(&l->esr_pending, VLAPIC_ESR_RECEIVE_ILLEGAL, __ATOMIC_SEQ_CST);
	} else {
		vlapic_set_irq(v, vector, false);
	}
}

void vlapic_set_tpr(struct vcpu *v, uint8_t tpr)
{
	*vlapic_reg(&v->arch.vlapic, VLAPIC_REG_TPR) = tpr;
}

/* Registers ----------------------------------------------------------------------------------- */

static enum vlapic_lvt lvt_of_reg(unsigned int reg)
{
	return (enum vlapic_lvt)(reg - VLAPIC_REG_LVT_TIMER);
}

uint32_t vlapic_id_register(const struct vlapic *l)
{
	return vlapic_is_x2apic(l) ? l->id : l->id << 24;
}

/* reg is the register's offset / 16, which is also its x2APIC MSR number less 0x800. */
uint32_t vlapic_read_reg(struct vcpu *v, unsigned int reg)
{
	struct vlapic *l = &v->arch.vlapic;

	switch (reg) {
	case VLAPIC_REG_PPR:
		return vlapic_ppr(l);
	case VLAPIC_REG_TIMER_CURRENT:
		return vlapic_timer_current(v);
	case VLAPIC_REG_ID:
	case VLAPIC_REG_VERSION:
	case VLAPIC_REG_TPR:
	case VLAPIC_REG_LDR ... VLAPIC_REG_IRR + 7:
	case VLAPIC_REG_ESR:
	case VLAPIC_REG_ICR ... VLAPIC_REG_TIMER_INITIAL:
	case VLAPIC_REG_TIMER_DIVIDE:
		return READ_ONCE(*vlapic_reg(l, reg));
	default:
		return 0;
	}
}

void vlapic_update_enabled(struct vcpu *v)
{
	struct vlapic *l = &v->arch.vlapic;

	l->enabled = (l->base_msr & APIC_BASE_ENABLE) &&
		     (READ_ONCE(*vlapic_reg(l, VLAPIC_REG_SVR)) & VLAPIC_SVR_ENABLE);
	/* What waits may count from now on. */
	if (l->cpu_delivers || vlapic_bits_highest(vlapic_reg(l, VLAPIC_REG_IRR)) >= 0) {
		WRITE_ONCE(l->irr_pending, true);
	}
	if (vmm->apic_update) {
		vmm->apic_update(v);
	}
}

static bool software_enabled(const struct vlapic *l)
{
	return READ_ONCE(*vlapic_reg(l, VLAPIC_REG_SVR)) & VLAPIC_SVR_ENABLE;
}

static void write_lvt(struct vcpu *v, enum vlapic_lvt n, uint32_t val)
{
	struct vlapic *l = &v->arch.vlapic;

	val &= lvt_writable[n];
	if (!software_enabled(l)) {
		val |= VLAPIC_LVT_MASKED;
	}
	if (n == VLAPIC_LVT_TIMER) {
		vlapic_timer_set_lvt(v, val);
	} else {
		*vlapic_lvt(l, n) = val;
	}
}

static void write_svr(struct vcpu *v, uint32_t val)
{
	struct vlapic *l = &v->arch.vlapic;
	unsigned int i;

	*vlapic_reg(l, VLAPIC_REG_SVR) = val & (0xff | VLAPIC_SVR_ENABLE | VLAPIC_SVR_FOCUS);
	vlapic_update_enabled(v);
	if (!(val & VLAPIC_SVR_ENABLE)) {
		/* 10.4.7.2: the mask bits of all entries are set and stay so. */
		for (i = VLAPIC_LVT_TIMER; i < VLAPIC_LVT_COUNT; i++) {
			write_lvt(v, (enum vlapic_lvt)i, *vlapic_lvt(l, (enum vlapic_lvt)i));
		}
	}
}

/* What both modes write in the same way; dest registers and ICR are the callers'. */
static void write_common(struct vcpu *v, unsigned int reg, uint32_t val)
{
	struct vlapic *l = &v->arch.vlapic;

	switch (reg) {
	case VLAPIC_REG_TPR:
		vlapic_set_tpr(v, (uint8_t)val);
		break;
	case VLAPIC_REG_EOI:
		vlapic_eoi(v);
		break;
	case VLAPIC_REG_SVR:
		write_svr(v, val);
		break;
	case VLAPIC_REG_ESR:
		/* 10.5.3: a write makes what was gathered since the last one readable. */
		*vlapic_reg(l, VLAPIC_REG_ESR) =
		    __atomic_exchange_n(&l->esr_pending, 0, __ATOMIC_SEQ_CST);
		break;
	case VLAPIC_REG_LVT_TIMER ... VLAPIC_REG_LVT_ERROR:
		write_lvt(v, lvt_of_reg(reg), val);
		break;
	case VLAPIC_REG_TIMER_INITIAL:
		vlapic_timer_set_initial(v, val);
		break;
	case VLAPIC_REG_TIMER_DIVIDE:
		vlapic_timer_set_divide(v, val & 0xb);
		break;
	default:
		break; /* read-only or reserved: dropped in xAPIC mode */
	}
}

/* xAPIC mode ---------------------------------------------------------------------------------- */

bool vlapic_owns(const struct vcpu *v, uint64_t gpa_addr)
{
	uint64_t base = v->arch.vlapic.base_msr;

	return (base & (APIC_BASE_ENABLE | APIC_BASE_EXTD)) == APIC_BASE_ENABLE &&
	       ((base ^ gpa_addr) & PAGE_MASK) == 0;
}

static void mmio_write_reg(struct vcpu *v, unsigned int reg, uint32_t val)
{
	struct vlapic *l = &v->arch.vlapic;

	switch (reg) {
	case VLAPIC_REG_LDR:
		*vlapic_reg(l, reg) = val & 0xff000000;
		break;
	case VLAPIC_REG_DFR:
		*vlapic_reg(l, reg) = val | 0x0fffffff;
		break;
	case VLAPIC_REG_ICR2:
		*vlapic_reg(l, reg) = val & 0xff000000;
		break;
	case VLAPIC_REG_ICR:
		val &= VLAPIC_ICR_WRITABLE;
		*vlapic_reg(l, reg) = val;
		vlapic_send_ipi(v, val, READ_ONCE(*vlapic_reg(l, VLAPIC_REG_ICR2)) >> 24);
		break;
	default:
		write_common(v, reg, val);
		break;
	}
}

void vlapic_mmio(struct vcpu *v, unsigned int offset, unsigned int size, bool write, uint64_t *val)
{
	unsigned int reg = offset >> 4, byte = offset & 15;
	uint32_t old;

	if (!write) {
		/* Of the 16 bytes of a register the first four count; the others read as 0. */
		*val = byte < 4 ? vlapic_read_reg(v, reg) >> (8 * byte) : 0;
		return;
	}
	if (byte == 0 && size >= 4) {
		mmio_write_reg(v, reg, (uint32_t)*val);
	} else if (byte + size <= 4) {
		/* All accesses should be of 32 bits (10.4.1); narrower ones are merged, for there
		 * are such guests. */
		uint32_t mask = (uint32_t)((BIT(8 * size) - 1) << (8 * byte));

		old = reg == VLAPIC_REG_EOI ? 0 : vlapic_read_reg(v, reg);
		mmio_write_reg(v, reg, (old & ~mask) | ((uint32_t)(*val << (8 * byte)) & mask));
	}
}

void vlapic_page_written(struct vcpu *v, unsigned int offset)
{
	struct vlapic *l = &v->arch.vlapic;
	unsigned int reg = offset >> 4;
	uint32_t val = READ_ONCE(*vlapic_reg(l, reg));

	if (vlapic_is_x2apic(l)) {
		if (reg == VLAPIC_REG_SELF_IPI) {
			vlapic_send_ipi(v, VLAPIC_ICR_TO_SELF | (val & 0xff), 0);
		}
	} else if (reg == VLAPIC_REG_ID) {
		*vlapic_reg(l, reg) = vlapic_id_register(l);
	} else {
		mmio_write_reg(v, reg, val);
	}
}

/* x2APIC mode --------------------------------------------------------------------------------- */

static bool x2apic_read(struct vcpu *v, unsigned int reg, uint64_t *val)
{
	struct vlapic *l = &v->arch.vlapic;

	switch (reg) {
	case VLAPIC_REG_ICR:
		*val = *vlapic_reg(l, VLAPIC_REG_ICR) |
		       (uint64_t)*vlapic_reg(l, VLAPIC_REG_ICR2) << 32;
		return true;
	case VLAPIC_REG_ID:
	case VLAPIC_REG_VERSION:
	case VLAPIC_REG_TPR:
	case VLAPIC_REG_PPR:
	case VLAPIC_REG_LDR:
	case VLAPIC_REG_SVR:
	case VLAPIC_REG_ISR ... VLAPIC_REG_IRR + 7:
	case VLAPIC_REG_ESR:
	case VLAPIC_REG_LVT_CMCI: /* 0 */
	case VLAPIC_REG_LVT_TIMER ... VLAPIC_REG_TIMER_CURRENT:
	case VLAPIC_REG_TIMER_DIVIDE:
		*val = vlapic_read_reg(v, reg);
		return true;
	default:
		return false;
	}
}

/* Bits that a write may have set; others are #GP (10.12.1.2). Read-only bits of LVT entries may be
 * anything. */
static bool x2apic_writable(unsigned int reg, uint64_t *mask)
{
	switch (reg) {
	case VLAPIC_REG_TPR:
	case VLAPIC_REG_SELF_IPI:
		*mask = 0xff;
		return true;
	case VLAPIC_REG_EOI:
	case VLAPIC_REG_ESR:
		*mask = 0;
		return true;
	case VLAPIC_REG_SVR:
		*mask = 0xff | VLAPIC_SVR_ENABLE;
		return true;
	case VLAPIC_REG_ICR:
		*mask = 0xffffffff00000000UL | VLAPIC_ICR_WRITABLE;
		return true;
	case VLAPIC_REG_LVT_TIMER ... VLAPIC_REG_LVT_ERROR:
		*mask = lvt_writable[lvt_of_reg(reg)] | VLAPIC_LVT_STATUS;
		if (reg == VLAPIC_REG_LVT_LINT0 || reg == VLAPIC_REG_LVT_LINT1) {
			*mask |= VLAPIC_LVT_REMOTE_IRR;
		}
		return true;
	case VLAPIC_REG_TIMER_INITIAL:
		*mask = 0xffffffff;
		return true;
	case VLAPIC_REG_TIMER_DIVIDE:
		*mask = 0xb;
		return true;
	default:
		return false;
	}
}

static bool x2apic_write(struct vcpu *v, unsigned int reg, uint64_t val)
{
	struct vlapic *l = &v->arch.vlapic;
	uint64_t mask;

	if (!x2apic_writable(reg, &mask) || (val & ~mask)) {
		return false;
	}
	switch (reg) {
	case VLAPIC_REG_ICR:
		*vlapic_reg(l, VLAPIC_REG_ICR) = (uint32_t)val;
		*vlapic_reg(l, VLAPIC_REG_ICR2) = (uint32_t)(val >> 32);
		vlapic_send_ipi(v, (uint32_t)val, (uint32_t)(val >> 32));
		break;
	case VLAPIC_REG_SELF_IPI:
		vlapic_send_ipi(v, VLAPIC_ICR_TO_SELF | (uint32_t)val, 0);
		break;
	default:
		write_common(v, reg, (uint32_t)val);
		break;
	}
	return true;
}

/* MSRs ---------------------------------------------------------------------------------------- */

/* 10.12.2: cluster in the upper half, one bit of 16 in the lower. */
uint32_t vlapic_x2apic_ldr(uint32_t id)
{
	return ((id >> 4) << 16) | (1U << (id & 15));
}

static void clear_bits(uint32_t *bits)
{
	for (unsigned int i = 0; i < VLAPIC_BIT_WORDS; i += VLAPIC_STRIDE) {
		__atomic_store_n(bits + i, 0, __ATOMIC_SEQ_CST);
	}
}

/* What depends on the mode: ICR's upper half in x2APIC mode is a destination of 32 bits. */
static void mode_registers(struct vlapic *l)
{
	*vlapic_reg(l, VLAPIC_REG_ID) = vlapic_id_register(l);
	if (vlapic_is_x2apic(l)) {
		*vlapic_reg(l, VLAPIC_REG_LDR) = vlapic_x2apic_ldr(l->id);
	}
}

/* What INIT leaves of the registers: mode and id stay. 10.4.7.3, 10.12.5.1. */
static void reset_registers(struct vcpu *v)
{
	static const uint8_t zero[] = { VLAPIC_REG_TPR, VLAPIC_REG_EOI, VLAPIC_REG_LDR, VLAPIC_REG_ESR,
					VLAPIC_REG_ICR, VLAPIC_REG_ICR2, VLAPIC_REG_SELF_IPI };
	struct vlapic *l = &v->arch.vlapic;
	unsigned int i;

	vlapic_inbox_clear(&l->inbox);
	clear_bits(vlapic_reg(l, VLAPIC_REG_IRR));
	clear_bits(vlapic_reg(l, VLAPIC_REG_ISR));
	clear_bits(vlapic_reg(l, VLAPIC_REG_TMR));
	WRITE_ONCE(l->tmr_changed, true);
	l->isr_highest = -1;
	l->esr_pending = 0;
	for (i = 0; i < ARRAY_SIZE(zero); i++) {
		*vlapic_reg(l, zero[i]) = 0;
	}
	*vlapic_reg(l, VLAPIC_REG_VERSION) = VLAPIC_VERSION;
	*vlapic_reg(l, VLAPIC_REG_DFR) = 0xffffffff;
	*vlapic_reg(l, VLAPIC_REG_SVR) = 0xff;
	mode_registers(l);
	vlapic_timer_reset(v);
	for (i = VLAPIC_LVT_THERMAL; i < VLAPIC_LVT_COUNT; i++) {
		*vlapic_lvt(l, (enum vlapic_lvt)i) = VLAPIC_LVT_MASKED;
	}
}

/* Modes: off -> xAPIC -> x2APIC -> off, and xAPIC -> off; all else is #GP. 10.12.5, figure 10-27.
 */
static bool write_base(struct vcpu *v, uint64_t val)
{
	struct vlapic *l = &v->arch.vlapic;
	const uint64_t mode = APIC_BASE_ENABLE | APIC_BASE_EXTD;
	unsigned int width = v->domain->arch.phys_bits;
	uint64_t address = (width >= 32 && width < 52 ? BIT(width) : BIT(52)) - PAGE_SIZE;
	uint64_t from = l->base_msr & mode, to = val & mode;

	if ((val & ~(address | mode | APIC_BASE_BSP)) || to == APIC_BASE_EXTD ||
	    (from == mode && to == APIC_BASE_ENABLE) || (from == 0 && to == mode)) {
		return false;
	}
	l->base_msr = val;
	if (from == to) {
		vlapic_update_enabled(v); /* the page may have moved */
		return true;
	}
	if (to == 0 || from == 0) {
		reset_registers(v); /* turned off, or on again: as after a reset (10.4.7.1) */
	} else {
		*vlapic_reg(l, VLAPIC_REG_ICR2) = 0;
		mode_registers(l);
	}
	vlapic_update_enabled(v);
	return true;
}

bool vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	struct vlapic *l = &v->arch.vlapic;

	if (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST) {
		return vlapic_is_x2apic(l) && x2apic_read(v, msr - MSR_X2APIC_FIRST, val);
	}
	if (msr == MSR_APIC_BASE) {
		*val = l->base_msr;
		return true;
	}
	if (msr == MSR_TSC_DEADLINE) {
		*val = vlapic_timer_deadline(v);
		return true;
	}
	return false;
}

bool vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	struct vlapic *l = &v->arch.vlapic;

	if (likely(msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST)) {
		return vlapic_is_x2apic(l) && x2apic_write(v, msr - MSR_X2APIC_FIRST, val);
	}
	if (msr == MSR_TSC_DEADLINE) {
		vlapic_timer_set_deadline(v, val);
		return true;
	}
	return msr == MSR_APIC_BASE && write_base(v, val);
}

/* Life ---------------------------------------------------------------------------------------- */

int vlapic_init(struct vcpu *v)
{
	struct vlapic *l = &v->arch.vlapic;

	l->regs = page_alloc_virt();
	if (!l->regs) {
		return -ENOMEM;
	}
	l->id = v->id * 2;
	l->base_msr = VLAPIC_DEFAULT_BASE | APIC_BASE_ENABLE | (v->id ? 0 : APIC_BASE_BSP);
	spin_lock_init(&l->timer_lock);
	spin_lock_init(&l->ipi_lock);
	vlapic_timer_init(v);
	reset_registers(v); /* which leave it disabled by software */
	return 0;
}

void vlapic_cpu_delivers(struct vcpu *v, bool cpu_takes)
{
	struct vlapic *l = &v->arch.vlapic;

	l->cpu_delivers = true;
	l->inbox.cpu_takes = cpu_takes;
}

void vlapic_destroy(struct vcpu *v)
{
	struct vlapic *l = &v->arch.vlapic;

	timer_kill(&l->timer);
	page_free_virt(l->regs);
	l->regs = NULL;
}

void vlapic_migrate(struct vcpu *v, unsigned int cpu)
{
	timer_migrate(&v->arch.vlapic.timer, cpu);
}

/*
 * v stands between exit and entry, so it may reset itself; the sender could not. DOWN is set before
 * init_pending is cleared, so that a sender of SIPI finds v in one of the two; it posts the SIPI
 * before it looks at DOWN, and here DOWN is set before we look for a SIPI: one of the two takes
 * DOWN away. In both cases the main loop comes next.
 */
bool vlapic_handle_init(struct vcpu *v)
{
	struct vlapic *l = &v->arch.vlapic;
	uint32_t sipi;

	if (READ_ONCE(l->init_pending)) {
		v->arch.nmi_pending = false;
		v->arch.inject.valid = false;
		WRITE_ONCE(l->irr_pending, false);
		reset_registers(v);
		vlapic_update_enabled(v);
		vcpu_reset_init(v);
		v->initialised = false; /* only a SIPI makes it whole again */
		vcpu_state_set(v, VCPU_DOWN);
		__atomic_store_n(&l->init_pending, false, __ATOMIC_SEQ_CST);
		smp_mb();
		if (READ_ONCE(l->sipi)) {
			vcpu_state_clear(v, VCPU_DOWN);
		}
		return false;
	}
	sipi = __atomic_exchange_n(&l->sipi, 0, __ATOMIC_SEQ_CST);
	if (sipi & VLAPIC_SIPI_PENDING) {
		vcpu_reset_to_sipi(v, (uint8_t)sipi);
	}
	return true;
}
