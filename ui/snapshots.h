/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM's snapshots: take, revert, delete. Each is done at once. */
#pragma once

#include <gtk/gtk.h>

#include "client.h"

#define UI_TYPE_SNAPSHOTS (ui_snapshots_get_type())
G_DECLARE_FINAL_TYPE(UiSnapshots, ui_snapshots, UI, SNAPSHOTS, GtkBox)

/* Also for another proxy of the same VM. */
void ui_snapshots_set_vm(UiSnapshots *snapshots, UiClient *client, MullionVm1 *vm);
gboolean ui_snapshots_is_busy(UiSnapshots *snapshots);
