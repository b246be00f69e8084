/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VM's text console. The manager alone reads the terminal (two readers would each get half),
 * keeps the last CONSOLE_BACKLOG bytes, and passes it on to any number of clients. Main thread
 * only.
 */
#pragma once

#include <gio/gio.h>

#define CONSOLE_BACKLOG	    65536
#define CONSOLE_CLIENTS_MAX 16

typedef struct Console Console;

/* @path: a terminal. NULL with an error when it cannot be opened. */
Console *console_open(const char *path, GError **error);
/* Clients read what they have not yet read, then the end. */
void console_close(Console *console);
/* A socket for one more client, or -1. The caller closes it. */
int console_connect(Console *console, GError **error);
