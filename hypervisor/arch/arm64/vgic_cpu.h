/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * GICv2's virtual CPU interface as software, for machines that have none (vgic_cpu.c): what GICH_* holds, and what a
 * guest's access to GICC_* makes of it (Arm IHI 0048B.b, 4.4, 5.3, 5.5). Without state of its own, locks, or
 * registers of the machine: the caller has all of them.
 */
#include <asm/vgic.h>
#include <hv/types.h>

struct vgic_cpu_if {
	uint32_t hcr, vmcr, apr;	/* GICH_HCR, GICH_VMCR, GICH_APR */
	uint32_t lr[VGIC_LR_MAX];	/* GICH_LRn (GICH_LR_* of asm/gic.h) */
};

#define VGIC_CPU_SIZE	0x2000u		/* of GICC_*, in bytes */

enum vgic_cpu_signal { VGIC_CPU_QUIET, VGIC_CPU_IRQ, VGIC_CPU_FIQ };
/* What the interface raises at its CPU now. */
enum vgic_cpu_signal vgic_cpu_signal(const struct vgic_cpu_if *c);

/* What an access leads to outside. */
struct vgic_cpu_effect {
	bool deactivate;		/* the machine's interrupt intid has ended */
	uint32_t intid;
	bool maintenance;		/* GICH's interrupt: list registers want to be looked at */
};
/* Registers by their offset, a multiple of 4 below VGIC_CPU_SIZE. What is none reads as zero and takes no writes. */
uint32_t vgic_cpu_read(struct vgic_cpu_if *c, uint32_t off);
void vgic_cpu_write(struct vgic_cpu_if *c, uint32_t off, uint32_t value, struct vgic_cpu_effect *effect);
