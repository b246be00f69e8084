/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The windows in which VMs and networks are made and changed. Each is modal, belongs to @parent and
 * goes with it. */
#pragma once

#include <gtk/gtk.h>

#include "client.h"

/* Make a new VM, step by step. */
void ui_assistant_show(GtkWindow *parent, UiClient *client);
/* Copy @vm. */
void ui_clone_show(GtkWindow *parent, UiClient *client, MullionVm1 *vm);
/* Take over a configuration of xl. */
void ui_import_show(GtkWindow *parent, UiClient *client);
/* Settings, disks, networks and snapshots of @vm. */
void ui_settings_show(GtkWindow *parent, UiClient *client, MullionVm1 *vm);
/* The networks of this machine. */
void ui_networks_show(GtkWindow *parent, UiClient *client);
