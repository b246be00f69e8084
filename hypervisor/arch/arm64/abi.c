/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ABI says of this width. */
#include <asm/boot.h>
#include <asm/sysreg.h>
#include <hv/boot.h>
#include <hv/errno.h>

const char image_arch[] = "arm64";

static const char *capabilities(void)
{
	return cpu_has_aarch32_el1() ? "xen-3.0-aarch64 xen-3.0-armv7l " : "xen-3.0-aarch64 ";
}

const struct arch_abi arch_abi = {
    .capabilities = capabilities,
    .own_frames_errno = -ESRCH,
    .virt_start = 0x00007f0000000000UL,
};
