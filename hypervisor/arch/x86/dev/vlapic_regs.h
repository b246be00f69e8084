/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Register numbers and bits that only the files of the virtual LAPIC need. Intel SDM vol. 3 table
 * 10-1, 10-6. */
#include <asm/vlapic.h>

/* Offset of the xAPIC page / 16 = x2APIC MSR - 0x800. */
#define VLAPIC_REG_ID		 0x02
#define VLAPIC_REG_VERSION	 0x03
#define VLAPIC_REG_TPR		 0x08
#define VLAPIC_REG_PPR		 0x0a
#define VLAPIC_REG_EOI		 0x0b
#define VLAPIC_REG_LDR		 0x0d
#define VLAPIC_REG_DFR		 0x0e
#define VLAPIC_REG_SVR		 0x0f
#define VLAPIC_REG_ISR		 0x10 /* 8 of each */
#define VLAPIC_REG_TMR		 0x18
#define VLAPIC_REG_IRR		 0x20
#define VLAPIC_REG_ESR		 0x28
#define VLAPIC_REG_LVT_CMCI	 0x2f
#define VLAPIC_REG_ICR		 0x30
#define VLAPIC_REG_ICR2		 0x31
#define VLAPIC_REG_LVT_TIMER	 0x32 /* to LVT_ERROR, in the order of enum vlapic_lvt */
#define VLAPIC_REG_LVT_LINT0	 0x35
#define VLAPIC_REG_LVT_LINT1	 0x36
#define VLAPIC_REG_LVT_ERROR	 0x37
#define VLAPIC_REG_TIMER_INITIAL 0x38
#define VLAPIC_REG_TIMER_CURRENT 0x39
#define VLAPIC_REG_TIMER_DIVIDE	 0x3e
#define VLAPIC_REG_SELF_IPI	 0x3f

#define VLAPIC_VERSION		   0x00050014U /* six LVT entries, version 0x14: as real Xen's */
#define VLAPIC_DEFAULT_BASE	   0xfee00000UL
#define VLAPIC_SVR_ENABLE	   BIT(8)
#define VLAPIC_SVR_FOCUS	   BIT(9)
#define VLAPIC_LVT_STATUS	   BIT(12)
#define VLAPIC_LVT_REMOTE_IRR	   BIT(14)
#define VLAPIC_LVT_MODE_SHIFT	   17
#define VLAPIC_ESR_RECEIVE_ILLEGAL BIT(6)

/* Vector, delivery mode, destination mode, level, trigger, shorthand. */
#define VLAPIC_ICR_WRITABLE	 0x000ccfffU
#define VLAPIC_ICR_LOGICAL	 BIT(11)
#define VLAPIC_ICR_ASSERT	 BIT(14)
#define VLAPIC_ICR_LEVEL	 BIT(15)
#define VLAPIC_ICR_TO_SELF	 BIT(18)
#define VLAPIC_ICR_SHORTHAND(lo) (((lo) >> 18) & 3)

enum vlapic_delivery {
	VLAPIC_FIXED,
	VLAPIC_LOWEST,
	VLAPIC_SMI,
	VLAPIC_REMOTE_READ,
	VLAPIC_NMI,
	VLAPIC_INIT,
	VLAPIC_SIPI,
	VLAPIC_EXTINT,
};

/* Of 256 bits; -1: none. */
int vlapic_highest_vector(const uint32_t *bits);
uint32_t vlapic_lvt_writable(unsigned int n);
uint8_t vlapic_ppr(const struct vlapic *l);
uint32_t vlapic_read_reg(struct vcpu *v, unsigned int reg);
uint32_t vlapic_x2apic_ldr(uint32_t id);
void vlapic_update_enabled(struct vlapic *l);
/* Notes an APIC error of v and raises the error interrupt. Any context. */
void vlapic_error(struct vcpu *v, uint32_t esr_bit);
