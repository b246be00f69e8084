/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What makes one kind of UART different from another, as data (uart_models.c): the console (console.c) only sends,
 * receives and takes the receive interrupt; line and clock are the firmware's.
 */
#include <hv/types.h>

#define UART_COMPATIBLE_MAX	4u
#define UART_WRITES_MAX		3u

/* Registers are numbers to be shifted by the UART's shift: for most of them byte offsets and shift 0. */
struct uart_write {
	uint16_t reg;
	uint32_t value;
};

/* True when a bit of mask is set (set), or none is (!set). */
struct uart_flag {
	uint16_t reg;
	uint32_t mask;
	bool set;
};

struct uart_model {
	const char *name;
	const char *compatible[UART_COMPATIBLE_MAX];
	uint8_t shift, width;		/* access in bytes: 1 or 4 */
	bool tree_decides;		/* reg-shift and reg-io-width of the tree come first */
	uint16_t tx, rx;
	struct uart_flag can_send, has_input;
	uint8_t start_count, listen_count, end_count;
	struct uart_write start[UART_WRITES_MAX];	/* no interrupts; sends and receives */
	struct uart_write listen[UART_WRITES_MAX];	/* interrupt on input */
	struct uart_write end[1];			/* of that interrupt, before the input is read */
};

/* By one string of a node's compatible, or NULL. */
const struct uart_model *uart_model_find(const char *compatible);
