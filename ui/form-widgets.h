/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several forms do with GTK's own widgets. */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

#include "client.h"

/* Name for screen readers and tests of a widget that no visible label is bound to. */
void form_set_accessible(GtkWidget *widget, const char *name);
/* The button's value counts MiB, and is shown and typed as a size ("1.5 GiB"; a bare number is
 * @unit bytes). */
void form_spin_is_size(GtkSpinButton *button, guint64 unit);

/* The trust colours, painted and with their names. Once for a combo without model; read and set by
 * gtk_combo_box_{get,set}_active_id(). */
void form_combo_fill_colours(GtkComboBox *combo);
/* Networks by name; @with_none adds "No network" with the id "". Keeps the active id if it can. */
void form_combo_fill_networks(GtkComboBoxText *combo, UiClient *client, bool with_none);
/* Volume groups out of GetBlockDevices' answer ((aa{sv}aa{sv})), with what is free in them. */
void form_combo_fill_groups(GtkComboBoxText *combo, GVariant *answer);

/* Names of all VMs. To be freed. */
GStrv form_vm_names(UiClient *client);
/* Names of all networks. To be freed. */
GStrv form_network_names(UiClient *client);

/* Shows @text in @label, and hides the label when it is NULL or empty. */
void form_label_tell(GtkLabel *label, const char *text);
/* The same for an entry: with an icon and the text as its tooltip and accessible description. */
void form_entry_tell(GtkEntry *entry, const char *problem);

typedef void (*FormAskFunc)(gpointer data);
/* A question before something is lost: @verb is the button that does it. @done is called for yes
 * alone, and never after @parent is destroyed; @free_data (may be NULL) in any case, at the end. */
void form_ask(GtkWindow *parent, const char *question, const char *detail, const char *verb,
	      FormAskFunc done, gpointer data, GDestroyNotify free_data);
/* Escape closes @window, as it does a dialog. */
void form_window_closes(GtkWindow *window);
