/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bar of notices: what went wrong, with which VM, and what to do. One is shown at a time,
 * oldest first; the others wait until it is closed. Hidden when there is none.
 */
#ifndef UI_NOTICE_H
#define UI_NOTICE_H

#include <gtk/gtk.h>

#define UI_TYPE_NOTICE (ui_notice_get_type())
G_DECLARE_FINAL_TYPE(UiNotice, ui_notice, UI, NOTICE, GtkBox)

/* A notice equal to one that waits is not added again.
 * error: name of the D-Bus error, or "".
 * vm: object path of the VM meant, or NULL. Signal "show-vm" (object path) asks for it to be shown.
 */
void ui_notice_add(UiNotice *notice, const char *what, const char *detail, const char *vm,
		   const char *error);

#endif
