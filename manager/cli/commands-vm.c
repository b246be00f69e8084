/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

#include "settings.h"

#include <stdlib.h>
#include <string.h>

/* Is "--flag" among the arguments? It is taken out. */
static bool take_flag(char **args, const char *flag)
{
	for (char **from = args; *from; from++) {
		if (g_str_equal(*from, flag)) {
			for (; *from; from++) {
				from[0] = from[1];
			}
			return true;
		}
	}
	return false;
}

static bool usage(GError **error, const char *what)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s", what);
	return false;
}

/* Nothing but what is known may be left among the arguments after @known of them. */
static bool no_more(char **args, guint known, GError **error)
{
	if (g_strv_length(args) <= known) {
		return true;
	}
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "'%s' is not known here",
		    args[known]);
	return false;
}

static bool print_result(Client *client, GVariant *result)
{
	if (result && client->json) {
		client_print_json(result);
	}
	if (result) {
		g_variant_unref(result);
	}
	return result;
}

/* A job of a VM. Takes a floating @args. */
static bool vm_job(Client *client, const char *vm, const char *method, GVariant *args,
		   GError **error)
{
	g_autofree char *path = client_find(client, vm, error);

	if (!path) {
		if (args) {
			g_variant_unref(g_variant_ref_sink(args));
		}
		return false;
	}
	return print_result(client, client_job(client, path, "Vm1", method, args, error));
}

static bool vm_call(Client *client, const char *vm, const char *method, GVariant *args,
		    GError **error)
{
	g_autofree char *path = client_find(client, vm, error);
	g_autoptr(GVariant) reply =
	    path ? client_call(client, path, "Vm1", method, args, error) : NULL;

	if (!path && args) {
		g_variant_unref(g_variant_ref_sink(args));
	}
	return reply;
}

static GVariant *flag_options(const char *key, bool value)
{
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	if (value) {
		g_variant_dict_insert(&dict, key, "b", TRUE);
	}
	return g_variant_dict_end(&dict);
}

static gint compare_names(gconstpointer one, gconstpointer other)
{
	GVariant *const *a = one, *const *b = other;
	const char *name = "", *other_name = "";

	g_variant_lookup(*a, "Name", "&s", &name);
	g_variant_lookup(*b, "Name", "&s", &other_name);
	return strcmp(name, other_name);
}

/* The properties of all VMs, sorted by name. */
static GPtrArray *all_vms(Client *client, GError **error)
{
	g_autoptr(GVariant) objects = client_objects(client, error);
	GPtrArray *vms;
	GVariantIter iter;
	GVariant *item;

	if (!objects) {
		return NULL;
	}
	vms = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);
	g_variant_iter_init(&iter, objects);
	while (g_variant_iter_next(&iter, "{&o@a{sa{sv}}}", NULL, &item)) {
		GVariant *properties =
		    g_variant_lookup_value(item, "org.mullion.Vm1", G_VARIANT_TYPE_VARDICT);

		if (properties) {
			g_ptr_array_add(vms, properties);
		}
		g_variant_unref(item);
	}
	g_ptr_array_sort(vms, compare_names);
	return vms;
}

static void print_row(GVariant *vm)
{
	const char *name = "", *state = "", *colour = "";
	guint64 memory = 0;
	guint vcpus = 0, domain = 0;
	gboolean is_template = FALSE, throw_away = FALSE;
	g_autofree char *number = NULL;

	g_variant_lookup(vm, "Name", "&s", &name);
	g_variant_lookup(vm, "State", "&s", &state);
	g_variant_lookup(vm, "Colour", "&s", &colour);
	g_variant_lookup(vm, "Memory", "t", &memory);
	g_variant_lookup(vm, "Vcpus", "u", &vcpus);
	g_variant_lookup(vm, "DomainId", "u", &domain);
	g_variant_lookup(vm, "Template", "b", &is_template);
	g_variant_lookup(vm, "ThrowAway", "b", &throw_away);
	number = domain ? g_strdup_printf("%u", domain) : g_strdup("-");
	g_print("%-24s %-10s %5s %8" G_GUINT64_FORMAT " %5u  %-7s %s\n", name, state, number,
		memory, vcpus, colour,
		is_template  ? "template"
		: throw_away ? "throw-away"
			     : "");
}

static bool run_list(Client *client, char **args, GError **error)
{
	g_autoptr(GPtrArray) vms = all_vms(client, error);

	if (!vms) {
		return false;
	}
	if (client->json) {
		g_autoptr(GVariant) list = g_variant_ref_sink(g_variant_new_array(
		    G_VARIANT_TYPE_VARDICT, (GVariant *const *)vms->pdata, vms->len));

		client_print_json(list);
		return true;
	}
	g_print("%-24s %-10s %5s %8s %5s  %-7s\n", "NAME", "STATE", "ID", "MEMORY", "VCPUS",
		"COLOUR");
	for (guint i = 0; i < vms->len; i++) {
		print_row(g_ptr_array_index(vms, i));
	}
	return true;
}

/* KEY: VALUE lines. */
static void print_dict(GVariant *dict)
{
	GVariantIter iter;
	const char *key;
	GVariant *value;

	g_variant_iter_init(&iter, dict);
	while (g_variant_iter_next(&iter, "{&sv}", &key, &value)) {
		g_autofree char *text = g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)
					    ? g_variant_dup_string(value, NULL)
					    : g_variant_print(value, FALSE);

		g_print("%s: %s\n", key, text);
		g_variant_unref(value);
	}
}

static bool run_info(Client *client, char **args, GError **error)
{
	g_autofree char *path = client_find(client, args[0], error);
	g_autoptr(GVariant) properties =
	    path ? client_properties(client, path, "Vm1", error) : NULL;

	if (properties && client->json) {
		client_print_json(properties);
	} else if (properties) {
		print_dict(properties);
	}
	return properties;
}

static bool run_get(Client *client, char **args, GError **error)
{
	g_autofree char *path = client_find(client, args[0], error);
	g_autoptr(GVariant) reply =
	    path ? client_call(client, path, "Vm1", "GetSettings", NULL, error) : NULL;
	g_autoptr(GVariant) settings = reply ? g_variant_get_child_value(reply, 0) : NULL;
	g_autoptr(GVariant) one = NULL;

	if (!settings) {
		return false;
	}
	if (!args[1]) {
		client->json ? client_print_json(settings) : print_dict(settings);
		return true;
	}
	one = g_variant_lookup_value(settings, args[1], NULL);
	if (!one) {
		return usage(error, "there is no such setting");
	}
	if (client->json) {
		client_print_json(one);
	} else if (g_variant_is_of_type(one, G_VARIANT_TYPE_STRING)) {
		g_print("%s\n", g_variant_get_string(one, NULL));
	} else {
		g_autofree char *text = g_variant_print(one, FALSE);

		g_print("%s\n", text);
	}
	return true;
}

static bool run_set(Client *client, char **args, GError **error)
{
	GVariant *settings = settings_parse(args + 1, error);

	return settings &&
	       vm_call(client, args[0], "SetSettings", g_variant_new("(@a{sv})", settings), error);
}

static bool run_create(Client *client, char **args, GError **error)
{
	GVariant *settings = settings_parse(args + 1, error);

	return settings &&
	       print_result(client,
			    client_job(client, CLIENT_ROOT, "Manager1", "CreateVm",
				       g_variant_new("(s@a{sv})", args[0], settings), error));
}

/* Lines of (key or number, text). */
static void print_notes(const char *title, GVariant *notes)
{
	for (gsize i = 0; i < g_variant_n_children(notes); i++) {
		g_autoptr(GVariant) note = g_variant_get_child_value(notes, i);
		g_autoptr(GVariant) where = g_variant_get_child_value(note, 0);
		const char *text;

		g_variant_get_child(note, 1, "&s", &text);
		if (g_variant_is_of_type(where, G_VARIANT_TYPE_STRING)) {
			g_print("%s: %s: %s\n", title, g_variant_get_string(where, NULL), text);
		} else {
			g_print("%s: line %u: %s\n", title, g_variant_get_uint32(where), text);
		}
	}
}

static bool run_check(Client *client, char **args, GError **error)
{
	GVariant *settings = settings_parse(args, error);
	g_autoptr(GVariant) reply =
	    settings ? client_call(client, CLIENT_ROOT, "Manager1", "CheckSettings",
				   g_variant_new("(@a{sv})", settings), error)
		     : NULL;
	g_autoptr(GVariant) problems = reply ? g_variant_get_child_value(reply, 0) : NULL;
	g_autoptr(GVariant) warnings = reply ? g_variant_get_child_value(reply, 1) : NULL;

	if (!reply) {
		return false;
	}
	if (client->json) {
		client_print_json(reply);
	} else {
		print_notes("problem", problems);
		print_notes("warning", warnings);
	}
	return g_variant_n_children(problems) == 0 ||
	       usage(error, "a VM of these settings would not start");
}

static bool run_import(Client *client, char **args, GError **error)
{
	bool dry_run = take_flag(args, "--dry-run");
	g_autofree char *text = NULL;
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GVariant) warnings = NULL;

	if (!args[0]) {
		return usage(error, "which file?");
	}
	if (!no_more(args, 2, error) || !g_file_get_contents(args[0], &text, NULL, error)) {
		return false;
	}
	if (!g_utf8_validate(text, -1, NULL)) {
		return usage(error, "the file is not UTF-8 text");
	}
	reply = client_call(client, CLIENT_ROOT, "Manager1", "ImportXlCfg",
			    g_variant_new("(ss@a{sv})", args[1] ? args[1] : "", text,
					  flag_options("dry-run", dry_run)),
			    error);
	if (!reply) {
		return false;
	}
	warnings = g_variant_get_child_value(reply, 1);
	if (client->json) {
		client_print_json(reply);
	} else {
		print_notes(args[0], warnings);
	}
	return true;
}

static bool run_start(Client *client, char **args, GError **error)
{
	bool paused = take_flag(args, "--paused");

	if (!args[0]) {
		return usage(error, "which VM?");
	}
	return no_more(args, 1, error) &&
	       vm_job(client, args[0], "Start",
		      g_variant_new("(@a{sv})", flag_options("paused", paused)), error);
}

static bool run_throw_away(Client *client, char **args, GError **error)
{
	bool paused = take_flag(args, "--paused");
	g_autofree char *path = NULL;
	g_autoptr(GVariant) result = NULL;
	g_autoptr(GVariant) properties = NULL;
	const char *vm = NULL, *name = "";
	GVariantDict dict;

	if (!args[0] || !no_more(args, 2, error)) {
		return args[0] ? false : usage(error, "which VM?");
	}
	path = client_find(client, args[0], error);
	if (!path) {
		return false;
	}
	g_variant_dict_init(&dict, NULL);
	if (paused) {
		g_variant_dict_insert(&dict, "paused", "b", TRUE);
	}
	if (args[1]) {
		g_variant_dict_insert(&dict, "name", "s", args[1]);
	}
	result = client_job(client, path, "Vm1", "StartThrowAway",
			    g_variant_new("(@a{sv})", g_variant_dict_end(&dict)), error);
	if (!result) {
		return false;
	}
	if (client->json) {
		client_print_json(result);
	} else if (g_variant_lookup(result, "vm", "&o", &vm)) {
		properties = client_properties(client, vm, "Vm1", NULL);
		if (properties && g_variant_lookup(properties, "Name", "&s", &name)) {
			g_print("%s\n", name);
		}
	}
	return true;
}

static bool run_shutdown(Client *client, char **args, GError **error)
{
	bool force = take_flag(args, "--force");
	GVariantDict dict;
	guint64 seconds;

	if (!args[0] || !no_more(args, 2, error)) {
		return args[0] ? false : usage(error, "which VM?");
	}
	g_variant_dict_init(&dict, NULL);
	if (force) {
		g_variant_dict_insert(&dict, "force", "b", TRUE);
	}
	if (args[1]) {
		if (!g_ascii_string_to_unsigned(args[1], 10, 0, 86400, &seconds, error)) {
			g_variant_dict_clear(&dict);
			return false;
		}
		g_variant_dict_insert(&dict, "timeout", "u", (guint)seconds);
	}
	return vm_job(client, args[0], "Shutdown",
		      g_variant_new("(@a{sv})", g_variant_dict_end(&dict)), error);
}

static bool run_force_off(Client *client, char **args, GError **error)
{
	return vm_job(client, args[0], "ForceOff", NULL, error);
}

static bool run_reboot(Client *client, char **args, GError **error)
{
	bool force = take_flag(args, "--force");

	if (!args[0]) {
		return usage(error, "which VM?");
	}
	return no_more(args, 1, error) &&
	       vm_job(client, args[0], "Reboot",
		      g_variant_new("(@a{sv})", flag_options("force", force)), error);
}

static bool run_pause(Client *client, char **args, GError **error)
{
	return vm_call(client, args[0], "Pause", NULL, error);
}

static bool run_unpause(Client *client, char **args, GError **error)
{
	return vm_call(client, args[0], "Unpause", NULL, error);
}

static bool run_save(Client *client, char **args, GError **error)
{
	return vm_job(client, args[0], "Save", NULL, error);
}

static bool run_discard_saved(Client *client, char **args, GError **error)
{
	return vm_call(client, args[0], "DiscardSaved", NULL, error);
}

static bool run_snapshot(Client *client, char **args, GError **error)
{
	return vm_job(client, args[0], "Snapshot",
		      g_variant_new("(ss)", args[1], args[2] ? args[2] : ""), error);
}

static bool run_revert(Client *client, char **args, GError **error)
{
	return vm_job(client, args[0], "RevertSnapshot", g_variant_new("(s)", args[1]), error);
}

static bool run_delete_snapshot(Client *client, char **args, GError **error)
{
	return vm_job(client, args[0], "DeleteSnapshot", g_variant_new("(s)", args[1]), error);
}

static bool run_clone(Client *client, char **args, GError **error)
{
	bool linked = take_flag(args, "--linked");
	bool is_template = take_flag(args, "--template");
	GVariantDict dict;

	if (!args[0] || !args[1]) {
		return usage(error, "which VM, and what is the copy's name?");
	}
	if (!no_more(args, 2, error)) {
		return false;
	}
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "linked", "b", linked);
	g_variant_dict_insert(&dict, "template", "b", is_template);
	return vm_job(client, args[0], "Clone",
		      g_variant_new("(s@a{sv})", args[1], g_variant_dict_end(&dict)), error);
}

static bool run_delete(Client *client, char **args, GError **error)
{
	bool keep_disks = take_flag(args, "--keep-disks");

	if (!args[0]) {
		return usage(error, "which VM?");
	}
	return no_more(args, 1, error) &&
	       vm_job(client, args[0], "Delete",
		      g_variant_new("(@a{sv})", flag_options("keep-disks", keep_disks)), error);
}

static bool run_rename(Client *client, char **args, GError **error)
{
	return vm_call(client, args[0], "Rename", g_variant_new("(s)", args[1]), error);
}

static bool run_add_disk(Client *client, char **args, GError **error)
{
	GVariant *disk = settings_parse_device(args[1], error);

	return disk && vm_job(client, args[0], "AddDisk", g_variant_new("(@a{sv})", disk), error);
}

static bool run_remove_disk(Client *client, char **args, GError **error)
{
	bool delete = take_flag(args, "--delete");

	if (!args[0] || !args[1]) {
		return usage(error, "which VM, and which disk?");
	}
	return no_more(args, 2, error) &&
	       vm_job(client, args[0], "RemoveDisk", g_variant_new("(sb)", args[1], delete), error);
}

static bool run_resize_disk(Client *client, char **args, GError **error)
{
	guint64 bytes;

	return settings_parse_size(args[2], &bytes, error) &&
	       vm_job(client, args[0], "ResizeDisk", g_variant_new("(st)", args[1], bytes), error);
}

const Command vm_commands[] = {
    {"list", "", "all VMs", 0, 0, run_list},
    {"info", "VM", "what is known of a VM", 1, 1, run_info},
    {"create", "NAME [SETTING...]", "a new VM", 1, -1, run_create},
    {"check", "[SETTING...]", "would a VM of these settings start?", 0, -1, run_check},
    {"import", "FILE [NAME] [--dry-run]", "take over a configuration of xl", 1, 3, run_import},
    {"get", "VM [KEY]", "a VM's settings", 1, 2, run_get},
    {"set", "VM SETTING...", "change settings", 2, -1, run_set},
    {"rename", "VM NAME", "give a VM another name", 2, 2, run_rename},
    {"start", "VM [--paused]", "boot a VM, or let a saved one go on", 1, 2, run_start},
    {"throw-away", "VM [NAME] [--paused]", "start a copy that is gone when it ends", 1, 3,
     run_throw_away},
    {"shutdown", "VM [SECONDS] [--force]", "ask the guest to shut down", 1, 3, run_shutdown},
    {"force-off", "VM", "pull the plug", 1, 1, run_force_off},
    {"reboot", "VM [--force]", "ask the guest to reboot", 1, 2, run_reboot},
    {"pause", "VM", "stop a VM's CPUs", 1, 1, run_pause},
    {"unpause", "VM", "let them go on", 1, 1, run_unpause},
    {"save", "VM", "write a VM's memory to disk and end it", 1, 1, run_save},
    {"discard-saved", "VM", "forget the saved memory", 1, 1, run_discard_saved},
    {"console", "VM", "a VM's text console; Ctrl-] leaves it", 1, 1, command_console},
    {"snapshot", "VM NAME [COMMENT]", "keep the disks as they are now", 2, 3, run_snapshot},
    {"revert", "VM NAME", "make the disks what they were", 2, 2, run_revert},
    {"delete-snapshot", "VM NAME", "", 2, 2, run_delete_snapshot},
    {"clone", "VM NAME [--linked] [--template]", "a second VM like it", 2, 4, run_clone},
    {"delete", "VM [--keep-disks]", "a VM and the disks made for it", 1, 2, run_delete},
    {"add-disk", "VM KEY=VALUE,...", "e.g. format=qcow2,create-size=20G", 2, 2, run_add_disk},
    {"remove-disk", "VM TARGET [--delete]", "", 2, 3, run_remove_disk},
    {"resize-disk", "VM TARGET SIZE", "let a disk grow", 3, 3, run_resize_disk},
    {NULL},
};
