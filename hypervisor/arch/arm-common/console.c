/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console's UART: PL011 (DDI 0183) or a memory-mapped 16550. Output is polled, input comes by
 * interrupt. The firmware has set line and clock; they stay.
 */
#include <asm/gic.h>
#include <asm/irq.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <hv/console.h>
#include <hv/lib.h>
#include <hv/log.h>

/* A line that never drains must not hold the machine up. */
#define TX_SPIN_MAX 1000000u
#define INPUT_BURST 64u

#define PL011_DR	0x00
#define PL011_FR	0x18
#define PL011_FR_RXFE	BIT(4)
#define PL011_FR_TXFF	BIT(5)
#define PL011_CR	0x30
#define PL011_CR_ENABLE (BIT(0) | BIT(8) | BIT(9)) /* UARTEN, TXE, RXE */
#define PL011_IMSC	0x38
#define PL011_ICR	0x44
#define PL011_INT_INPUT (BIT(4) | BIT(6)) /* receive, receive timeout */

#define NS_RBR_THR	 0u
#define NS_IER		 1u
#define NS_LSR		 5u
#define NS_LSR_DATA	 BIT(0)
#define NS_LSR_THR_EMPTY BIT(5)

static volatile uint8_t *regs;
static bool dead;

static uint32_t ns_read(unsigned int reg)
{
	volatile uint8_t *at = regs + ((size_t)reg << platform.uart.shift);

	return platform.uart.width == 4 ? mmio_read32(at) : mmio_read8(at);
}

static void ns_write(unsigned int reg, uint8_t v)
{
	volatile uint8_t *at = regs + ((size_t)reg << platform.uart.shift);

	if (platform.uart.width == 4) {
		mmio_write32(at, v);
	} else {
		mmio_write8(at, v);
	}
}

static bool is_pl011(void)
{
	return platform.uart.kind == UART_PL011;
}

static bool can_send(void)
{
	return is_pl011() ? !(mmio_read32(regs + PL011_FR) & PL011_FR_TXFF)
			  : ns_read(NS_LSR) & NS_LSR_THR_EMPTY;
}

static void put_raw(char c)
{
	unsigned int spin = 0;

	while (!dead && !can_send()) {
		dead = ++spin > TX_SPIN_MAX;
		cpu_relax();
	}
	if (dead) {
		return;
	}
	if (is_pl011()) {
		mmio_write32(regs + PL011_DR, (uint8_t)c);
	} else {
		ns_write(NS_RBR_THR, (uint8_t)c);
	}
}

static void put(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n') {
			put_raw('\r');
		}
		put_raw(text[i]);
	}
}

static struct console_output output = {.name = "dtuart", .put = put};

bool platform_console_init(void)
{
	const struct platform_uart *u = &platform.uart;

	if (u->kind == UART_NONE) {
		return false;
	}
	regs = ioremap(hpa(u->regs.base), u->regs.size);
	if (!regs) {
		return false;
	}
	if (is_pl011()) {
		mmio_write32(regs + PL011_IMSC, 0);
		mmio_write32(regs + PL011_CR, PL011_CR_ENABLE);
	} else {
		ns_write(NS_IER, 0);
	}
	console_register(&output);
	return true;
}

static bool has_input(void)
{
	return is_pl011() ? !(mmio_read32(regs + PL011_FR) & PL011_FR_RXFE)
			  : ns_read(NS_LSR) & NS_LSR_DATA;
}

static void input_interrupt(void *opaque)
{
	if (is_pl011()) {
		mmio_write32(regs + PL011_ICR, PL011_INT_INPUT);
	}
	for (unsigned int n = 0; n < INPUT_BURST && has_input(); n++) {
		console_input(
		    (char)(is_pl011() ? mmio_read32(regs + PL011_DR) : ns_read(NS_RBR_THR)));
	}
}

void platform_console_input_init(void)
{
	if (!regs) {
		return;
	}
	if (!platform.uart.intid || irq_request(platform.uart.intid, input_interrupt, NULL)) {
		log_warn("serial console: no interrupt, so no input\n");
		return;
	}
	if (is_pl011()) {
		mmio_write32(regs + PL011_IMSC, PL011_INT_INPUT);
	} else {
		ns_write(NS_IER, 1);
	}
}
