/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guest.h needs of the processor: x86. */
#ifndef GUEST_ARCH_H
#define GUEST_ARCH_H

#include "../x86.h"

#include <xen/xen.h>
#include <xen/arch-x86/cpuid.h>
#include <xen/arch-x86/hvm/start_info.h>

extern struct hvm_start_info *start_info;
extern uint64_t entry_tsc; /* time stamp at the first instruction of the guest */
extern char hypercall_page[];
extern uint32_t xen_leaf; /* base of the hypervisor's CPUID leaves */
extern uint8_t cpu_is_intel;

/* The raw call. */
static inline long hypercall(unsigned long nr, unsigned long a1, unsigned long a2, unsigned long a3,
			     unsigned long a4, unsigned long a5)
{
	register unsigned long r10 __asm__("r10") = a4;
	register unsigned long r8 __asm__("r8") = a5;
	long ret;

	__asm__ volatile("call *%[to]"
			 : "=a"(ret), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
			 : [to] "r"(hypercall_page + nr * 32)
			 : "rcx", "r11", "memory");
	return ret;
}

#endif
