/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM's network cards, as they are edited: nothing is asked of the manager. */
#pragma once

#include <gtk/gtk.h>

#include "client.h"

#define UI_TYPE_NICS (ui_nics_get_type())
G_DECLARE_FINAL_TYPE(UiNics, ui_nics, UI, NICS, GtkBox)

/* Signal "changed": a person has edited something. */

/* @nics: (aa{sv}) of GetSettings. */
void ui_nics_set(UiNics *nics, UiClient *client, GVariant *list);
/* The same as edited; what a card has besides is carried along. Floating. */
GVariant *ui_nics_get(UiNics *nics);
/* What is wrong, or NULL. To be freed. */
char *ui_nics_problem(UiNics *nics);
