/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The image's places (mullion.lds of each width), and what boot.S leaves behind. */
#include <hv/addr.h>
#include <hv/types.h>

extern char _image_start[], _text_end[], _rodata_end[], _image_end[];
extern uint64_t hv_root[512];		/* root (the first entries) of the hypervisor's own tables */
extern char boot_secondary[];		/* entered by PSCI with the MMU off */
extern char boot_secondary_pen[];	/* the same without a word of ours: waits for boot_pen */

/* Whose turn it is there (boot.S); read with the MMU off, so written past the caches. */
struct boot_pen {
	uint64_t mpidr;			/* affinity fields */
	uint64_t top;			/* of the stack */
	uint32_t to_hyp;		/* ARMv7: what to ask the firmware for in SVC mode, in r12; 0: nothing */
};
extern struct boot_pen boot_pen;
extern char boot_stack_end[];

/* Where the image lies in memory. */
extern hpa_t image_base;
/* The width, for people. */
extern const char image_arch[];
void boot_main(uint64_t fdt, uint64_t image) __attribute__((noreturn));
