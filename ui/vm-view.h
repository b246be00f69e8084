/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is right of the list for one VM: its name, state and buttons, and below them its pages,
 * "overview" and "screen". Pages are made when they are first shown.
 */
#ifndef UI_VM_VIEW_H
#define UI_VM_VIEW_H

#include <gtk/gtk.h>

#include "client.h"

#define UI_TYPE_VM_VIEW (ui_vm_view_get_type())
G_DECLARE_FINAL_TYPE(UiVmView, ui_vm_view, UI, VM_VIEW, GtkBox)

GtkWidget *ui_vm_view_new(UiClient *client, MullionVm1 *vm);
MullionVm1 *ui_vm_view_get_vm(UiVmView *view);
/* "overview" or "screen"; get: which is shown. */
void ui_vm_view_set_page(UiVmView *view, const char *page);
const char *ui_vm_view_get_page(UiVmView *view);
/* FALSE: the page alone. */
void ui_vm_view_set_chrome(UiVmView *view, gboolean visible);

#endif
