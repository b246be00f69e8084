/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KEY=VALUE words of the command line as settings of D-Bus. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * "memory=512" "disk=format=qcow2,create-size=10G" "nic=network=lan" ... into a{sv}, floating.
 * disk= and nic= may come several times and make up "disks" and "nics"; "disk=" alone makes an
 * empty list. Sizes take K, M, G, T. The type of a value is that of the key; what is right for it
 * the manager says.
 */
GVariant *settings_parse(char **words, GError **error);
/* "format=raw,create-size=1G" into a{sv}, floating. */
GVariant *settings_parse_device(const char *word, GError **error);
/* "10G" → bytes. */
bool settings_parse_size(const char *text, guint64 *ret_bytes, GError **error);
