/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small live picture of what a VM shows on its text console, for a row of a list. It has the
 * console open only while the VM runs and the picture is in view, and is drawn at most once a
 * second.
 */
#pragma once

#include "client.h"

#include <gtk/gtk.h>

#define UI_TYPE_THUMBNAIL (ui_thumbnail_get_type())
G_DECLARE_FINAL_TYPE(UiThumbnail, ui_thumbnail, UI, THUMBNAIL, GtkDrawingArea)

GtkWidget *ui_thumbnail_new(UiClient *client, MullionVm1 *vm);
