/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Bits of registers that only the files of the virtual LAPIC need. Intel SDM vol. 3, 10.4 to 10.6. */
#include <asm/vlapic.h>

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

static inline uint32_t *vlapic_lvt(const struct vlapic *l, enum vlapic_lvt n)
{
	return vlapic_reg(l, VLAPIC_REG_LVT_TIMER + n);
}

uint32_t vlapic_lvt_writable(unsigned int n);
uint8_t vlapic_ppr(const struct vlapic *l);
uint32_t vlapic_read_reg(struct vcpu *v, unsigned int reg);
uint32_t vlapic_x2apic_ldr(uint32_t id);
uint32_t vlapic_id_register(const struct vlapic *l);
/* After a change of base_msr or SVR: the vendor follows the mode. */
void vlapic_update_enabled(struct vcpu *v);
/* Notes an APIC error of v and raises the error interrupt. Any context. */
void vlapic_error(struct vcpu *v, uint32_t esr_bit);
