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

/* Below the GIC's node: what turns a device's write into an interrupt. */
enum platform_msi_kind { MSI_V2M, MSI_ITS, MSI_UNKNOWN };
struct platform_msi {
	enum platform_msi_kind kind;
	int node;
	struct platform_region regs;
	uint32_t spi_base, spi_count;	/* v2m: as the tree has it; count 0: as the frame says */
	bool usable;			/* its driver has found it right: the service VM gets it */
};
#define PLATFORM_MSI_MAX	8

struct platform_gic {
	unsigned int version;		/* 2, 3; 0: none found */
	int node;
	struct platform_region dist;
	struct platform_region cpu, hyp, vcpu;	/* GICC, GICH, GICV; size 0: none */
	struct platform_region redist[PLATFORM_REGION_MAX];
	unsigned int redist_count;
	uint64_t redist_stride;		/* 0: as the registers say */
	uint32_t maintenance;		/* INTID */
	struct platform_msi msi[PLATFORM_MSI_MAX];
	unsigned int msi_count;
	/* Broadcom's pair in the place of a GIC (asm/bcm2836.h), then version is 2 and guests' GICs are played; size 0: not so. */
	struct platform_region local, armctrl;
	uint32_t cpu_offset;		/* GICv2: of the 8 KiB of registers in cpu and in vcpu (gic_v2.c) */
};

struct platform_timer {
	int node;
	uint32_t secure, phys, virt, hyp;	/* INTIDs; 0: not there */
	uint32_t frequency;		/* 0: CNTFRQ is right */
};

struct uart_model;

struct platform_uart {
	const struct uart_model *model;	/* NULL: no console */
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

/* What lets a CPU go (platform_cpus.c, cpu_start.c). */
enum platform_start { START_NONE, START_PSCI, START_SPIN_TABLE, START_EXYNOS, START_EXYNOS_SMC, START_OMAP5 };

struct platform_cpu {
	uint64_t mpidr;			/* affinity fields */
	enum platform_start start;	/* of the boot CPU: START_NONE */
	struct platform_region mailbox;	/* where the entry is written, but for PSCI */
};

struct platform {
	struct fdt tree;
	uint64_t tree_pa;
	struct platform_cpu cpu[PLATFORM_CPU_MAX];	/* 0: the boot CPU */
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
 * First step of boot, so that there can be a console: the tree is mapped at fdt and lies at pa. Keeps it, and of
 * boot_info the command line. boot_fail for a tree that is not sound.
 */
void platform_open(const void *fdt, size_t mapped, uint64_t pa);
/*
 * boot_mpidr: affinity fields of this CPU. Fills platform and of boot_info the memory and modules (0: kernel, 1:
 * initrd). boot_fail for a machine that cannot be used.
 */
void platform_init(uint64_t boot_mpidr);
/*
 * Interrupt i of a node: its INTID and flags. False: there is none, or its controller is neither a GIC nor what
 * stands for one.
 */
bool platform_irq(const struct fdt *t, int node, unsigned int i, uint32_t *intid, uint32_t *flags);
/* True when the frame belongs to a device that the hypervisor keeps. */
bool platform_frame_is_hidden(uint64_t frame);
/* The machine's memory is at this address, the firmware's included. */
static inline bool platform_is_memory(uint64_t at)
{
	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		if (at >= boot_info.memory[i].start && at < boot_info.memory[i].end) {
			return true;
		}
	}
	return false;
}
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
