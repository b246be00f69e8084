/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chord.h"

#define MODIFIERS (GDK_CONTROL_MASK | GDK_MOD1_MASK | GDK_SHIFT_MASK | GDK_SUPER_MASK)

UiChord ui_chord_of(const GdkEventKey *event)
{
	/* Lock keys do not count. */
	if ((event->state & MODIFIERS) != (GDK_CONTROL_MASK | GDK_MOD1_MASK)) {
		return UI_CHORD_NONE;
	}
	switch (event->keyval) {
	case GDK_KEY_Home:
	case GDK_KEY_KP_Home:
		return UI_CHORD_LEAVE;
	case GDK_KEY_Page_Up:
	case GDK_KEY_KP_Page_Up:
		return UI_CHORD_PREVIOUS;
	case GDK_KEY_Page_Down:
	case GDK_KEY_KP_Page_Down:
		return UI_CHORD_NEXT;
	case GDK_KEY_Return:
	case GDK_KEY_KP_Enter:
		return UI_CHORD_FULLSCREEN;
	default:
		return UI_CHORD_NONE;
	}
}
