/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Import of xl's configuration files (xl.cfg(5)): every key that applies, and a note by line for
 * what is not kept. */
#pragma once

#include "vm-config.h"

/* The name of the network that is @bridge, or NULL; the answer is owned by the callee. */
typedef const char *(*XlcfgNetworkFunc)(const char *bridge, gpointer data);

/*
 * Parse @text. @ret_name gets the file's `name` ("" if it has none; to be freed). @notes gets what
 * is not kept. NULL with INVALID_ARGUMENT when the text is not of xl's grammar, or a value that
 * matters cannot be understood; the message begins "line N: ".
 */
VmConfig *xlcfg_parse(const char *text, XlcfgNetworkFunc network, gpointer data, char **ret_name,
		      GPtrArray *notes, GError **error);
