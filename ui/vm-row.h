/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VM in the list. The row is a bare box of its final height until ui_vm_row_fill(): a hundred
 * rows are made at once, but only those in view are filled before the window is drawn.
 */
#ifndef UI_VM_ROW_H
#define UI_VM_ROW_H

#include <gtk/gtk.h>

#include "client.h"

#define UI_TYPE_VM_ROW (ui_vm_row_get_type())
G_DECLARE_FINAL_TYPE(UiVmRow, ui_vm_row, UI, VM_ROW, GtkListBoxRow)

GtkWidget *ui_vm_row_new(UiClient *client, MullionVm1 *vm);
MullionVm1 *ui_vm_row_get_vm(UiVmRow *row);
/* Make what is in it; nothing the second time. TRUE: it was not filled. */
gboolean ui_vm_row_fill(UiVmRow *row);

#endif
