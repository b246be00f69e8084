/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The machine as its device tree describes it (arch/arm-common/platform.c). Written once at boot. */
#include <hv/boot.h>
#include <hv/fdt.h>
#include <hv/types.h>

#define PLATFORM_CPU_MAX	64
#define PLATFORM_REGION_MAX	16

struct platform_region {
	uint64_t base, size;
};

struct platform_gic {
	unsigned int version;		/* 2, 3; 0: none found */
	int node;
	struct platform_region dist;
	struct platform_region cpu, hyp, vcpu;	/* GICC, GICH, GICV; size 0: none */
	struct platform_region redist[PLATFORM_REGION_MAX];
	unsigned int redist_count;
	uint64_t redist_stride;		/* 0: as the registers say */
	uint32_t maintenance;		/* INTID */
};

struct platform_timer {
	int node;
	uint32_t secure, phys, virt, hyp;	/* INTIDs; 0: not there */
	uint32_t frequency;		/* 0: CNTFRQ is right */
};

enum platform_uart_kind { UART_NONE, UART_PL011, UART_NS16550 };

struct platform_uart {
	enum platform_uart_kind kind;
	int node;
	struct platform_region regs;
	uint32_t intid;			/* 0: none */
	unsigned int shift, width;	/* registers: distance as a shift, access in bytes */
};

struct platform_psci {
	bool present, hvc;		/* hvc: nobody can answer below EL2, so unusable for us */
	unsigned int version;		/* compatible: 1 (0.1), 2 (0.2), 10 (1.0) */
	uint32_t cpu_on, cpu_off, cpu_suspend;	/* function ids */
};

struct platform {
	struct fdt tree;
	uint64_t tree_pa;
	uint64_t cpu_mpidr[PLATFORM_CPU_MAX];	/* affinity fields; entry 0 is the boot CPU's */
	unsigned int cpu_count;
	struct platform_gic gic;
	struct platform_timer timer;
	struct platform_uart uart;
	struct platform_psci psci;
	/* The hypervisor's own: neither these registers nor these nodes reach the service VM. */
	struct platform_region hidden[PLATFORM_REGION_MAX * 2];
	unsigned int hidden_count;
};

extern struct platform platform;

/*
 * First step of boot, the tree is mapped at fdt and lies at pa. boot_mpidr: affinity fields of this
 * CPU. Fills platform and of boot_info the memory, modules (0: kernel, 1: initrd), and command
 * line. boot_fail for a tree that cannot be used.
 */
void platform_init(const void *fdt, size_t mapped, uint64_t pa, uint64_t boot_mpidr);
/* True when the frame belongs to a device that the hypervisor keeps. */
bool platform_frame_is_hidden(uint64_t frame);
/* Finds the console's UART by console options dtuart= (path or alias), else by /chosen. After cmdline_parse. */
void platform_choose_uart(const char *dtuart);
/* Takes the chosen UART as console output; false: there is none. Needs ioremap. */
bool platform_console_init(void);
/* Its input, once the GIC is there. */
void platform_console_input_init(void);

/*
 * RAM that is nobody's to give away: the hypervisor's image and tables, the device tree, firmware's
 * reservations, modules until dom0_build has read them. platform_init fills in what the tree says;
 * boot code adds its own. Goes to hv_reserved (hv/boot.h), not sorted, may overlap.
 */
void platform_reserve(uint64_t start, uint64_t end);
