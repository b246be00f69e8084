/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mullion: the manager's command line. */
#include "commands.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static const Command *const tables[] = {vm_commands, host_commands};

static const Command *find(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
		for (const Command *command = tables[i]; command->name; command++) {
			if (g_str_equal(command->name, name)) {
				return command;
			}
		}
	}
	return NULL;
}

static char *summary(void)
{
	g_autoptr(GString) text = g_string_new("Commands:\n");

	for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
		for (const Command *command = tables[i]; command->name; command++) {
			g_autofree char *left =
			    g_strdup_printf("%s %s", command->name, command->usage);

			g_string_append_printf(text, "  %-44s %s\n", left, command->help);
		}
	}
	g_string_append(text,
			"\nVM is a name or a UUID. Settings: mullion.vm(5). More: mullion(1).");
	return g_strdup(text->str);
}

static int report(Client *client, GError *error)
{
	g_autofree char *name = g_dbus_error_get_remote_error(error);

	g_dbus_error_strip_remote_error(error);
	if (client->json) {
		GVariantDict dict;
		g_autoptr(GVariant) value = NULL;

		g_variant_dict_init(&dict, NULL);
		g_variant_dict_insert(&dict, "error", "s", name ? name : "");
		g_variant_dict_insert(&dict, "message", "s", error->message);
		value = g_variant_ref_sink(g_variant_dict_end(&dict));
		client_print_json(value);
	}
	g_printerr("mullion: %s\n", error->message);
	g_error_free(error);
	return EXIT_FAILURE;
}

static int run(Client *client, const Command *command, char **args)
{
	int count = (int)g_strv_length(args);
	GError *error = NULL;

	if (count < command->min || (command->max >= 0 && count > command->max)) {
		g_printerr("usage: mullion %s %s\n", command->name, command->usage);
		return 2;
	}
	return command->run(client, args, &error) ? EXIT_SUCCESS : report(client, error);
}

int main(int argc, char **argv)
{
	gboolean json = FALSE, quiet = FALSE, session = FALSE, version = FALSE;
	GOptionEntry options[] = {
	    {"json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
	    {"quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "Show no progress", NULL},
	    {"session", 0, 0, G_OPTION_ARG_NONE, &session, "Use the session bus (for tests)", NULL},
	    {"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL},
	    {NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("COMMAND [ARGUMENT...]");
	g_autofree char *commands = summary();
	g_autoptr(GDBusConnection) connection = NULL;
	GError *error = NULL;
	Client client;
	const Command *command;

	setlocale(LC_ALL, "");
	g_option_context_add_main_entries(context, options, NULL);
	g_option_context_set_strict_posix(context, TRUE);
	g_option_context_set_description(context, commands);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		g_printerr("mullion: %s\n", error->message);
		g_error_free(error);
		return 2;
	}
	if (version) {
		g_print("mullion %s\n", MULLION_VERSION);
		return EXIT_SUCCESS;
	}
	command = argc > 1 ? find(argv[1]) : NULL;
	if (!command) {
		g_autofree char *help = g_option_context_get_help(context, TRUE, NULL);

		if (argc > 1 && !g_str_equal(argv[1], "help")) {
			g_printerr("mullion: no command '%s'; see mullion help\n", argv[1]);
			return 2;
		}
		g_print("%s\n", help);
		return argc > 1 ? EXIT_SUCCESS : 2;
	}
	connection = g_bus_get_sync(session ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM, NULL, &error);
	client = (Client){connection, json, quiet};
	if (!connection) {
		return report(&client, error);
	}
	return run(&client, command, argv + 2);
}
