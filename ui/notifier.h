/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notifications of the desktop, for what a person does not see happen: a VM that ended by itself, a
 * long job of this application that ended, a throw-away VM that is gone. Nothing is told of what
 * is before their eyes: a job while a window of the application has the keyboard, the VM that such
 * a window shows.
 *
 * A click asks the application's action "show-vm" for the VM's object path.
 */
#ifndef UI_NOTIFIER_H
#define UI_NOTIFIER_H

#include <gtk/gtk.h>

#include "client.h"

#define UI_TYPE_NOTIFIER (ui_notifier_get_type())
G_DECLARE_FINAL_TYPE(UiNotifier, ui_notifier, UI, NOTIFIER, GObject)

/* application: registered, and lives longer. Without a session bus, or with nobody on it that shows
 * notifications, there are none.
 */
UiNotifier *ui_notifier_new(GtkApplication *application, UiClient *client);

#endif
