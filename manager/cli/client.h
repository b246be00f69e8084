/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line's way to the manager. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#define CLIENT_NAME "org.mullion.Manager1"
#define CLIENT_ROOT "/org/mullion/Manager1"

typedef struct {
	GDBusConnection *connection;
	bool json;
	bool quiet;
} Client;

/* Call a method; the reply's tuple. @interface: the part after "org.mullion." ("Vm1"). */
GVariant *client_call(Client *client, const char *path, const char *interface, const char *method,
		      GVariant *args, GError **error);
/* Start a job by that method, show its progress, wait for its end. Its result, a{sv}. An interrupt
 * cancels it. */
GVariant *client_job(Client *client, const char *path, const char *interface, const char *method,
		     GVariant *args, GError **error);
/* A VM's path, by name or UUID. To be freed. */
char *client_find(Client *client, const char *name, GError **error);
/* All objects: a{oa{sa{sv}}}. */
GVariant *client_objects(Client *client, GError **error);
/* All properties of an object, a{sv}. */
GVariant *client_properties(Client *client, const char *path, const char *interface,
			    GError **error);

/* A value as JSON on standard output, with a newline. */
void client_print_json(GVariant *value);
