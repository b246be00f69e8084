/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's log. It needs a right that not everybody has, so it is fetched when asked for,
 * and polkit may ask for a password then. Can be searched, copied and fetched again.
 */
#pragma once

#include "client.h"

#include <gtk/gtk.h>

#define UI_TYPE_HOST_LOG (ui_host_log_get_type())
G_DECLARE_FINAL_TYPE(UiHostLog, ui_host_log, UI, HOST_LOG, GtkBox)

GtkWidget *ui_host_log_new(UiClient *client);
