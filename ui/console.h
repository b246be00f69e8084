/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VM shows on its text console, within a frame of its trust colour that carries its name.
 * The frame is outside of what the guest can draw on. When the VM does not run, its last words stay
 * and a bar says so; with no words to show there is a page that offers what can be done.
 */
#pragma once

#include "client.h"

#include <gtk/gtk.h>

#define UI_TYPE_CONSOLE (ui_console_get_type())
G_DECLARE_FINAL_TYPE(UiConsole, ui_console, UI, CONSOLE, GtkBox)

GtkWidget *ui_console_new(UiClient *client, MullionVm1 *vm);
/* Keys go to the guest: its widget has the focus. */
gboolean ui_console_has_keyboard(UiConsole *console);
/* Give it the focus, now or, while it is being opened and seen, when there is a guest to type to.
 */
void ui_console_take_keyboard(UiConsole *console);
gboolean ui_console_has_selection(UiConsole *console);
void ui_console_copy(UiConsole *console);
/* The clipboard's text is typed to the guest. */
void ui_console_paste(UiConsole *console);
/* One step larger (@direction above 0) or smaller (below 0), or the usual size (0). */
void ui_console_zoom(UiConsole *console, int direction);
