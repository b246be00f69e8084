/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys that never reach a guest: Ctrl+Alt with Home (give the keyboard back, leave full
 * screen), Page Up and Page Down (the previous, the next running VM), Enter (full screen or not).
 * They are taken before the guest's widget sees a key; nothing a guest writes can change that.
 */
#pragma once

#include <gdk/gdk.h>

typedef enum {
	UI_CHORD_NONE,
	UI_CHORD_LEAVE,
	UI_CHORD_PREVIOUS,
	UI_CHORD_NEXT,
	UI_CHORD_FULLSCREEN,
} UiChord;

UiChord ui_chord_of(const GdkEventKey *event);
