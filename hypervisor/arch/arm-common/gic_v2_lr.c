/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list register of GICv2, Arm IHI 0048B.b, 5.3.11: also of a machine whose list registers are
 * played. */
#include <asm/gic.h>
#include <hv/bitops.h>

uint64_t gic_v2_encode(const struct gic_lr *lr)
{
	uint32_t raw = lr->intid | (uint32_t)(lr->priority >> 3) << GICH_LR_PRIORITY_SHIFT;

	if (lr->hw) {
		raw |= GICH_LR_HW | lr->hw_intid << GICH_LR_HW_SHIFT;
	} else {
		raw |= (uint32_t)lr->source << GICH_LR_HW_SHIFT | (lr->eoi ? GICH_LR_EOI : 0);
	}
	raw |= (lr->pending ? GICH_LR_PENDING : 0) | (lr->active ? GICH_LR_ACTIVE : 0);
	return raw | (lr->group1 ? GICH_LR_GROUP1 : 0);
}

void gic_v2_decode(uint64_t raw, struct gic_lr *out)
{
	*out = (struct gic_lr){
	    .intid = raw & 0x3ff,
	    .pending = raw & GICH_LR_PENDING,
	    .active = raw & GICH_LR_ACTIVE,
	    .hw = raw & GICH_LR_HW,
	};
	if (out->hw) {
		out->hw_intid = (uint32_t)(raw >> GICH_LR_HW_SHIFT) & 0x3ff;
	} else {
		out->source = (raw >> GICH_LR_HW_SHIFT) & 7;
	}
}
