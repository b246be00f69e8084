/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "error.h"

#include <errno.h>

static const GDBusErrorEntry entries[] = {
    {MULLION_ERROR_FAILED, "org.mullion.Error.Failed"},
    {MULLION_ERROR_NOT_AUTHORIZED, "org.mullion.Error.NotAuthorized"},
    {MULLION_ERROR_NOT_FOUND, "org.mullion.Error.NotFound"},
    {MULLION_ERROR_EXISTS, "org.mullion.Error.Exists"},
    {MULLION_ERROR_INVALID_ARGUMENT, "org.mullion.Error.InvalidArgument"},
    {MULLION_ERROR_INVALID_STATE, "org.mullion.Error.InvalidState"},
    {MULLION_ERROR_BUSY, "org.mullion.Error.Busy"},
    {MULLION_ERROR_IN_USE, "org.mullion.Error.InUse"},
    {MULLION_ERROR_NO_SPACE, "org.mullion.Error.NoSpace"},
    {MULLION_ERROR_NO_MEMORY, "org.mullion.Error.NoMemory"},
    {MULLION_ERROR_NOT_SUPPORTED, "org.mullion.Error.NotSupported"},
    {MULLION_ERROR_CANCELLED, "org.mullion.Error.Cancelled"},
};
G_STATIC_ASSERT(G_N_ELEMENTS(entries) == MULLION_ERROR_CANCELLED + 1);

GQuark mullion_error_quark(void)
{
	static gsize quark;
	g_dbus_error_register_error_domain("mullion-error", &quark, entries, G_N_ELEMENTS(entries));
	return (GQuark)quark;
}

static MullionError code_of_errno(int saved_errno)
{
	switch (saved_errno) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return MULLION_ERROR_NOT_FOUND;
	case EEXIST:
		return MULLION_ERROR_EXISTS;
	case EBUSY:
	case ETXTBSY:
		return MULLION_ERROR_IN_USE;
	case ENOSPC:
	case EDQUOT:
		return MULLION_ERROR_NO_SPACE;
	case ENOMEM:
		return MULLION_ERROR_NO_MEMORY;
	case EOPNOTSUPP:
	case ENOSYS:
		return MULLION_ERROR_NOT_SUPPORTED;
	case ECANCELED:
		return MULLION_ERROR_CANCELLED;
	default:
		return MULLION_ERROR_FAILED;
	}
}

void error_set_errno(GError **error, int saved_errno, const char *format, ...)
{
	g_autofree char *what = NULL;
	va_list args;

	va_start(args, format);
	what = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, MULLION_ERROR, (int)code_of_errno(saved_errno), "%s: %s", what,
		    g_strerror(saved_errno));
}

static MullionError code_of_gio(int code)
{
	switch (code) {
	case G_IO_ERROR_NOT_FOUND:
		return MULLION_ERROR_NOT_FOUND;
	case G_IO_ERROR_EXISTS:
		return MULLION_ERROR_EXISTS;
	case G_IO_ERROR_NO_SPACE:
		return MULLION_ERROR_NO_SPACE;
	case G_IO_ERROR_CANCELLED:
		return MULLION_ERROR_CANCELLED;
	case G_IO_ERROR_NOT_SUPPORTED:
		return MULLION_ERROR_NOT_SUPPORTED;
	case G_IO_ERROR_BUSY:
		return MULLION_ERROR_IN_USE;
	default:
		return MULLION_ERROR_FAILED;
	}
}

void error_to_mullion(GError **error)
{
	GError *old;
	MullionError code = MULLION_ERROR_FAILED;

	if (!error || !*error || (*error)->domain == MULLION_ERROR) {
		return;
	}
	old = *error;
	if (old->domain == G_IO_ERROR) {
		code = code_of_gio(old->code);
	} else if (old->domain == G_FILE_ERROR && old->code == G_FILE_ERROR_NOENT) {
		code = MULLION_ERROR_NOT_FOUND;
	} else if (old->domain == G_FILE_ERROR && old->code == G_FILE_ERROR_NOSPC) {
		code = MULLION_ERROR_NO_SPACE;
	}
	*error = g_error_new_literal(MULLION_ERROR, (int)code, old->message);
	g_error_free(old);
}
