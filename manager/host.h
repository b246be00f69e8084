/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine is. Reads files below /sys and /proc and runs programs: for threads. */
#pragma once

#include <gio/gio.h>

/* (a{sv}) of GetHost; @folder: whose file system is told. */
GVariant *host_describe(const char *folder, GError **error);
/* (aa{sv}aa{sv}) of GetBlockDevices. */
GVariant *host_block_devices(GError **error);
