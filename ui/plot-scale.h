/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of plots: axes that a person can read, values with units. Pure. */
#pragma once

#include <glib.h>

typedef enum {
	UI_PLOT_SHARE, /* 0..1, shown in percent */
	UI_PLOT_BYTES, /* of the size set with ui_plot_set_size */
	UI_PLOT_RATE,  /* bytes a second; the axis follows the values */
} UiPlotUnit;

/* The top of an axis for values up to @largest: 1, 2 or 5 times a power; at least 1 KiB. */
double ui_plot_round_top(double largest);
/* "12 %", "1.5 GiB", "20.0 KiB/s"; to be freed. @value is not negative. */
char *ui_plot_text(UiPlotUnit unit, double value);
