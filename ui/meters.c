/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "meters.h"

#include <string.h>

#define IDENTITY "ui-meter"
#define SEEN	 "ui-meter-seen"

static GtkWidget *child(GtkGrid *grid, int column, int row)
{
	return gtk_grid_get_child_at(grid, column, row);
}

void ui_meters_begin(GtkGrid *grid)
{
	GtkWidget *title;

	for (int row = 0; (title = child(grid, 0, row)); row++) {
		g_object_set_data(G_OBJECT(title), SEEN, NULL);
	}
}

static GtkWidget *new_label(float xalign)
{
	GtkWidget *label = gtk_label_new(NULL);

	gtk_label_set_xalign(GTK_LABEL(label), xalign);
	gtk_widget_show(label);
	return label;
}

static void add_row(GtkGrid *grid, int row, const char *identity)
{
	GtkWidget *title = new_label(0), *bar = gtk_level_bar_new();

	g_object_set_data_full(G_OBJECT(title), IDENTITY, g_strdup(identity), g_free);
	gtk_style_context_add_class(gtk_widget_get_style_context(title), "dim-label");
	gtk_widget_set_valign(bar, GTK_ALIGN_CENTER);
	gtk_widget_set_size_request(bar, 180, -1);
	gtk_widget_show(bar);
	gtk_grid_attach(grid, title, 0, row, 1, 1);
	gtk_grid_attach(grid, bar, 1, row, 1, 1);
	gtk_grid_attach(grid, new_label(0), 2, row, 1, 1);
}

/* The colours of level bars say "little is bad". Where much is, its value's words tell. */
static void set_levels(GtkLevelBar *bar, gboolean high)
{
	if (high) {
		gtk_level_bar_remove_offset_value(bar, GTK_LEVEL_BAR_OFFSET_LOW);
		gtk_level_bar_remove_offset_value(bar, GTK_LEVEL_BAR_OFFSET_HIGH);
		gtk_level_bar_remove_offset_value(bar, GTK_LEVEL_BAR_OFFSET_FULL);
		gtk_level_bar_add_offset_value(bar, GTK_LEVEL_BAR_OFFSET_HIGH, 1.0);
	}
}

void ui_meters_set(GtkGrid *grid, const char *identity, const char *name, double share,
		   gboolean high, const char *value)
{
	GtkWidget *title, *bar;
	int row = 0;

	for (; (title = child(grid, 0, row)); row++) {
		if (strcmp(g_object_get_data(G_OBJECT(title), IDENTITY), identity) == 0) {
			break;
		}
	}
	if (!title) {
		add_row(grid, row, identity);
		title = child(grid, 0, row);
		set_levels(GTK_LEVEL_BAR(child(grid, 1, row)), high);
	}
	bar = child(grid, 1, row);
	g_object_set_data(G_OBJECT(title), SEEN, title);
	gtk_label_set_text(GTK_LABEL(title), name);
	gtk_level_bar_set_value(GTK_LEVEL_BAR(bar), CLAMP(share, 0, 1));
	gtk_label_set_text(GTK_LABEL(child(grid, 2, row)), value);
	atk_object_set_name(gtk_widget_get_accessible(bar), name);
	atk_object_set_description(gtk_widget_get_accessible(bar), value);
}

void ui_meters_end(GtkGrid *grid)
{
	GtkWidget *title;

	for (int row = 0; (title = child(grid, 0, row));) {
		if (g_object_get_data(G_OBJECT(title), SEEN)) {
			row++;
		} else {
			gtk_grid_remove_row(grid, row);
		}
	}
}
