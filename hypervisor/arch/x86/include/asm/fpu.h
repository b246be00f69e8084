/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Guest FPU state (arch/x86/fpu.c), besides what asm/exit.h declares. */
#include <hv/types.h>

struct vcpu;

uint32_t fpu_area_size(void);		/* bytes of the XSAVE area with everything that guests may enable */
void fpu_reset(struct vcpu *v);		/* as after INIT of a new vCPU; v not running */
bool fpu_xcr0_valid(const struct vcpu *v, uint64_t val);
/* Takes a checked copy of an XSAVE (len >= 576) or FXSAVE (512) image. v not running. */
bool fpu_load_area(struct vcpu *v, const void *untrusted_area, uint32_t len);
/*
 * Takes a checked copy of an FXSAVE image (512 bytes); what the guest has beyond that stays. False: MXCSR has reserved
 * bits. v not running.
 */
bool fpu_load_legacy(struct vcpu *v, const void *untrusted_image);
/* Brings v->arch.xcr0 up to date; v is current. */
void fpu_sync_xcr0(struct vcpu *v);
