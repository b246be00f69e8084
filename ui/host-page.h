/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's page: what it is, its load, temperatures, batteries, storage, the hypervisor's log.
 */
#pragma once

#include "client.h"

#include <gtk/gtk.h>

#define UI_TYPE_HOST_PAGE (ui_host_page_get_type())
G_DECLARE_FINAL_TYPE(UiHostPage, ui_host_page, UI, HOST_PAGE, GtkBox)

/* Asks the manager only while it is mapped. */
GtkWidget *ui_host_page_new(UiClient *client);
