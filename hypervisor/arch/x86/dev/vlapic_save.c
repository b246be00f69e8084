// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The virtual LAPIC as records of the HVM context: LAPIC (hidden state) and LAPIC_REGS (the
 * register page, 16 bytes a register). v is not running; no locks but the timer's.
 */
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <asm/msr-index.h>
#include "vlapic_regs.h"
#include <xen/hvm/save.h>

#define HW_DISABLED 0x1 /* hvm_hw_lapic.disabled, as real Xen writes it */
#define SW_DISABLED 0x2

#define PAGE_REGS (sizeof(((struct hvm_hw_lapic_regs *)0)->data) / 16)

static uint32_t page_get(const struct hvm_hw_lapic_regs *r, unsigned int reg)
{
	uint32_t val;

	memcpy(&val, &r->data[reg * 16], sizeof(val));
	return val;
}

static uint32_t divisor(const struct vlapic *l)
{
	return 1U << ((((l->timer_divide & 3) | ((l->timer_divide >> 1) & 4)) + 1) & 7);
}

void vlapic_save(struct vcpu *v, struct hvm_hw_lapic *s, struct hvm_hw_lapic_regs *r)
{
	struct vlapic *l = &v->arch.vlapic;
	unsigned int reg;

	if (s) {
		*s = (struct hvm_hw_lapic){
		    .apic_base_msr = l->base_msr,
		    .disabled = (l->base_msr & APIC_BASE_ENABLE ? 0 : HW_DISABLED) |
				(vlapic_read_reg(v, VLAPIC_REG_SVR) & VLAPIC_SVR_ENABLE ? 0 : SW_DISABLED),
		    .timer_divisor = divisor(l),
		    .tdt_msr = vlapic_timer_deadline(v),
		};
	}
	if (r) {
		/* What others sent meanwhile belongs into IRR. */
		if (l->cpu_delivers) {
			vlapic_inbox_take(&l->inbox, vlapic_reg(l, VLAPIC_REG_IRR));
		}
		memset(r, 0, sizeof(*r));
		for (reg = 0; reg < PAGE_REGS; reg++) {
			uint32_t val = vlapic_read_reg(v, reg);

			memcpy(&r->data[reg * 16], &val, sizeof(val));
		}
	}
}

static int load_hidden(struct vlapic *l, const struct hvm_hw_lapic *s)
{
	const uint64_t allowed =
	    0x000ffffffffff000UL | APIC_BASE_ENABLE | APIC_BASE_EXTD | APIC_BASE_BSP;
	uint64_t base = s->apic_base_msr;

	if ((base & ~allowed) || (base & (APIC_BASE_ENABLE | APIC_BASE_EXTD)) == APIC_BASE_EXTD) {
		return -EINVAL;
	}
	l->base_msr = base;
	l->tsc_deadline = s->tdt_msr;
	return 0;
}

static void load_bits(struct vlapic *l, const struct hvm_hw_lapic_regs *r, unsigned int reg)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		/* Vectors below 16 do not exist. */
		*vlapic_reg(l, reg + i) = page_get(r, reg + i) & (i ? ~0U : 0xffff0000U);
	}
}

static void load_registers(struct vlapic *l, const struct hvm_hw_lapic_regs *r)
{
	unsigned int i;

	uint32_t svr = page_get(r, VLAPIC_REG_SVR) & (0xff | VLAPIC_SVR_ENABLE | VLAPIC_SVR_FOCUS);

	*vlapic_reg(l, VLAPIC_REG_TPR) = page_get(r, VLAPIC_REG_TPR) & 0xff;
	*vlapic_reg(l, VLAPIC_REG_LDR) = page_get(r, VLAPIC_REG_LDR) & 0xff000000;
	*vlapic_reg(l, VLAPIC_REG_DFR) = page_get(r, VLAPIC_REG_DFR) | 0x0fffffff;
	*vlapic_reg(l, VLAPIC_REG_SVR) = svr;
	*vlapic_reg(l, VLAPIC_REG_ESR) = page_get(r, VLAPIC_REG_ESR) & 0xff;
	*vlapic_reg(l, VLAPIC_REG_ICR) = page_get(r, VLAPIC_REG_ICR) & VLAPIC_ICR_WRITABLE;
	*vlapic_reg(l, VLAPIC_REG_ICR2) = page_get(r, VLAPIC_REG_ICR2);
	for (i = VLAPIC_LVT_TIMER; i < VLAPIC_LVT_COUNT; i++) {
		uint32_t lvt = page_get(r, VLAPIC_REG_LVT_TIMER + i) & vlapic_lvt_writable(i);

		*vlapic_lvt(l, (enum vlapic_lvt)i) = svr & VLAPIC_SVR_ENABLE ? lvt : lvt | VLAPIC_LVT_MASKED;
	}
	load_bits(l, r, VLAPIC_REG_ISR);
	load_bits(l, r, VLAPIC_REG_TMR);
	load_bits(l, r, VLAPIC_REG_IRR);
	l->isr_highest = vlapic_bits_highest(vlapic_reg(l, VLAPIC_REG_ISR));
	WRITE_ONCE(l->tmr_changed, true);
	l->timer_lvt = *vlapic_lvt(l, VLAPIC_LVT_TIMER);
	l->timer_initial = page_get(r, VLAPIC_REG_TIMER_INITIAL);
	l->timer_divide = page_get(r, VLAPIC_REG_TIMER_DIVIDE) & 0xb;
	/* Real Xen leaves the current count 0 in its record: then a whole count is to come. */
	l->timer_count = page_get(r, VLAPIC_REG_TIMER_CURRENT);
	if (!l->timer_count || l->timer_count > l->timer_initial) {
		l->timer_count = l->timer_initial;
	}
}

int vlapic_load(struct vcpu *v, const struct hvm_hw_lapic *s, const struct hvm_hw_lapic_regs *r)
{
	struct vlapic *l = &v->arch.vlapic;
	int ret = s ? load_hidden(l, s) : 0;

	if (ret) {
		return ret;
	}
	if (r) {
		load_registers(l, r);
	}
	*vlapic_reg(l, VLAPIC_REG_ID) = vlapic_id_register(l);
	if (vlapic_is_x2apic(l)) {
		*vlapic_reg(l, VLAPIC_REG_LDR) = vlapic_x2apic_ldr(l->id);
	}
	vlapic_update_enabled(v);
	vlapic_timer_restart(v, l->timer_count, l->tsc_deadline);
	return 0;
}
