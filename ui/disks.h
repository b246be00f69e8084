/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM's disks: add, remove, grow, change a CD. Each is done at once. */
#pragma once

#include <gtk/gtk.h>

#include "client.h"

#define UI_TYPE_DISKS (ui_disks_get_type())
G_DECLARE_FINAL_TYPE(UiDisks, ui_disks, UI, DISKS, GtkBox)

/* Signal "reload": the disks are not what ui_disks_set() said any more. */

/* @disks: (aa{sv}) of GetSettings. */
void ui_disks_set(UiDisks *disks, UiClient *client, MullionVm1 *vm, GVariant *list);
gboolean ui_disks_is_busy(UiDisks *disks);
