/* SPDX-License-Identifier: GPL-2.0-or-later */
/* polkit is spoken to by hand: libpolkit would add a library and, for its sync calls, threads. */
#include "gate.h"

#define ANSWER_TIMEOUT_MS      25000
#define ALLOW_USER_INTERACTION 1

typedef struct {
	GateFunc done;
	gpointer data;
	char *action;
} Check;

static void answered(GObject *source, GAsyncResult *result, gpointer data)
{
	Check *check = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer =
	    g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	g_autofree char *reason = NULL;
	gboolean allowed = FALSE, challenge = FALSE;

	if (answer) {
		g_variant_get(answer, "((bba{ss}))", &allowed, &challenge, NULL);
	}
	if (!answer) {
		g_dbus_error_strip_remote_error(error);
		reason = g_strdup_printf("polkit could not be asked for %s: %s", check->action,
					 error->message);
	} else if (!allowed && challenge) {
		reason = g_strdup_printf(
		    "%s needs an administrator's password, and nothing here can ask for it",
		    check->action);
	} else if (!allowed) {
		reason = g_strdup_printf("polkit does not allow %s", check->action);
	}
	check->done(allowed, reason, check->data);
	g_free(check->action);
	g_free(check);
}

void gate_check(GDBusConnection *connection, const char *sender, const char *right,
		bool interactive, GateFunc done, gpointer data)
{
	Check *check = g_new(Check, 1);
	GVariantBuilder subject;

	*check = (Check){done, data, g_strconcat(GATE_PREFIX, right, NULL)};
	g_variant_builder_init(&subject, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&subject, "{sv}", "name", g_variant_new_string(sender ? sender : ""));
	g_dbus_connection_call(
	    connection, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
	    "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization",
	    g_variant_new("((sa{sv})sa{ss}us)", "system-bus-name", &subject, check->action, NULL,
			  interactive ? ALLOW_USER_INTERACTION : 0, ""),
	    G_VARIANT_TYPE("((bba{ss}))"), G_DBUS_CALL_FLAGS_NONE,
	    interactive ? G_MAXINT : ANSWER_TIMEOUT_MS, NULL, answered, check);
}
