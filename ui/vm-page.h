/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM's overview: what it is, how it does, what its owner noted. */
#pragma once

#include "client.h"

#include <gtk/gtk.h>

#define UI_TYPE_VM_PAGE (ui_vm_page_get_type())
G_DECLARE_FINAL_TYPE(UiVmPage, ui_vm_page, UI, VM_PAGE, GtkBox)

/* Holds the client's statistics while it is mapped. */
GtkWidget *ui_vm_page_new(UiClient *client, MullionVm1 *vm);
