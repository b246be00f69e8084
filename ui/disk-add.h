/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The window that adds a disk to a VM that is off. */
#pragma once

#include <gtk/gtk.h>

#include "client.h"

/* @done: called with @widget (a GtkWidget) after a disk was added, unless that is destroyed. */
void ui_disk_add_show(GtkWindow *parent, UiClient *client, MullionVm1 *vm,
		      void (*done)(gpointer widget), gpointer widget);
