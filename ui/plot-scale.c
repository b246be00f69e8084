/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plot-scale.h"

double ui_plot_round_top(double largest)
{
	static const double steps[] = {1, 2, 5, 10, 20, 50, 100, 200, 500};

	for (double unit = 1024; unit < 1e18; unit *= 1024) {
		for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
			if (largest <= steps[i] * unit) {
				return steps[i] * unit;
			}
		}
	}
	return largest;
}

char *ui_plot_text(UiPlotUnit unit, double value)
{
	g_autofree char *size = NULL;

	if (unit == UI_PLOT_SHARE) {
		return g_strdup_printf("%.0f %%", value * 100);
	}
	size = g_format_size_full((guint64)value, G_FORMAT_SIZE_IEC_UNITS);
	return unit == UI_PLOT_BYTES ? g_strdup(size) : g_strdup_printf("%s/s", size);
}
