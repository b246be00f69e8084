/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that the manager runs and waits for. Any thread but the main one. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

/* @percent: the last number in "(12.34/100%)", as qemu-img -p prints. */
typedef void (*ChildProgress)(double fraction, gpointer data);

typedef struct {
	const char *input;	   /* its standard input; NULL: none */
	GCancellable *cancellable; /* kills it, and is then CANCELLED; may be NULL */
	ChildProgress progress;	   /* may be NULL */
	gpointer data;
	char **ret_output; /* its standard output, at most 1 MiB; may be NULL. To be freed */
} ChildOptions;

/*
 * Run @argv (looked up in PATH) to its end. A failure has the last lines that it printed to
 * standard error. It dies with the calling thread, so also with the manager. @options may be NULL.
 */
bool child_run(const char *const *argv, const ChildOptions *options, GError **error);
