/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 16550 serial port: the hypervisor's console. Output is polled, input comes by interrupt once irq.c routes the line.
 * PC16550D data sheet, register summary.
 */
#include <asm/processor.h>
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/lib.h>
#include <hv/uart.h>

#define RBR_THR	0
#define IER	1
#define FCR	2
#define LCR	3
#define MCR	4
#define LSR	5
#define LSR_DATA	0x01
#define LSR_THR_EMPTY	0x20
#define LCR_8N1		0x03
#define LCR_DLAB	0x80
#define MCR_DTR_RTS_OUT2 0x0b
#define COM1_PORT	0x3f8
#define COM1_IRQ	4
/* A port that never drains (nobody there) must not hold the machine up. */
#define TX_SPIN_MAX	200000

static uint16_t port;
static unsigned int irq = COM1_IRQ;
static bool dead;

static void put_raw(char c)
{
	unsigned int spin = 0;

	while (!dead && !(inb(port + LSR) & LSR_THR_EMPTY)) {
		if (++spin > TX_SPIN_MAX) {
			dead = true;
		}
		cpu_relax();
	}
	if (!dead) {
		outb((uint8_t)c, port + RBR_THR);
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

static struct console_output output = { .name = "com1", .put = put };

/* com1=<baud>[/<clock>][,DPS[,<io-base>[,<irq>]]], as Xen; clock and frame format are taken as 8n1. */
static unsigned int parse(const char *s)
{
	unsigned int baud = 115200;
	const char *end;
	uint64_t n = str_to_u64(s, &end, 0);

	if (end != s && n >= 50 && n <= 115200) {
		baud = (unsigned int)n;
	}
	s = strchr(end, ',');
	s = s ? strchr(s + 1, ',') : NULL;
	if (s) {
		n = str_to_u64(s + 1, &end, 0);
		if (end != s + 1 && n && n <= 0xfff8) {
			port = (uint16_t)n;
		}
		if (*end == ',') {
			n = str_to_u64(end + 1, &end, 0);
			irq = n && n < 16 ? (unsigned int)n : irq;
		}
	}
	return baud;
}

bool uart_init(const char *settings)
{
	unsigned int divisor;

	port = COM1_PORT;
	divisor = 115200 / parse(settings);
	outb(0, port + IER);
	outb(LCR_DLAB | LCR_8N1, port + LCR);
	outb((uint8_t)divisor, port + RBR_THR);
	outb((uint8_t)(divisor >> 8), port + IER);
	outb(LCR_8N1, port + LCR);
	outb(0x07, port + FCR);
	outb(MCR_DTR_RTS_OUT2, port + MCR);
	if (inb(port + LCR) != LCR_8N1) {
		port = 0;		/* nothing answers there */
		return false;
	}
	console_register(&output);
	return true;
}

uint16_t uart_port(void)
{
	return port;
}

unsigned int uart_irq(void)
{
	return irq;
}

void uart_interrupt(void *unused)
{
	unsigned int n = 0;

	while ((inb(port + LSR) & LSR_DATA) && n++ < 64) {
		console_input((char)inb(port + RBR_THR));
	}
}

void uart_enable_input(void)
{
	outb(0x01, port + IER);
}
