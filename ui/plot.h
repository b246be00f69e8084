/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One figure of the last two minutes: a title, its value now, and one or two lines over time with
 * axes. Two lines differ in stroke as well as colour. Draws only while it can be seen and only what
 * changed; says its value to screen readers.
 */
#pragma once

#include "history.h"
#include "plot-scale.h"

#include <gtk/gtk.h>

#define UI_TYPE_PLOT (ui_plot_get_type())
G_DECLARE_FINAL_TYPE(UiPlot, ui_plot, UI, PLOT, GtkBox)

GtkWidget *ui_plot_new(void);
/*
 * @title, @first_name, @second_name: translated. @first, @second: offsets of doubles in UiSample.
 * @second_name: NULL for a plot of one line, which needs no names.
 */
void ui_plot_set_kind(UiPlot *plot, const char *title, UiPlotUnit unit);
void ui_plot_set_lines(UiPlot *plot, gsize first, const char *first_name, gsize second,
		       const char *second_name);
/* What the top of the axis is for UI_PLOT_BYTES; 0: the largest value. */
void ui_plot_set_size(UiPlot *plot, double bytes);
/* There are new samples, or another history (NULL: none). The plot keeps a copy of its values. */
void ui_plot_update(UiPlot *plot, const UiHistory *history);
