/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The clock that a domain's guests read (arch/x86/guest_tsc.c): the machine's TSC times the domain's ratio, by the CPU
 * or, where it cannot, by exits on RDTSC; plus each vCPU's offset.
 */
#include <hv/types.h>

struct domain;
struct vcpu;
struct xen_domctl_tsc_info;

/*
 * Fractional bits of the ratio that this machine's virtualisation multiplies by, and its greatest value; 0: it cannot.
 * Set by the vendor's code at boot.
 */
extern unsigned int guest_tsc_ratio_bits;
extern uint64_t guest_tsc_ratio_max;

/* d is new: the default mode at the machine's frequency. */
void guest_tsc_domain_init(struct domain *d);
/* v is new, or its domain's clock has changed; v not running. */
void guest_tsc_vcpu_apply(struct vcpu *v);
/* What v reads at that TSC of the machine. */
uint64_t guest_tsc(const struct vcpu *v, uint64_t host);
/* v reads val now; offset only. v is current or not running. */
void guest_tsc_write(struct vcpu *v, uint64_t val);
/* What the CPU has to multiply v's TSC by; one: it has to leave it as it is. */
uint64_t guest_tsc_hardware_ratio(const struct vcpu *v, uint64_t one);
/* The domctls. For the first d is paused; errno. */
int guest_tsc_set_info(struct domain *d, uint32_t mode, uint64_t elapsed_ns, uint32_t khz, uint32_t incarnation);
void guest_tsc_get_info(const struct domain *d, struct xen_domctl_tsc_info *t);
