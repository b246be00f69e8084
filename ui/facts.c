/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts.h"

#include <string.h>

static GtkWidget *new_label(const char *text)
{
	GtkWidget *label = gtk_label_new(text);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_yalign(GTK_LABEL(label), 0);
	gtk_widget_show(label);
	return label;
}

static GtkWidget *add_row(GtkGrid *grid, int row, const char *name)
{
	GtkWidget *title = new_label(name);
	GtkWidget *value = new_label("");

	gtk_style_context_add_class(gtk_widget_get_style_context(title), "dim-label");
	gtk_label_set_selectable(GTK_LABEL(value), TRUE);
	gtk_label_set_line_wrap(GTK_LABEL(value), TRUE);
	gtk_label_set_line_wrap_mode(GTK_LABEL(value), PANGO_WRAP_WORD_CHAR);
	gtk_widget_set_hexpand(value, TRUE);
	gtk_label_set_mnemonic_widget(GTK_LABEL(title), value);
	gtk_grid_attach(grid, title, 0, row, 1, 1);
	gtk_grid_attach(grid, value, 1, row, 1, 1);
	return value;
}

void ui_facts_set(GtkGrid *grid, const char *name, const char *value)
{
	GtkWidget *title, *label = NULL;
	int row = 0;

	for (; (title = gtk_grid_get_child_at(grid, 0, row)); row++) {
		if (strcmp(gtk_label_get_text(GTK_LABEL(title)), name) == 0) {
			label = gtk_grid_get_child_at(grid, 1, row);
			break;
		}
	}
	if (!label) {
		label = add_row(grid, row, name);
		title = gtk_grid_get_child_at(grid, 0, row);
	}
	if (g_strcmp0(gtk_label_get_text(GTK_LABEL(label)), value) != 0) {
		gtk_label_set_text(GTK_LABEL(label), value ? value : "");
	}
	gtk_widget_set_visible(title, value && *value);
	gtk_widget_set_visible(label, value && *value);
}
