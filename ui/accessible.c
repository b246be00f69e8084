/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accessible.h"

#include <glib/gi18n.h>

static void name_close(GtkWidget *widget, gpointer data)
{
	if (GTK_IS_BUTTON(widget) &&
	    gtk_style_context_has_class(gtk_widget_get_style_context(widget), "close")) {
		atk_object_set_name(gtk_widget_get_accessible(widget), _("Close"));
	} else if (GTK_IS_CONTAINER(widget)) {
		gtk_container_forall(GTK_CONTAINER(widget), name_close, NULL);
	}
}

void ui_accessible_name_close(GtkInfoBar *bar)
{
	gtk_container_forall(GTK_CONTAINER(bar), name_close, NULL);
}

static void name_page(GtkWidget *widget, gpointer row)
{
	if (GTK_IS_LABEL(widget) && row) {
		atk_object_set_name(gtk_widget_get_accessible(row),
				    gtk_label_get_text(GTK_LABEL(widget)));
	} else if (GTK_IS_CONTAINER(widget)) {
		gtk_container_forall(GTK_CONTAINER(widget), name_page,
				     GTK_IS_LIST_BOX_ROW(widget) ? widget : row);
	}
}

void ui_accessible_name_pages(GtkStackSidebar *sidebar)
{
	gtk_container_forall(GTK_CONTAINER(sidebar), name_page, NULL);
}
