/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grammar of xl's files: KEY = VALUE, KEY += VALUE; a value is a string, a number or a list of
 * values. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

typedef struct {
	char *key;
	guint line;
	bool is_list;
	GPtrArray *values; /* char *: the words of a list, flattened one level, or one word */
	GArray *lines;	   /* guint: of each value */
} XlcfgSetting;

/* XlcfgSetting array, or NULL with an error that begins "line N: ". */
GPtrArray *xlcfg_lex(const char *text, GError **error);
