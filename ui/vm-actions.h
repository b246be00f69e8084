/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be done with a VM, as an action group named "vm": start, throw-away, pause (stateful: it
 * is paused), shut-down, reboot, force-reboot, save, discard-saved, force-off, settings, clone,
 * delete. Each is enabled exactly when the manager would take it in the VM's state. What destroys
 * asks first.
 */
#ifndef UI_VM_ACTIONS_H
#define UI_VM_ACTIONS_H

#include <gtk/gtk.h>

#include "client.h"

#define UI_TYPE_VM_ACTIONS (ui_vm_actions_get_type())
G_DECLARE_FINAL_TYPE(UiVmActions, ui_vm_actions, UI, VM_ACTIONS, GSimpleActionGroup)

/* The window is the parent of what asks; it outlives the actions. */
UiVmActions *ui_vm_actions_new(UiClient *client, GtkWindow *window);
/* NULL: none; nothing is enabled. */
void ui_vm_actions_set_vm(UiVmActions *actions, MullionVm1 *vm_or_null);

/* Name of the one action that a person most likely wants of a VM in its state ("start"), or NULL
 * while a job is at work.
 */
const char *ui_vm_actions_primary(MullionVm1 *vm);
/* Of an action: translated word with mnemonic, and symbolic icon. NULL for one that is not known.
 */
const char *ui_vm_actions_label(const char *action);
const char *ui_vm_actions_icon(const char *action);

/* Do it without a group: for a button in a row. */
void ui_vm_actions_do(UiClient *client, GtkWindow *window, MullionVm1 *vm, const char *action);

#endif
