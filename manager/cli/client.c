/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"

#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

GVariant *client_call(Client *client, const char *path, const char *interface, const char *method,
		      GVariant *args, GError **error)
{
	g_autofree char *full = strchr(interface, '.')
				    ? g_strdup(interface)
				    : g_strconcat("org.mullion.", interface, NULL);

	/* No limit of time: polkit may be asking the person. */
	return g_dbus_connection_call_sync(
	    client->connection, CLIENT_NAME, path, full, method, args, NULL,
	    G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, G_MAXINT, NULL, error);
}

GVariant *client_properties(Client *client, const char *path, const char *interface, GError **error)
{
	g_autofree char *full = g_strconcat("org.mullion.", interface, NULL);
	g_autoptr(GVariant) reply = client_call(client, path, "org.freedesktop.DBus.Properties",
						"GetAll", g_variant_new("(s)", full), error);

	return reply ? g_variant_get_child_value(reply, 0) : NULL;
}

GVariant *client_objects(Client *client, GError **error)
{
	g_autoptr(GVariant) reply =
	    client_call(client, CLIENT_ROOT, "org.freedesktop.DBus.ObjectManager",
			"GetManagedObjects", NULL, error);

	return reply ? g_variant_get_child_value(reply, 0) : NULL;
}

char *client_find(Client *client, const char *name, GError **error)
{
	g_autoptr(GVariant) reply = client_call(client, CLIENT_ROOT, "Manager1", "FindVm",
						g_variant_new("(s)", name), error);
	char *path = NULL;

	if (reply) {
		g_variant_get(reply, "(o)", &path);
	}
	return path;
}

typedef struct {
	Client *client;
	GMainLoop *loop;
	char *path;
	double progress;
	bool over;
} Wait;

static void show_progress(Wait *wait, double progress)
{
	if (progress >= 0 && !wait->client->quiet && isatty(STDERR_FILENO)) {
		g_printerr("\r%3.0f %%", progress * 100);
		wait->progress = progress;
	}
}

static void signalled(GDBusConnection *connection, const char *sender, const char *path,
		      const char *interface, const char *name, GVariant *args, gpointer data)
{
	Wait *wait = data;
	g_autoptr(GVariant) changed = NULL;
	double progress;

	if (g_str_equal(name, "Finished")) {
		wait->over = true;
		g_main_loop_quit(wait->loop);
	} else if (g_str_equal(name, "PropertiesChanged")) {
		g_variant_get(args, "(s@a{sv}as)", NULL, &changed, NULL);
		if (g_variant_lookup(changed, "Progress", "d", &progress)) {
			show_progress(wait, progress);
		}
	}
}

static void vanished(GDBusConnection *connection, const char *name, gpointer data)
{
	g_main_loop_quit(((Wait *)data)->loop);
}

static gboolean interrupted(gpointer data)
{
	Wait *wait = data;
	g_autoptr(GVariant) reply =
	    client_call(wait->client, wait->path, "Job1", "Cancel", NULL, NULL);

	return G_SOURCE_CONTINUE;
}

/* A job that ended before we listened has said so in its properties, which stay for a minute. */
static bool is_over(Wait *wait)
{
	g_autoptr(GVariant) properties = client_properties(wait->client, wait->path, "Job1", NULL);
	const char *state = "";

	return !properties || (g_variant_lookup(properties, "State", "&s", &state) &&
			       !g_str_equal(state, "running"));
}

static GVariant *outcome(Wait *wait, GError **error)
{
	g_autoptr(GVariant) properties = client_properties(wait->client, wait->path, "Job1", error);
	const char *state = "", *name = "", *message = "";

	if (!properties) {
		return NULL;
	}
	g_variant_lookup(properties, "State", "&s", &state);
	if (g_str_equal(state, "done")) {
		return g_variant_lookup_value(properties, "Result", G_VARIANT_TYPE_VARDICT);
	}
	g_variant_lookup(properties, "Error", "&s", &name);
	g_variant_lookup(properties, "Message", "&s", &message);
	if (error) {
		*error = g_dbus_error_new_for_dbus_error(*name ? name : "org.mullion.Error.Failed",
							 message);
	}
	return NULL;
}

GVariant *client_job(Client *client, const char *path, const char *interface, const char *method,
		     GVariant *args, GError **error)
{
	g_autoptr(GVariant) reply = client_call(client, path, interface, method, args, error);
	Wait wait = {client, NULL, NULL, -1.0, false};
	guint subscription, watch, interrupt;
	GVariant *result;

	if (!reply) {
		return NULL;
	}
	g_variant_get(reply, "(o)", &wait.path);
	wait.loop = g_main_loop_new(NULL, FALSE);
	subscription = g_dbus_connection_signal_subscribe(
	    client->connection, CLIENT_NAME, NULL, NULL, wait.path, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
	    signalled, &wait, NULL);
	watch = g_bus_watch_name_on_connection(client->connection, CLIENT_NAME,
					       G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, vanished, &wait,
					       NULL);
	interrupt = g_unix_signal_add(SIGINT, interrupted, &wait);
	if (!is_over(&wait)) {
		g_main_loop_run(wait.loop);
	}
	g_source_remove(interrupt);
	g_bus_unwatch_name(watch);
	g_dbus_connection_signal_unsubscribe(client->connection, subscription);
	if (wait.progress >= 0) {
		g_printerr("\r      \r");
	}
	result = outcome(&wait, error);
	g_main_loop_unref(wait.loop);
	g_free(wait.path);
	return result;
}

static void json_text(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') {
			g_string_append_printf(out, "\\%c", *text);
		} else if ((guchar)*text < ' ' || *text == 0x7f) {
			g_string_append_printf(out, "\\u%04x", (guint)(guchar)*text);
		} else {
			g_string_append_c(out, *text);
		}
	}
	g_string_append_c(out, '"');
}

static void json_value(GString *out, GVariant *value);

static void json_container(GString *out, GVariant *value, bool is_object)
{
	g_string_append_c(out, is_object ? '{' : '[');
	for (gsize i = 0; i < g_variant_n_children(value); i++) {
		g_autoptr(GVariant) child = g_variant_get_child_value(value, i);

		if (i > 0) {
			g_string_append(out, ", ");
		}
		if (is_object) {
			g_autoptr(GVariant) key = g_variant_get_child_value(child, 0);
			g_autoptr(GVariant) item = g_variant_get_child_value(child, 1);

			json_text(out, g_variant_get_string(key, NULL));
			g_string_append(out, ": ");
			json_value(out, item);
		} else {
			json_value(out, child);
		}
	}
	g_string_append_c(out, is_object ? '}' : ']');
}

static void json_value(GString *out, GVariant *value)
{
	char number[G_ASCII_DTOSTR_BUF_SIZE];

	if (g_variant_is_of_type(value, G_VARIANT_TYPE_VARIANT)) {
		g_autoptr(GVariant) inner = g_variant_get_variant(value);

		json_value(out, inner);
	} else if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING) ||
		   g_variant_is_of_type(value, G_VARIANT_TYPE_OBJECT_PATH)) {
		json_text(out, g_variant_get_string(value, NULL));
	} else if (g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN)) {
		g_string_append(out, g_variant_get_boolean(value) ? "true" : "false");
	} else if (g_variant_is_of_type(value, G_VARIANT_TYPE_DOUBLE)) {
		g_string_append(
		    out, g_ascii_dtostr(number, sizeof(number), g_variant_get_double(value)));
	} else if (g_variant_is_container(value)) {
		json_container(out, value,
			       g_variant_type_is_subtype_of(g_variant_get_type(value),
							    G_VARIANT_TYPE_DICTIONARY));
	} else {
		/* The integers: GVariant prints them as JSON has them. */
		g_autofree char *text = g_variant_print(value, FALSE);

		g_string_append(out, text);
	}
}

void client_print_json(GVariant *value)
{
	g_autoptr(GString) out = g_string_new(NULL);

	json_value(out, value);
	g_print("%s\n", out->str);
}
