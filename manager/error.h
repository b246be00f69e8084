/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The manager's one error domain. Each code has a D-Bus name, org.mullion.Error.CODE, and crosses
 * the bus in both directions: GIO maps it back on the caller's side
 * (manager/dbus/org.mullion.Manager1.xml has the meanings).
 */
#pragma once

#include <gio/gio.h>

typedef enum {
	MULLION_ERROR_FAILED,
	MULLION_ERROR_NOT_AUTHORIZED,
	MULLION_ERROR_NOT_FOUND,
	MULLION_ERROR_EXISTS,
	MULLION_ERROR_INVALID_ARGUMENT,
	MULLION_ERROR_INVALID_STATE,
	MULLION_ERROR_BUSY,
	MULLION_ERROR_IN_USE,
	MULLION_ERROR_NO_SPACE,
	MULLION_ERROR_NO_MEMORY,
	MULLION_ERROR_NOT_SUPPORTED,
	MULLION_ERROR_CANCELLED,
} MullionError;

#define MULLION_ERROR (mullion_error_quark())
GQuark mullion_error_quark(void);

/* Set @error from @saved_errno; @format says what could not be done: "cannot write x: No space left
 * on device". */
void error_set_errno(GError **error, int saved_errno, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Turn a GIO or GLib error into one of ours, in place, message kept. NULL is nothing to do. */
void error_to_mullion(GError **error);

/* Put "@format: " before the message. */
#define error_prefix g_prefix_error

static inline gboolean error_is(const GError *error, MullionError code)
{
	return g_error_matches(error, MULLION_ERROR, (int)code);
}
