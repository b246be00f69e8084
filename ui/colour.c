/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "colour.h"

#include <glib/gi18n.h>
#include <string.h>

const char *const ui_colour_names[] = {"red",	 "orange", "yellow", "green", "blue",
				       "purple", "grey",   "black",  NULL};

/* The same values are in style.css. */
static const struct {
	const char *text;
	const char *value;
} colours[] = {
    {N_("red"), "#d7263d"},   {N_("orange"), "#e8720c"}, {N_("yellow"), "#d9a400"},
    {N_("green"), "#2e9e44"}, {N_("blue"), "#1c71d8"},	 {N_("purple"), "#8a3fa6"},
    {N_("grey"), "#7d7d7d"},  {N_("black"), "#1d1d1d"},
};

G_STATIC_ASSERT(G_N_ELEMENTS(colours) == G_N_ELEMENTS(ui_colour_names) - 1);

static int colour_index(const char *colour)
{
	for (guint i = 0; i < G_N_ELEMENTS(colours); i++) {
		if (g_strcmp0(colour, ui_colour_names[i]) == 0) {
			return i;
		}
	}
	return -1;
}

const char *ui_colour_text(const char *colour)
{
	int index = colour_index(colour);

	return index < 0 ? _("no colour") : _(colours[index].text);
}

gboolean ui_colour_rgba(const char *colour, GdkRGBA *rgba)
{
	int index = colour_index(colour);

	gdk_rgba_parse(rgba, index < 0 ? "#7d7d7d" : colours[index].value);
	return index >= 0;
}

void ui_colour_apply(GtkWidget *widget, const char *colour)
{
	GtkStyleContext *context = gtk_widget_get_style_context(widget);
	int index = colour_index(colour);

	for (guint i = 0; i < G_N_ELEMENTS(colours); i++) {
		g_autofree char *class = g_strconcat("ui-colour-", ui_colour_names[i], NULL);

		if ((int)i == index) {
			gtk_style_context_add_class(context, class);
		} else {
			gtk_style_context_remove_class(context, class);
		}
	}
	gtk_widget_set_tooltip_text(widget, ui_colour_text(colour));
}

char *ui_plain_label(const char *label)
{
	GString *plain = g_string_new(NULL);

	for (const char *at = label; *at; at++) {
		if (*at != '_') {
			g_string_append_c(plain, *at);
		}
	}
	if (g_str_has_suffix(plain->str, "…")) {
		g_string_truncate(plain, plain->len - strlen("…"));
	}
	return g_string_free(plain, FALSE);
}
