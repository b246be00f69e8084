/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All keys for one window as long as it is the active one: the window manager's chords too. When
 * another window becomes active, a question for a password say, the keys are let go at once.
 */
#pragma once

#include <gtk/gtk.h>

typedef struct UiKeyGrab UiKeyGrab;

UiKeyGrab *ui_key_grab_new(void);
void ui_key_grab_free(UiKeyGrab *grab);

/*
 * Hold the keys of @window's display for @window, which is realized. Again when held: nothing. The
 * window manager may have the keyboard itself just now: then it is tried for two seconds.
 */
void ui_key_grab_hold(UiKeyGrab *grab, GtkWidget *window);
void ui_key_grab_release(UiKeyGrab *grab);
/* The display says that the grab is broken (grab-broken-event). */
void ui_key_grab_broken(UiKeyGrab *grab);
