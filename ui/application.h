/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UI_APPLICATION_H
#define UI_APPLICATION_H

#include <gtk/gtk.h>

#define UI_TYPE_APPLICATION (ui_application_get_type())
G_DECLARE_FINAL_TYPE(UiApplication, ui_application, UI, APPLICATION, GtkApplication)

/* One instance a session; a second start raises the window of the first. Command line:
 * --show NAME: select this VM.
 */
UiApplication *ui_application_new(void);

#endif
