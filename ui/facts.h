/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A grid of names and values, as on the pages of a VM and of the machine. */
#pragma once

#include <gtk/gtk.h>

/*
 * Show @value beside @name, in a row of its own that is added the first time. @name is translated
 * and is the row's identity; NULL or "" for @value hides the row. Plain text, never markup; it can
 * be selected and is linked to its name for screen readers.
 */
void ui_facts_set(GtkGrid *grid, const char *name, const char *value);
