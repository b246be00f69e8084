/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The ABI has no mask of upcalls here: the interrupt that brings them is masked at the vGIC. */
#include <hv/types.h>
#include <xen/xen.h>

/* Where a vcpu_info may stand: atomic operations on its words fault elsewhere. */
#define ARCH_VCPU_INFO_ALIGN 8u

static inline bool arch_upcall_masked(const struct vcpu_info *info)
{
	return false;
}

static inline void arch_upcall_mask(struct vcpu_info *info, bool masked)
{
}
