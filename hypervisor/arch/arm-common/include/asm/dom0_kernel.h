/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What arch/arm-common/dom0.c asks of the width's kernel format (kernel.c). Boot CPU; in this order. */
#include <asm/vcpu.h>
#include <hv/types.h>

struct dom0_kernel {
	uint64_t start;			/* where it is to lie, and is entered */
	uint64_t size;			/* with what it needs zeroed behind it */
	uint64_t offset;		/* private to kernel.c */
};

/* Looks at boot module 0 and fills in what does not depend on memory; boot_fail says what is wrong with it. */
void arch_kernel_check(struct dom0_kernel *k);
/* Of the RAM that dom0_collect_ram found (bytes), what the kernel can live with; returns bytes. */
uint64_t arch_kernel_ram(const struct dom0_kernel *k, uint64_t available);
/* Takes its place (hv/dom0_memory.h). False: there is none. */
bool arch_kernel_place(struct dom0_kernel *k);
/* Has v, the first vCPU, start in it with the device tree at tree. */
void arch_kernel_start(struct vcpu *v, const struct dom0_kernel *k, uint64_t tree);
