/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UARTs that boards have as consoles; for each the registers' source. */
#include <asm/uart.h>
#include <hv/lib.h>

static const struct uart_model models[] = {
    {
	/* Arm DDI 0183 */
	.name = "PL011",
	.compatible = {"arm,pl011"},
	.width = 4,
	.tx = 0x00,
	.rx = 0x00,
	.can_send = {0x18, BIT(5), false},
	.has_input = {0x18, BIT(4), false},
	.start_count = 2,
	.start = {{0x38, 0}, {0x30, BIT(0) | BIT(8) | BIT(9)}},
	.listen_count = 1,
	.listen = {{0x38, BIT(4) | BIT(6)}},
	.end_count = 1,
	.end = {{0x44, BIT(4) | BIT(6)}},
    },
    {
	/* Arm DEN 0094 (SBSA), B: a PL011 without line and control registers */
	.name = "SBSA UART",
	.compatible = {"arm,sbsa-uart"},
	.width = 4,
	.tx = 0x00,
	.rx = 0x00,
	.can_send = {0x18, BIT(5), false},
	.has_input = {0x18, BIT(4), false},
	.start_count = 1,
	.start = {{0x38, 0}},
	.listen_count = 1,
	.listen = {{0x38, BIT(4) | BIT(6)}},
	.end_count = 1,
	.end = {{0x44, BIT(4) | BIT(6)}},
    },
    {
	/* National Semiconductor PC16550D */
	.name = "16550",
	.compatible = {"ns16550a", "ns16550", "snps,dw-apb-uart"},
	.width = 1,
	.tree_decides = true,
	.tx = 0,
	.rx = 0,
	.can_send = {5, BIT(5), true},
	.has_input = {5, BIT(0), true},
	.start_count = 1,
	.start = {{1, 0}},
	.listen_count = 1,
	.listen = {{1, BIT(0)}},
    },
    {
	/* TI SWPU249 (OMAP5), 23.3: a 16550 four bytes apart, of which the tree says nothing */
	.name = "OMAP UART",
	.compatible = {"ti,omap4-uart", "ti,omap3-uart", "ti,omap2-uart"},
	.shift = 2,
	.width = 4,
	.tree_decides = true,
	.tx = 0,
	.rx = 0,
	.can_send = {5, BIT(5), true},
	.has_input = {5, BIT(0), true},
	.start_count = 1,
	.start = {{1, 0}},
	.listen_count = 1,
	.listen = {{1, BIT(0)}},
    },
    {
	/* Broadcom BCM2835 ARM Peripherals, 2.2: the auxiliary "mini" UART, switched on by the
	   firmware */
	.name = "BCM2835 mini UART",
	.compatible = {"brcm,bcm2835-aux-uart"},
	.shift = 2,
	.width = 4,
	.tx = 0,
	.rx = 0,
	.can_send = {5, BIT(5), true},
	.has_input = {5, BIT(0), true},
	.start_count = 1,
	.start = {{1, 0}},
	.listen_count = 1,
	.listen = {{1, BIT(0)}},
    },
    {
	/* Samsung Exynos 5 Dual User's Manual, 28.6; the mask of interrupts is inverted */
	.name = "Exynos UART",
	.compatible = {"samsung,exynos4210-uart"},
	.width = 4,
	.tx = 0x20,
	.rx = 0x24,
	.can_send = {0x18, BIT(24), false},
	.has_input = {0x18, 0x1ff, true},
	.start_count = 2,
	.start = {{0x38, 0xf}, {0x30, 0xf}},
	.listen_count = 1,
	.listen = {{0x38, 0xe}},
	.end_count = 1,
	.end = {{0x30, BIT(0)}},
    },
    {
	/* Xilinx UG1087, module UART; one byte is enough for the interrupt */
	.name = "Cadence UART",
	.compatible = {"cdns,uart-r1p12", "xlnx,zynqmp-uart", "cdns,uart-r1p8", "xlnx,xuartps"},
	.width = 4,
	.tx = 0x30,
	.rx = 0x30,
	.can_send = {0x2c, BIT(4), false},
	.has_input = {0x2c, BIT(1), false},
	.start_count = 3,
	.start = {{0x0c, 0x3fff}, {0x20, 1}, {0x00, BIT(2) | BIT(4)}},
	.listen_count = 1,
	.listen = {{0x08, BIT(0)}},
	.end_count = 1,
	.end = {{0x14, BIT(0)}},
    },
};

const struct uart_model *uart_model_find(const char *compatible)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(models); i++) {
		for (unsigned int k = 0; k < UART_COMPATIBLE_MAX && models[i].compatible[k]; k++) {
			if (!strcmp(models[i].compatible[k], compatible)) {
				return &models[i];
			}
		}
	}
	return NULL;
}
