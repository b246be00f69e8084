/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An entry for a path of the service VM, with a button that opens a file chooser, and one for block
 * devices if wanted. */
#pragma once

#include <gtk/gtk.h>

#include "client.h"

#define UI_TYPE_PATH_ENTRY (ui_path_entry_get_type())
G_DECLARE_FINAL_TYPE(UiPathEntry, ui_path_entry, UI, PATH_ENTRY, GtkBox)

/*
 * Properties: "text"; "label" (translated: what it is a path of, for screen readers and the file
 * chooser's title); "patterns" (names that the chooser shows first: "*.iso;*.img", "" for all).
 * Signal "changed".
 */
const char *ui_path_entry_get_text(UiPathEntry *entry);
void ui_path_entry_set_text(UiPathEntry *entry, const char *text);
/* Have a button that offers block devices, too. */
void ui_path_entry_offer_devices(UiPathEntry *entry, UiClient *client);
