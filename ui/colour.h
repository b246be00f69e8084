/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trust colours: names as the manager has them, and how they look. */
#ifndef UI_COLOUR_H
#define UI_COLOUR_H

#include <gtk/gtk.h>

/* The names, NULL-terminated, most trusted last. */
extern const char *const ui_colour_names[];

/* Translated word for a colour; "" or one that is not known: "no colour". */
const char *ui_colour_text(const char *colour);
/* How it is painted. FALSE: not a colour; rgba is grey then. */
gboolean ui_colour_rgba(const char *colour, GdkRGBA *rgba);
/* Give a widget the style class of the colour ("ui-colour-red"), and take any other away. */
void ui_colour_apply(GtkWidget *widget, const char *colour);

/* A label without its mnemonic and without the ellipsis at its end; free it. */
char *ui_plain_label(const char *label);

#endif
