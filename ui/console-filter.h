/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between a guest's console and the terminal widget: passes text and the sequences of a list, and
 * drops all else. So a guest cannot set titles, links or the clipboard, resize, print, ring, or
 * make a terminal say something in its user's name that nobody asked for. Pure; bounded memory.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct UiConsoleFilter UiConsoleFilter;

UiConsoleFilter *ui_console_filter_new(void);
void ui_console_filter_free(UiConsoleFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UiConsoleFilter, ui_console_filter_free)

/*
 * Adds to @out what of @bytes may pass; at most UI_CONSOLE_FILTER_GROWTH bytes for each byte.
 *
 * @answer: let questions pass (where is the cursor, what are you), which the terminal answers into
 * the guest's input. Not for the backlog: a guest that asked an hour ago would find the answer in
 * its shell. At most UI_CONSOLE_FILTER_QUESTIONS of them pass in a second; @now: microseconds.
 */
void ui_console_filter_feed(UiConsoleFilter *filter, const guint8 *bytes, gsize length, bool answer,
			    gint64 now, GByteArray *out);

#define UI_CONSOLE_FILTER_GROWTH    4
#define UI_CONSOLE_FILTER_QUESTIONS 16
