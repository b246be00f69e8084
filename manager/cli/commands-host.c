/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

#include "settings.h"

#include <string.h>

/* Call a method of the manager and print the whole reply: JSON always, for these are nested. */
static bool print_reply(Client *client, const char *path, const char *interface, const char *method,
			GError **error)
{
	g_autoptr(GVariant) reply = client_call(client, path, interface, method, NULL, error);

	if (!reply) {
		return false;
	}
	if (g_variant_n_children(reply) == 1) {
		g_autoptr(GVariant) only = g_variant_get_child_value(reply, 0);

		client_print_json(only);
	} else {
		client_print_json(reply);
	}
	return true;
}

static bool run_host(Client *client, char **args, GError **error)
{
	return print_reply(client, CLIENT_ROOT, "Manager1", "GetHost", error);
}

static bool run_statistics(Client *client, char **args, GError **error)
{
	return print_reply(client, CLIENT_ROOT, "Manager1", "GetStatistics", error);
}

static bool run_devices(Client *client, char **args, GError **error)
{
	return print_reply(client, CLIENT_ROOT, "Manager1", "GetBlockDevices", error);
}

static bool run_log(Client *client, char **args, GError **error)
{
	g_autoptr(GVariant) reply =
	    client_call(client, CLIENT_ROOT, "Manager1", "GetHypervisorLog", NULL, error);
	const char *text;

	if (!reply) {
		return false;
	}
	g_variant_get(reply, "(&s)", &text);
	if (client->json) {
		client_print_json(reply);
	} else {
		g_print("%s", text);
	}
	return true;
}

static bool run_reload(Client *client, char **args, GError **error)
{
	g_autoptr(GVariant) reply =
	    client_call(client, CLIENT_ROOT, "Manager1", "Reload", NULL, error);
	g_autoptr(GVariant) properties =
	    reply ? client_properties(client, CLIENT_ROOT, "Manager1", error) : NULL;
	g_autoptr(GVariant) broken =
	    properties ? g_variant_lookup_value(properties, "Broken", G_VARIANT_TYPE("a(ss)"))
		       : NULL;
	GVariantIter iter;
	const char *file, *reason;

	if (!broken) {
		return false;
	}
	if (client->json) {
		client_print_json(broken);
		return true;
	}
	g_variant_iter_init(&iter, broken);
	while (g_variant_iter_next(&iter, "(&s&s)", &file, &reason)) {
		g_print("%s: %s\n", file, reason);
	}
	return true;
}

/* The objects of an interface, as a dictionary of path → properties; or with @name, the path of the
 * one so named. */
static GVariant *objects_of(Client *client, const char *interface, GError **error)
{
	g_autoptr(GVariant) objects = client_objects(client, error);
	GVariantDict found;
	GVariantIter iter;
	const char *path;
	GVariant *interfaces;

	if (!objects) {
		return NULL;
	}
	g_variant_dict_init(&found, NULL);
	g_variant_iter_init(&iter, objects);
	while (g_variant_iter_next(&iter, "{&o@a{sa{sv}}}", &path, &interfaces)) {
		g_autoptr(GVariant) properties =
		    g_variant_lookup_value(interfaces, interface, G_VARIANT_TYPE_VARDICT);

		if (properties) {
			g_variant_dict_insert_value(&found, path, properties);
		}
		g_variant_unref(interfaces);
	}
	return g_variant_ref_sink(g_variant_dict_end(&found));
}

static char *find_network(Client *client, const char *name, GError **error)
{
	g_autoptr(GVariant) networks = objects_of(client, "org.mullion.Network1", error);
	GVariantIter iter;
	const char *path;
	GVariant *properties;
	char *found = NULL;

	if (!networks) {
		return NULL;
	}
	g_variant_iter_init(&iter, networks);
	while (g_variant_iter_next(&iter, "{&sv}", &path, &properties)) {
		const char *its_name = "";

		g_variant_lookup(properties, "Name", "&s", &its_name);
		if (g_str_equal(its_name, name)) {
			g_free(found);
			found = g_strdup(path);
		}
		g_variant_unref(properties);
	}
	if (!found) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no network '%s'",
			    name);
	}
	return found;
}

static bool run_networks(Client *client, char **args, GError **error)
{
	g_autoptr(GVariant) networks = objects_of(client, "org.mullion.Network1", error);
	GVariantIter iter;
	GVariant *properties;

	if (!networks) {
		return false;
	}
	if (client->json) {
		client_print_json(networks);
		return true;
	}
	g_print("%-24s %-9s %-15s %-18s %s\n", "NAME", "MODE", "BRIDGE", "ADDRESS", "STATE");
	g_variant_iter_init(&iter, networks);
	while (g_variant_iter_next(&iter, "{&sv}", NULL, &properties)) {
		const char *name = "", *mode = "", *bridge = "", *address = "";
		gboolean active = FALSE;

		g_variant_lookup(properties, "Name", "&s", &name);
		g_variant_lookup(properties, "Mode", "&s", &mode);
		g_variant_lookup(properties, "Bridge", "&s", &bridge);
		g_variant_lookup(properties, "Address", "&s", &address);
		g_variant_lookup(properties, "Active", "b", &active);
		g_print("%-24s %-9s %-15s %-18s %s\n", name, mode, bridge, address,
			active ? "up" : "down");
		g_variant_unref(properties);
	}
	return true;
}

static bool run_create_network(Client *client, char **args, GError **error)
{
	GVariant *settings = settings_parse(args + 1, error);
	g_autoptr(GVariant) reply =
	    settings ? client_call(client, CLIENT_ROOT, "Manager1", "CreateNetwork",
				   g_variant_new("(s@a{sv})", args[0], settings), error)
		     : NULL;

	return reply;
}

static bool network_call(Client *client, const char *name, const char *method, GVariant *args,
			 GError **error)
{
	g_autofree char *path = find_network(client, name, error);
	g_autoptr(GVariant) reply = NULL;

	if (!path) {
		if (args) {
			g_variant_unref(g_variant_ref_sink(args));
		}
		return false;
	}
	reply = client_call(client, path, "Network1", method, args, error);
	return reply;
}

static bool run_set_network(Client *client, char **args, GError **error)
{
	GVariant *settings = settings_parse(args + 1, error);

	return settings && network_call(client, args[0], "SetSettings",
					g_variant_new("(@a{sv})", settings), error);
}

static bool run_start_network(Client *client, char **args, GError **error)
{
	return network_call(client, args[0], "Start", NULL, error);
}

static bool run_stop_network(Client *client, char **args, GError **error)
{
	return network_call(client, args[0], "Stop", NULL, error);
}

static bool run_delete_network(Client *client, char **args, GError **error)
{
	return network_call(client, args[0], "Delete", NULL, error);
}

static bool run_leases(Client *client, char **args, GError **error)
{
	g_autofree char *path = find_network(client, args[0], error);
	g_autoptr(GVariant) reply =
	    path ? client_call(client, path, "Network1", "GetLeases", NULL, error) : NULL;
	g_autoptr(GVariant) leases = reply ? g_variant_get_child_value(reply, 0) : NULL;
	GVariantIter iter;
	const char *mac, *address, *host;

	if (!leases) {
		return false;
	}
	if (client->json) {
		client_print_json(leases);
		return true;
	}
	g_variant_iter_init(&iter, leases);
	while (g_variant_iter_next(&iter, "(&s&s&s)", &mac, &address, &host)) {
		g_print("%s  %-15s  %s\n", mac, address, host);
	}
	return true;
}

static bool run_jobs(Client *client, char **args, GError **error)
{
	g_autoptr(GVariant) jobs = objects_of(client, "org.mullion.Job1", error);
	GVariantIter iter;
	const char *path;
	GVariant *properties;

	if (!jobs) {
		return false;
	}
	if (client->json) {
		client_print_json(jobs);
		return true;
	}
	g_variant_iter_init(&iter, jobs);
	while (g_variant_iter_next(&iter, "{&sv}", &path, &properties)) {
		const char *kind = "", *state = "", *message = "";

		g_variant_lookup(properties, "Kind", "&s", &kind);
		g_variant_lookup(properties, "State", "&s", &state);
		g_variant_lookup(properties, "Message", "&s", &message);
		g_print("%-6s %-16s %-10s %s\n", strrchr(path, '/') + 1, kind, state, message);
		g_variant_unref(properties);
	}
	return true;
}

static bool run_cancel(Client *client, char **args, GError **error)
{
	g_autofree char *path = g_strconcat(CLIENT_ROOT "/job/", args[0], NULL);
	g_autoptr(GVariant) reply = NULL;

	if (!g_variant_is_object_path(path)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "'%s' is not a job's number", args[0]);
		return false;
	}
	reply = client_call(client, path, "Job1", "Cancel", NULL, error);
	return reply;
}

const Command host_commands[] = {
    {"networks", "", "all networks", 0, 0, run_networks},
    {"create-network", "NAME [KEY=VALUE...]", "mode=, bridge=, address=, autostart=", 1, -1,
     run_create_network},
    {"set-network", "NAME KEY=VALUE...", "", 2, -1, run_set_network},
    {"start-network", "NAME", "", 1, 1, run_start_network},
    {"stop-network", "NAME", "", 1, 1, run_stop_network},
    {"delete-network", "NAME", "", 1, 1, run_delete_network},
    {"leases", "NETWORK", "who got which address", 1, 1, run_leases},
    {"jobs", "", "what works, or has just ended", 0, 0, run_jobs},
    {"cancel", "JOB", "", 1, 1, run_cancel},
    {"host", "", "the machine", 0, 0, run_host},
    {"devices", "", "block devices and volume groups for VMs", 0, 0, run_devices},
    {"statistics", "", "counters of all running VMs", 0, 0, run_statistics},
    {"log", "", "the hypervisor's log", 0, 0, run_log},
    {"reload", "", "read definitions again; print those that cannot be used", 0, 0, run_reload},
    {NULL},
};
