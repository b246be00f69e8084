/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ABI says of this width. */
#include <asm/boot.h>
#include <hv/boot.h>

const char image_arch[] = "arm64";

/* Ours reach over both widths: code of 32 bits at EL1 is not built (docs/support.md). */
const struct arch_abi arch_abi = {
    .capabilities = "xen-3.0-aarch64 ",
    .virt_start = 0x00007f0000000000UL,
};
