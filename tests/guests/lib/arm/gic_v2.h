/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GICv2, where the tree has it; Arm IHI 0048B.b. */
#ifndef GUEST_GIC_V2_H
#define GUEST_GIC_V2_H

#include "guest.h"

#define GICD_CTLR	0x000
#define GICD_ISENABLER	0x100
#define GICD_IPRIORITYR 0x400
#define GICD_SGIR	0xf00
#define SGIR_SELF	(2u << 24)

#define GICC_CTLR	0x0000
#define GICC_PMR	0x0004
#define GICC_BPR	0x0008
#define GICC_IAR	0x000c
#define GICC_EOIR	0x0010
#define GICC_RPR	0x0014
#define GICC_HPPIR	0x0018
#define GICC_IIDR	0x00fc
#define GICC_DIR	0x1000

/* Is it the one that the tree has? */
bool gic_is_v2(void);
volatile uint32_t *gic_v2_dist(uint32_t offset);
volatile uint32_t *gic_v2_cpu(uint32_t offset);
/* As irqs_init and guest_irq. */
void gic_v2_init(uint32_t enable);
void gic_v2_irq(void);
#endif
