/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ABI says of this width, and what only the other one has. */
#include <asm/boot.h>
#include <asm/gic.h>
#include <asm/layout.h>
#include <hv/boot.h>
#include <hv/errno.h>

const char image_arch[] = "ARMv7";

uint64_t direct_first;

static const char *capabilities(void)
{
	return "xen-3.0-armv7l ";
}

const struct arch_abi arch_abi = {
    .capabilities = capabilities,
    .own_frames_errno = -ESRCH,
    .virt_start = 0x00200000,
};

/* BCM2836 has them with Cortex-A7, too (docs/support.md). */
const struct gic_ops *arch_gic_bcm2836(void)
{
	return NULL;
}

/* GICv3's CPU interface is system registers, which no CPU with ARMv7 has. */
const struct gic_ops *arch_gic_v3(void)
{
	return NULL;
}
