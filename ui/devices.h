/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A window to choose one of the machine's disks, partitions and volumes. */
#pragma once

#include <gtk/gtk.h>

#include "client.h"

typedef void (*UiDevicesFunc)(const char *path, gpointer widget);

/* @done gets what was chosen, and @widget (a GtkWidget); not when it is destroyed by then. */
void ui_devices_choose(GtkWindow *parent, UiClient *client, UiDevicesFunc done, gpointer widget);
