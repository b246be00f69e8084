/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a copy of a VM is to be: of which VM, its name, linked or not, a template or not. */
#pragma once

#include <gtk/gtk.h>

#include "client.h"

#define UI_TYPE_CLONE_BOX (ui_clone_box_get_type())
G_DECLARE_FINAL_TYPE(UiCloneBox, ui_clone_box, UI, CLONE_BOX, GtkBox)

/* Signal "changed": the answer of ui_clone_box_is_ready() may be another one. */

/* Copy this VM; no other can be chosen. */
void ui_clone_box_set_vm(UiCloneBox *box, UiClient *client, MullionVm1 *vm);
/* Any VM can be chosen, or any template. */
void ui_clone_box_offer(UiCloneBox *box, UiClient *client, gboolean templates);

/* FALSE: something is missing or wrong; the box says what. */
gboolean ui_clone_box_is_ready(UiCloneBox *box);
/* NULL: none is chosen. */
MullionVm1 *ui_clone_box_get_vm(UiCloneBox *box);
const char *ui_clone_box_get_name(UiCloneBox *box);
gboolean ui_clone_box_get_linked(UiCloneBox *box);
gboolean ui_clone_box_get_template(UiCloneBox *box);
/* Arguments of the method Clone, floating. */
GVariant *ui_clone_box_get_arguments(UiCloneBox *box);
