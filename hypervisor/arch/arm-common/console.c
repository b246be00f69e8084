/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console's UART, whichever it is (uart_models.c). Output is polled, input comes by interrupt.
 * The firmware has set line and clock; they stay.
 */
#include <asm/gic.h>
#include <asm/irq.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <asm/time.h>
#include <asm/uart.h>
#include <hv/console.h>
#include <hv/lib.h>
#include <hv/log.h>

/* A line that never drains must not hold the machine up. */
#define TX_SPIN_MAX 1000000u
#define INPUT_BURST 64u
#define STORM	    1000u /* interrupts in a second and no input */

static volatile uint8_t *regs;
static bool dead;

static uint32_t reg_read(unsigned int reg)
{
	volatile uint8_t *at = regs + ((size_t)reg << platform.uart.shift);

	return platform.uart.width == 4 ? mmio_read32(at) : mmio_read8(at);
}

static void reg_write(unsigned int reg, uint32_t v)
{
	volatile uint8_t *at = regs + ((size_t)reg << platform.uart.shift);

	if (platform.uart.width == 4) {
		mmio_write32(at, v);
	} else {
		mmio_write8(at, (uint8_t)v);
	}
}

static bool is(const struct uart_flag *f)
{
	return !(reg_read(f->reg) & f->mask) != f->set;
}

static void write_all(const struct uart_write *list, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		reg_write(list[i].reg, list[i].value);
	}
}

static void put_raw(char c)
{
	unsigned int spin = 0;

	while (!dead && !is(&platform.uart.model->can_send)) {
		dead = ++spin > TX_SPIN_MAX;
		cpu_relax();
	}
	if (!dead) {
		reg_write(platform.uart.model->tx, (uint8_t)c);
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

	if (!u->model) {
		return false;
	}
	regs = ioremap(hpa(u->regs.base), u->regs.size);
	if (!regs) {
		return false;
	}
	write_all(u->model->start, u->model->start_count);
	console_register(&output);
	return true;
}

/* The line may be another device's as well, which nobody serves. */
static void count_empty(void)
{
	static unsigned int empty;
	static nstime_t since;

	if (++empty < STORM) {
		return;
	}
	if (time_now() - since < NS_PER_SEC) {
		irq_stop(platform.uart.intid);
		log_warn("serial console: its interrupt comes without input, so no more input\n");
	}
	since = time_now();
	empty = 0;
}

static void input_interrupt(void *opaque)
{
	const struct uart_model *m = platform.uart.model;
	unsigned int n = 0;

	write_all(m->end, m->end_count);
	for (; n < INPUT_BURST && is(&m->has_input); n++) {
		console_input((char)reg_read(m->rx));
	}
	if (unlikely(!n)) {
		count_empty();
	}
}

void platform_console_input_init(void)
{
	const struct uart_model *m = platform.uart.model;

	if (!regs) {
		return;
	}
	if (!platform.uart.intid || irq_request(platform.uart.intid, input_interrupt, NULL)) {
		log_warn("serial console: no interrupt, so no input\n");
		return;
	}
	write_all(m->listen, m->listen_count);
}
