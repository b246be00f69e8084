/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The mask of upcalls in vcpu_info: of PV guests, but all see it change. */
#include <hv/types.h>
#include <xen/xen.h>

/* Any place will do for a vcpu_info. */
#define ARCH_VCPU_INFO_ALIGN 1u

static inline bool arch_upcall_masked(const struct vcpu_info *info)
{
	return READ_ONCE(info->evtchn_upcall_mask);
}

static inline void arch_upcall_mask(struct vcpu_info *info, bool masked)
{
	WRITE_ONCE(info->evtchn_upcall_mask, masked);
}
