/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The little screen behind a thumbnail: what a guest's text console shows, as 25 lines of 80 cells.
 * Knows what boot messages, shells and editors use, and draws nothing itself. Pure; its size never
 * changes, whatever the guest writes.
 */
#pragma once

#include <glib.h>

#define UI_TEXT_SCREEN_COLUMNS 80
#define UI_TEXT_SCREEN_ROWS    25
/* The colour of text that asked for none. 0..15 are the usual sixteen. */
#define UI_TEXT_SCREEN_DEFAULT 16

typedef struct {
	gunichar character; /* 0: nothing there */
	guint8 colour, back;
} UiTextCell;

typedef struct UiTextScreen UiTextScreen;

UiTextScreen *ui_text_screen_new(void);
void ui_text_screen_free(UiTextScreen *screen);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UiTextScreen, ui_text_screen_free)

void ui_text_screen_feed(UiTextScreen *screen, const guint8 *bytes, gsize length);
/* UI_TEXT_SCREEN_COLUMNS cells; @row below UI_TEXT_SCREEN_ROWS. */
const UiTextCell *ui_text_screen_row(const UiTextScreen *screen, guint row);
/* A row as text without trailing blanks; to be freed. */
char *ui_text_screen_line(const UiTextScreen *screen, guint row);
