/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What traps of the GIC's CPU interface: only the registers that send SGIs. Arm IHI 0069H, 12.2. */
#include <asm/gic.h>
#include <asm/sysreg_trap.h>
#include <asm/vgic.h>
#include <hv/domain.h>

#define REG_ICC_SGI1R  SYSREG(3, 0, 12, 11, 5)
#define REG_ICC_ASGI1R SYSREG(3, 0, 12, 11, 6)
#define REG_ICC_SGI0R  SYSREG(3, 0, 12, 11, 7)

bool vgic_sysreg(struct vcpu *v, struct sysreg_access *a)
{
	if (gic_version() != 3 || !a->write) {
		return false;
	}
	switch (a->reg) {
	case REG_ICC_SGI1R:
		vgic_sgi1r(v, a->value);
		return true;
	case REG_ICC_ASGI1R:
	case REG_ICC_SGI0R:
		/* Groups of another security state, and one that nobody has: nothing is sent. */
		return true;
	default:
		return false;
	}
}
