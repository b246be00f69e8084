/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A grid of names, level bars and values: storage, temperatures, batteries. */
#pragma once

#include <gtk/gtk.h>

/*
 * Rows are made anew between begin and end: what was not set is gone. @identity is what a row is
 * known by, so that a bar keeps its place; @share is 0..1; @high: much of it is bad (a temperature,
 * a full disk), else little is (a battery).
 */
void ui_meters_begin(GtkGrid *grid);
void ui_meters_set(GtkGrid *grid, const char *identity, const char *name, double share,
		   gboolean high, const char *value);
void ui_meters_end(GtkGrid *grid);
