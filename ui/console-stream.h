/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VM's text console as a stream that is there whenever the VM runs: it is opened when the VM
 * starts, ends with it, and is opened again with its next run. Never blocks; what it reads and
 * keeps is bounded.
 *
 * Signals:
 *   data (GBytes *bytes, gboolean backlog): what the guest wrote; @backlog: before we looked
 *   notify::state
 */
#pragma once

#include "mullion-dbus.h"

#include <gio/gio.h>
#include <stdbool.h>

typedef enum {
	UI_CONSOLE_CLOSED,  /* not started, or the VM does not run */
	UI_CONSOLE_OPENING, /* asked for; also between two tries */
	UI_CONSOLE_OPEN,
	UI_CONSOLE_FAILED, /* see ui_console_stream_error; only ui_console_stream_retry helps */
} UiConsoleState;

#define UI_TYPE_CONSOLE_STREAM (ui_console_stream_get_type())
G_DECLARE_FINAL_TYPE(UiConsoleStream, ui_console_stream, UI, CONSOLE_STREAM, GObject)

/*
 * @pause: milliseconds between two reads of at most 16 KiB; a guest cannot cost more than that.
 * @interactive: polkit may ask the person.
 */
UiConsoleStream *ui_console_stream_new(MullionVm1 *vm, guint pause, bool interactive);
void ui_console_stream_start(UiConsoleStream *stream);
/* Closes it; it may be started again. */
void ui_console_stream_stop(UiConsoleStream *stream);
void ui_console_stream_retry(UiConsoleStream *stream);
UiConsoleState ui_console_stream_state(UiConsoleStream *stream);
/* Why it is not open, or NULL; belongs to the stream. */
const GError *ui_console_stream_error(UiConsoleStream *stream);
/*
 * Sends to the guest. False when it is not open, or when the guest does not read and 64 KiB are
 * waiting already: then nothing of @bytes is sent.
 */
bool ui_console_stream_send(UiConsoleStream *stream, const char *bytes, gsize length);
