/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The little of the qcow2 format that a copy-on-write overlay needs: qemu-img takes longer to load
 * than to work. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

/* Bytes that a VM sees of the file or block device @path of @format (raw, block, qcow2). */
bool qcow2_size_of(const char *path, const char *format, guint64 *ret_size, GError **error);
/* Make the new file @path: @size bytes that are those of @base (of @base_format raw or qcow2) until
 * written. Not synced. INVALID_ARGUMENT for a base whose path the format has no room for. On
 * failure there is no file. */
bool qcow2_create_overlay(const char *path, const char *base, const char *base_format, guint64 size,
			  GError **error);
