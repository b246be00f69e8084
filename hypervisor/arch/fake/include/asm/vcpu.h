/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

/* What x86's p2m.c and asm/vmm.h ask for, so that these can be tested too. */
enum guest_seg { SEG_COUNT };
struct guest_segment;
struct guest_event;
struct p2m_cached {
	uint64_t tag;
	const uint64_t *slot;
	uint64_t entry;
	const char *base;
};
#define P2M_CACHE_SIZE	8

struct arch_vcpu {
	struct p2m_cached p2m_cache[P2M_CACHE_SIZE];
	unsigned long upcalls;		/* atomic: how often arch_vcpu_upcall was called */
	unsigned long wakes;		/* atomic: how often vcpu_wake was called */
};
