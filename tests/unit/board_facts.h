/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Boards' facts as their makers' manuals and trees have them, by the name of the tree's file: what platform.c must make
 * of the real tree. Of GICv2 the places of distributor, CPU interface, GICH, GICV.
 */
#include <asm/platform.h>

struct board_facts {
	const char *name;
	const char *refused;		/* why it cannot start; NULL: it can */
	unsigned int gic;		/* version */
	uint64_t gic_at[4], gic_cpu_size;
	uint32_t timer_virt, timer_hyp;	/* INTIDs */
	unsigned int cpus;
	enum platform_start start;	/* of all but the first */
	uint64_t mailbox, mailbox_step;	/* of the second; how far apart */
	const char *console, *uart;	/* node, kind; NULL: the tree names none */
	uint64_t uart_at;
	unsigned int uart_shift, uart_width;
	uint32_t uart_intid;
	uint64_t ram, ram_size;		/* the first piece; 0: the boot loader fills it in */
	uint64_t kept, kept_size;	/* reserved by the tree; 0: nothing */
};

#define EXYNOS5250(board, uart_node, base, irq) \
	{ \
		.name = board, .gic = 2, .gic_at = {0x10481000, 0x10482000, 0x10484000, 0x10486000}, \
		.gic_cpu_size = 0x2000, .timer_virt = 27, .timer_hyp = 26, .cpus = 2, .start = START_EXYNOS, \
		.mailbox = 0x02020000, .console = uart_node, .uart = "Exynos UART", .uart_at = base, .uart_width = 4, \
		.uart_intid = irq, .ram = 0x40000000, .ram_size = 0x80000000 \
	}

static const struct board_facts facts[] = {
	EXYNOS5250("exynos5250-arndale", "/soc/serial@12c20000", 0x12c20000, 85),
	EXYNOS5250("exynos5250-snow", "/soc/serial@12c30000", 0x12c30000, 86),
	EXYNOS5250("exynos5250-spring", "/soc/serial@12c30000", 0x12c30000, 86),
	{
		.name = "omap5-uevm", .gic = 2, .gic_at = {0x48211000, 0x48212000, 0x48214000, 0x48216000},
		.gic_cpu_size = 0x2000, .timer_virt = 27, .timer_hyp = 26, .cpus = 2, .start = START_OMAP5,
		.mailbox = 0x48281000,
		.console = "/ocp/interconnect@48000000/segment@0/target-module@20000/serial@0", .uart = "OMAP UART",
		.uart_at = 0x48020000, .uart_shift = 2, .uart_width = 4, .uart_intid = 106, .ram = 0x80000000,
		.ram_size = 0x7f000000, .kept = 0x95000000, .kept_size = 0x800000,
	},
	{
		.name = "apm-mustang", .gic = 2, .gic_at = {0x78010000, 0x78020000, 0x78040000, 0x78060000},
		.gic_cpu_size = 0x20000, .timer_virt = 30, .timer_hyp = 31, .cpus = 8, .start = START_SPIN_TABLE,
		.mailbox = 0x10000fff8, .ram = 0x100000000, .ram_size = 0x80000000, .kept = 0x10000f000,
		.kept_size = 0x1000,
	},
	{
		.name = "apm-merlin", .gic = 2, .gic_at = {0x78090000, 0x780a0000, 0x780c0000, 0x780e0000},
		.gic_cpu_size = 0x20000, .timer_virt = 30, .timer_hyp = 31, .cpus = 8, .start = START_SPIN_TABLE,
		.mailbox = 0x10000fff8, .ram = 0x100000000, .ram_size = 0x80000000, .kept = 0x10000f000,
		.kept_size = 0x1000,
	},
	{
		.name = "zynqmp-zcu102-rev1.0", .gic = 2, .gic_at = {0xf9010000, 0xf9020000, 0xf9040000, 0xf9060000},
		.gic_cpu_size = 0x20000, .timer_virt = 27, .timer_hyp = 26, .cpus = 4, .start = START_PSCI,
		.console = "/axi/serial@ff000000", .uart = "Cadence UART", .uart_at = 0xff000000, .uart_width = 4,
		.uart_intid = 53, .ram_size = 0x80000000,
		.kept_size = 0x1000,
	},
	{
		.name = "sun8i-h3-orangepi-pc", .gic = 2, .gic_at = {0x01c81000, 0x01c82000, 0x01c84000, 0x01c86000},
		.gic_cpu_size = 0x2000, .timer_virt = 27, .timer_hyp = 26, .cpus = 1,
		.console = "/soc/serial@1c28000", .uart = "16550", .uart_at = 0x01c28000, .uart_shift = 2,
		.uart_width = 4, .uart_intid = 32,
	},
	{
		.name = "ecx-2000", .gic = 2, .gic_at = {0xfff11000, 0xfff12000, 0xfff14000, 0xfff16000},
		.gic_cpu_size = 0x2000, .timer_virt = 27, .timer_hyp = 26, .cpus = 4, .start = START_PSCI,
		.ram_size = 0xff800000, .kept_size = 0x1000,
	},
	{
		/* The service VM's GIC is played, at a place of our own. */
		.name = "bcm2837-rpi-3-b", .gic = 2, .gic_at = {0x40041000, 0x40042000}, .gic_cpu_size = 0x2000,
		.timer_virt = 27, .timer_hyp = 26, .cpus = 4, .start = START_SPIN_TABLE, .mailbox = 0xe0, .mailbox_step = 8,
		.console = "/soc/serial@7e215040", .uart = "BCM2835 mini UART", .uart_at = 0x3f215040, .uart_shift = 2,
		.uart_width = 4, .uart_intid = 61, .ram = 0, .ram_size = 0x40000000, .kept = 0, .kept_size = 0x1000,
	},
};
