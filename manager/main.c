/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mulliond. */
#include "manager.h"
#include "job.h"
#include "vmm.h"

#include <glib-unix.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_FOLDER "/var/lib/mullion"
#define RUN_FOLDER   "/run/mullion"

static GMainLoop *loop;
static int exit_status;

static gboolean stop(gpointer data)
{
	g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

static void name_lost(GDBusConnection *connection, const char *name, gpointer data)
{
	g_printerr("mulliond: the bus name %s is another's, or the bus does not let us have it\n",
		   name);
	exit_status = EXIT_FAILURE;
	g_main_loop_quit(loop);
}

static void ready(Manager *manager)
{
	g_bus_own_name_on_connection(bus_connection(), BUS_NAME,
				     G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, NULL, name_lost, NULL,
				     NULL);
}

static void bus_lost(GDBusConnection *connection, gboolean vanished, GError *error, gpointer data)
{
	g_printerr("mulliond: the bus is gone\n");
	exit_status = EXIT_FAILURE;
	g_main_loop_quit(loop);
}

static int fail(const char *what, GError *error)
{
	g_printerr("mulliond: %s: %s\n", what, error->message);
	g_error_free(error);
	return EXIT_FAILURE;
}

static int run(GDBusConnection *connection, const char *state_folder, const char *run_folder)
{
	GError *error = NULL;
	Manager *manager;

	if (!bus_open(connection, &error)) {
		return fail("bus", error);
	}
	manager = manager_new(state_folder, run_folder, &error);
	if (!manager) {
		return fail("folders", error);
	}
	if (!vmm_open(manager_event, manager, &error)) {
		manager_free(manager);
		return fail("hypervisor", error);
	}
	loop = g_main_loop_new(NULL, FALSE);
	g_unix_signal_add(SIGTERM, stop, NULL);
	g_unix_signal_add(SIGINT, stop, NULL);
	g_signal_connect(connection, "closed", G_CALLBACK(bus_lost), NULL);
	manager_start(manager, ready);
	g_main_loop_run(loop);
	job_stop_all();
	vmm_close();
	manager_free(manager);
	bus_close();
	g_main_loop_unref(loop);
	return exit_status;
}

int main(int argc, char **argv)
{
	g_autofree char *state_folder = NULL;
	g_autofree char *run_folder = NULL;
	gboolean session = FALSE, version = FALSE;
	GOptionEntry options[] = {
	    {"state", 0, 0, G_OPTION_ARG_FILENAME, &state_folder,
	     "Definitions and disks (" STATE_FOLDER ")", "FOLDER"},
	    {"run", 0, 0, G_OPTION_ARG_FILENAME, &run_folder,
	     "What is gone at a reboot (" RUN_FOLDER ")", "FOLDER"},
	    {"session", 0, 0, G_OPTION_ARG_NONE, &session, "Serve the session bus (for tests)",
	     NULL},
	    {"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL},
	    {NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- Mullion's manager");
	g_autoptr(GDBusConnection) connection = NULL;
	GError *error = NULL;

	g_option_context_add_main_entries(context, options, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		return fail("arguments", error);
	}
	if (version) {
		g_print("mulliond %s\n", MULLION_VERSION);
		return EXIT_SUCCESS;
	}
	umask(077); /* disks, saved memory and definitions are nobody else's to read */
	connection = g_bus_get_sync(session ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM, NULL, &error);
	if (!connection) {
		return fail("bus", error);
	}
	g_dbus_connection_set_exit_on_close(connection, FALSE);
	return run(connection, state_folder ? state_folder : STATE_FOLDER,
		   run_folder ? run_folder : RUN_FOLDER);
}
