/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <hv/types.h>

/* The 16550 of the console (drivers/uart.c). settings as in com1=. False when no port answers. */
bool uart_init(const char *settings);
/* First of its eight ports; 0 when there is none. The service VM gets neither ports nor line. */
uint16_t uart_port(void);
unsigned int uart_irq(void);
void uart_interrupt(void *unused);	/* handler for uart_irq(), interrupts off */
void uart_enable_input(void);
