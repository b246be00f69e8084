/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page with a VM's screen: tools, a bar that says why there is no graphical display, and the
 * VM's framed console. While a VM has the keyboard every key is the VM's, the application's own
 * accelerators included, except for the chords of chord.h; these work in the whole page and in full
 * screen, where the keyboard is held so that no other program takes keys.
 */
#pragma once

#include "client.h"

#include <gtk/gtk.h>

#define UI_TYPE_SCREEN (ui_screen_get_type())
G_DECLARE_FINAL_TYPE(UiScreen, ui_screen, UI, SCREEN, GtkBox)

GtkWidget *ui_screen_new(UiClient *client, MullionVm1 *vm);
