/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts in the tree: a GIC's numbers, and Broadcom's as if they were (Linux,
 * Documentation/devicetree/bindings/interrupt-controller/brcm,bcm2835-armctrl-ic.txt and
 * brcm,bcm2836-l1-intc.yaml).
 */
#include <asm/bcm2836.h>
#include <asm/irq.h>
#include <asm/platform.h>
#include <hv/lib.h>

#define ARMCTRL	   "brcm,bcm2836-armctrl-ic"
#define LOCAL	   "brcm,bcm2836-l1-intc"
#define LEVEL_HIGH 4u

bool bcm2836_is_controller(const struct fdt *t, int node)
{
	return node >= 0 && (fdt_compatible(t, node, ARMCTRL) || fdt_compatible(t, node, LOCAL));
}

/* What a CPU has of its own; the places are those that Arm recommends (SBSA). */
static uint32_t local_intid(uint32_t n)
{
	static const uint8_t intids[] = {PPI_SECURE_TIMER, PPI_PHYS_TIMER, PPI_HYP_TIMER,
					 PPI_VIRT_TIMER};

	if (n < ARRAY_SIZE(intids)) {
		return intids[n];
	}
	return n == 9 ? PPI_PMU : 0;
}

static uint32_t line_intid(uint32_t bank, uint32_t n)
{
	switch (bank) {
	case 0:
		return n < 8 ? 32 + 64 + n : 0;
	case 1:
		return n < 32 ? 32 + n : 0;
	case 2:
		return n < 32 ? 32 + 32 + n : 0;
	default:
		return 0;
	}
}

uint32_t bcm2836_intid(const struct fdt *t, const struct fdt_irq *irq)
{
	if (irq->parent < 0) {
		return 0;
	}
	/* Older trees have no flags there. */
	if (fdt_compatible(t, irq->parent, LOCAL)) {
		return local_intid(fdt_u32(irq->spec));
	}
	return irq->cells >= 2 && fdt_compatible(t, irq->parent, ARMCTRL)
		   ? line_intid(fdt_u32(irq->spec), fdt_u32(irq->spec + 4))
		   : 0;
}

bool platform_irq(const struct fdt *t, int node, unsigned int i, uint32_t *intid, uint32_t *flags)
{
	struct fdt_irq irq;

	if (fdt_irq(t, node, i, &irq) && bcm2836_is_controller(t, irq.parent)) {
		*intid = bcm2836_intid(t, &irq);
		*flags = LEVEL_HIGH;
		return *intid;
	}
	return fdt_gic_irq(t, node, i, intid, flags);
}
