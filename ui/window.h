/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UI_WINDOW_H
#define UI_WINDOW_H

#include <gtk/gtk.h>

#include "client.h"
#include "state.h"

#define UI_TYPE_WINDOW (ui_window_get_type())
G_DECLARE_FINAL_TYPE(UiWindow, ui_window, UI, WINDOW, GtkApplicationWindow)

/* state: size, and which VM is selected as soon as the manager has told of it. The window saves its
 * state when it goes.
 */
UiWindow *ui_window_new(GtkApplication *application, UiClient *client, const UiState *state);

/* Select a VM. When a screen is shown, the screen of this VM is shown then, else its overview. */
void ui_window_show_vm(UiWindow *window, MullionVm1 *vm);
/* The same by name, now or as soon as the manager has told of it. */
void ui_window_show_name(UiWindow *window, const char *name);
/* The same by object path; one that is not there is the machine's page. */
void ui_window_show_path(UiWindow *window, const char *object_path);
/* Object path of the VM that is shown, or NULL. */
const char *ui_window_get_shown(UiWindow *window);
/* Select a VM and show its screen. */
void ui_window_show_screen(UiWindow *window, MullionVm1 *vm);
/* FALSE: only the page is shown, without list, title bar and tools: for full screen. */
void ui_window_set_chrome(UiWindow *window, gboolean visible);

#endif
