/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/cpu.h>
#include <hv/spinlock.h>
#include <hv/types.h>
#include <asm/vgic.h>
#include <asm/vtimer.h>

#define HVM_PARAM_COUNT 39		/* HVM_NR_PARAMS */

struct mmio_range;
struct p2m_dma;
struct vpl011;

struct arch_domain {
	uint64_t params[HVM_PARAM_COUNT];	/* (big_lock) */
	uint16_t vmid;
	uint64_t vttbr;			/* VTTBR_EL2: VMID and root */
	uint64_t vtcr;
	uint16_t last_vcpu[MAX_CPUS];	/* who of it ran last on each CPU, that CPU's to change; ~0: nobody */
	struct p2m_dma *dma;		/* p2m_dma.c; NULL: no devices, or no 1:1 memory */
	unsigned int phys_bits;		/* width of a guest-physical address */
	uint32_t spi_count;		/* of its vGIC, beyond the 32 of each vCPU */
	bool is_32bit;			/* on arm64: its EL1 is AArch32 */
	uint8_t gic_version;		/* XEN_DOMCTL_CONFIG_GIC_V2 or _V3 */
	uint64_t wallclock_ns;
	struct spinlock mmio_lock;	/* registration of ranges */
	struct mmio_range *mmio_ranges;
	struct vgic_domain vgic;	/* vgic*.c */
	struct vtimer_domain vtimer;	/* vtimer.c */
	struct vpl011 *vpl011;		/* (domctl_lock to set) NULL: it has none */
};

/* 32 or 64: of the code at its EL1. */
static inline unsigned int arch_domain_width(const struct arch_domain *a)
{
	return a->is_32bit ? 32 : BITS_PER_LONG;
}
