/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Calls to the firmware, by SMC (DEN 0028, SMC Calling Convention). */
#include <hv/types.h>

static inline uint64_t smc_call(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	register uint32_t r0 __asm__("r0") = (uint32_t)fn;
	register uint32_t r1 __asm__("r1") = (uint32_t)a;
	register uint32_t r2 __asm__("r2") = (uint32_t)b;
	register uint32_t r3 __asm__("r3") = (uint32_t)c;

	/* r4 to r7 are kept, as version 1.0 has it; older firmware may spoil r12. */
	__asm__ volatile("smc #0" : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3) : : "r12", "memory");
	return r0;
}
