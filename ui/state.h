/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the window remembers from one start to the next: $XDG_CONFIG_HOME/mullion/desktop.ini. */
#ifndef UI_STATE_H
#define UI_STATE_H

#include <gio/gio.h>

typedef struct {
	int width, height; /* of the window when it is not maximised; 0: not known */
	int sidebar;	   /* width of the list; 0: not known */
	gboolean maximized;
	char *vm; /* object path, or NULL: the machine */
} UiState;

typedef void UiStateReady(UiState *state, gpointer data);

/* Reads it and calls @ready once, later, with a state that becomes the callee's. What is missing or
 * makes no sense is 0.
 */
void ui_state_load(UiStateReady *ready, gpointer data);
/* Writes it; @application, if any, does not end before it is written. */
void ui_state_save(const UiState *state, GApplication *application);
void ui_state_free(UiState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UiState, ui_state_free)

#endif
