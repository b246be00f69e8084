/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Something that the manager is asked to do, from the call to its end: progress, a button that
 * stops it, and what went wrong. Hidden while there is nothing to say. */
#pragma once

#include <gtk/gtk.h>

#include "client.h"

#define UI_TYPE_PROGRESS (ui_progress_get_type())
G_DECLARE_FINAL_TYPE(UiProgress, ui_progress, UI, PROGRESS, GtkBox)

/* Signal "ended" (gboolean good): the call, or the job that it began, has ended. What went wrong is
 * shown here; a job that was stopped has not been good. */

/* Call @method of @proxy. When its answer is a job's path, follow the job.
 * @args: floating, or NULL. @what: translated, shown meanwhile ("Making “web”…").
 * A job that still runs when the widget goes is watched by @client. Must not be busy. */
void ui_progress_call(UiProgress *progress, UiClient *client, gpointer proxy, const char *method,
		      GVariant *args, const char *what);
gboolean ui_progress_is_busy(UiProgress *progress);
/* As its button does: ask the job to stop. */
void ui_progress_cancel(UiProgress *progress);
/* Show this as what went wrong; NULL: nothing. */
void ui_progress_tell(UiProgress *progress, const char *problem);
/* In "ended": an object's path out of the job's result, or NULL. To be freed. */
char *ui_progress_result_path(UiProgress *progress, const char *key);
