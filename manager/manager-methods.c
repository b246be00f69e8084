/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "manager-methods.h"

#include "error.h"
#include "host.h"
#include "network.h"
#include "vm.h"
#include "vm-config-keys.h"
#include "xlcfg.h"

#include <string.h>

/* Settings of a VM that is not there yet: defaults of its `os`, and on top of them what is given.
 */
static VmConfig *config_of(GVariant *settings, GError **error)
{
	const char *os = "linux";
	g_autoptr(VmConfig) config = NULL;

	g_variant_lookup(settings, "os", "&s", &os);
	config = vm_config_new(os);
	return vm_config_apply(config, settings, NULL, error) ? g_steal_pointer(&config) : NULL;
}

static const char *right_for_settings(Manager *manager, GVariant *settings)
{
	g_autoptr(VmConfig) config = config_of(settings, NULL);

	/* Of settings that cannot be the handler says what is wrong. */
	return config ? manager_right_for(manager, config, NULL) : "manage";
}

static const char *right_for_create(gpointer owner, GVariant *args)
{
	g_autoptr(GVariant) settings = g_variant_get_child_value(args, 1);

	return right_for_settings(owner, settings);
}

static const char *right_for_check(gpointer owner, GVariant *args)
{
	g_autoptr(GVariant) settings = g_variant_get_child_value(args, 0);

	return right_for_settings(owner, settings);
}

static void handle_create_vm(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Manager *manager = owner;
	g_autoptr(GVariant) settings = NULL;
	g_autoptr(VmConfig) config = NULL;
	GError *error = NULL;
	const char *name;

	g_variant_get(args, "(&s@a{sv})", &name, &settings);
	config = config_of(settings, &error);
	if (!config || !manager_reserve(manager, name, &error)) {
		bus_answer_error(call, error);
		return;
	}
	vm_config_complete(config);
	vm_make_create(manager, name, g_steal_pointer(&config), call);
}

static GVariant *notes_to_variant(const GPtrArray *notes)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(ss)"));
	for (guint i = 0; i < notes->len; i++) {
		const VmNote *note = g_ptr_array_index(notes, i);

		g_variant_builder_add(&builder, "(ss)", note->key, note->text);
	}
	return g_variant_builder_end(&builder);
}

static void handle_check_settings(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Manager *manager = owner;
	g_autoptr(GVariant) settings = g_variant_get_child_value(args, 0);
	g_autoptr(GPtrArray) problems = vm_notes_new();
	g_autoptr(GPtrArray) warnings = vm_notes_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(VmConfig) config = config_of(settings, &error);

	if (config) {
		manager_check(manager, config, problems, warnings);
	} else {
		g_auto(GStrv) parts = g_strsplit(error->message, ": ", 2);

		vm_note_add(problems, 0, parts[1] ? parts[0] : "", "%s",
			    parts[1] ? parts[1] : parts[0]);
	}
	g_dbus_method_invocation_return_value(call, g_variant_new("(@a(ss)@a(ss))",
								  notes_to_variant(problems),
								  notes_to_variant(warnings)));
}

static GVariant *lines_to_variant(const GPtrArray *notes)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(us)"));
	for (guint i = 0; i < notes->len; i++) {
		const VmNote *note = g_ptr_array_index(notes, i);

		g_variant_builder_add(&builder, "(us)", note->line, note->text);
	}
	return g_variant_builder_end(&builder);
}

/* Write the imported definition. The VM's path, or NULL. */
static const char *import(Manager *manager, const char *name, VmConfig *config, GError **error)
{
	StoreEntry *entry;
	bool saved;

	if (g_hash_table_contains(manager->vms, config->uuid)) {
		vm_text_set(&config->uuid, ""); /* the second import of one file is another VM */
	}
	vm_config_complete(config);
	if (!manager_reserve(manager, name, error)) {
		return NULL;
	}
	saved = store_save(manager->vms_folder, name, config, NULL, error);
	manager_release(manager, name);
	entry = saved ? store_load_one(manager->vms_folder, name, error) : NULL;
	return entry ? vm_path(manager_add(manager, entry)) : NULL;
}

static void handle_import_xl_cfg(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Manager *manager = owner;
	g_autoptr(GVariant) options = NULL;
	g_autoptr(GPtrArray) notes = vm_notes_new();
	g_autoptr(VmConfig) config = NULL;
	g_autofree char *own_name = NULL;
	GError *error = NULL;
	const char *name, *text;
	const char *path = "/";
	gboolean dry_run = FALSE;

	g_variant_get(args, "(&s&s@a{sv})", &name, &text, &options);
	g_variant_lookup(options, "dry-run", "b", &dry_run);
	if (strlen(text) > VM_CONFIG_FILE_LIMIT) {
		g_dbus_method_invocation_return_error(
		    call, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
		    "text: longer than %d bytes", VM_CONFIG_FILE_LIMIT);
		return;
	}
	config = xlcfg_parse(text, network_of_bridge, manager, &own_name, notes, &error);
	if (config && !dry_run) {
		path = import(manager, *name ? name : own_name, config, &error);
	}
	if (error) {
		bus_answer_error(call, error);
		return;
	}
	g_dbus_method_invocation_return_value(
	    call, g_variant_new("(o@a(us))", path, lines_to_variant(notes)));
}

static void handle_find_vm(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	const char *name;
	const Vm *vm;

	g_variant_get(args, "(&s)", &name);
	vm = manager_find(owner, name);
	if (vm) {
		g_dbus_method_invocation_return_value(call, g_variant_new("(o)", vm_path(vm)));
	} else {
		g_dbus_method_invocation_return_error(call, MULLION_ERROR, MULLION_ERROR_NOT_FOUND,
						      "there is no VM '%s'", name);
	}
}

static void handle_reload(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	manager_reload(owner);
	g_dbus_method_invocation_return_value(call, NULL);
}

/* --- Statistics --- */

typedef struct {
	guint id;
	char *path;
} Watched;

static void watched_clear(gpointer pointer)
{
	g_free(((Watched *)pointer)->path);
}

static GVariant *statistics_of(const VmmStatistics *statistics)
{
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "cpu-time", "t", statistics->cpu_time);
	g_variant_dict_insert(&dict, "vcpus", "u", statistics->vcpus);
	g_variant_dict_insert(&dict, "memory", "t", statistics->memory);
	g_variant_dict_insert(&dict, "disk-read", "t", statistics->disk_read);
	g_variant_dict_insert(&dict, "disk-written", "t", statistics->disk_written);
	g_variant_dict_insert(&dict, "net-received", "t", statistics->net_received);
	g_variant_dict_insert(&dict, "net-sent", "t", statistics->net_sent);
	return g_variant_dict_end(&dict);
}

static GVariant *host_statistics(const VmmStatistics *service, GError **error)
{
	GVariantDict all, some;
	g_autoptr(GVariant) value = NULL;
	static const char *const keys[] = {"cpu-count", "memory-total", "memory-free"};

	g_variant_dict_init(&all, NULL);
	if (!vmm_host(&all, error)) {
		g_variant_dict_clear(&all);
		return NULL;
	}
	g_variant_dict_init(&some, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		GVariant *one = g_variant_dict_lookup_value(&all, keys[i], NULL);

		if (one) {
			g_variant_dict_insert_value(&some, keys[i], one);
			g_variant_unref(one);
		}
	}
	g_variant_dict_insert(&some, "cpu-time", "t", service->cpu_time);
	g_variant_dict_clear(&all);
	return g_variant_dict_end(&some);
}

static GVariant *statistics_work(gpointer data, GError **error)
{
	const GArray *watched = data;
	g_autoptr(GArray) all = vmm_statistics(error);
	const VmmStatistics none = {0};
	GVariantBuilder vms;
	GVariant *host;

	host = all ? host_statistics(all->len > 0 ? &g_array_index(all, VmmStatistics, 0) : &none,
				     error)
		   : NULL;
	if (!host) {
		return NULL;
	}
	g_variant_builder_init(&vms, G_VARIANT_TYPE("a{oa{sv}}"));
	for (guint i = 0; i < all->len; i++) {
		const VmmStatistics *one = &g_array_index(all, VmmStatistics, i);

		for (guint j = 0; j < watched->len; j++) {
			const Watched *vm = &g_array_index(watched, Watched, j);

			if (vm->id == one->id) {
				g_variant_builder_add(&vms, "{o@a{sv}}", vm->path,
						      statistics_of(one));
			}
		}
	}
	return g_variant_new("(t@a{sv}a{oa{sv}})", (guint64)g_get_monotonic_time(), host, &vms);
}

static void handle_get_statistics(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	const Manager *manager = owner;
	GArray *watched = g_array_new(FALSE, FALSE, sizeof(Watched));
	GHashTableIter iter;
	gpointer item;

	g_array_set_clear_func(watched, watched_clear);
	g_hash_table_iter_init(&iter, manager->vms);
	while (g_hash_table_iter_next(&iter, NULL, &item)) {
		const Vm *vm = item;
		Watched one = {vm->domain, NULL};

		if (vm->domain) {
			one.path = g_strdup(vm_path(vm));
			g_array_append_val(watched, one);
		}
	}
	bus_answer_in_thread(call, statistics_work, watched, (GDestroyNotify)g_array_unref);
}

static GVariant *host_work(gpointer data, GError **error)
{
	const Manager *manager = data;

	return host_describe(manager->vms_folder, error);
}

static void handle_get_host(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	bus_answer_in_thread(call, host_work, owner, NULL);
}

static GVariant *log_work(gpointer data, GError **error)
{
	g_autofree char *text = vmm_log(error);
	g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

	return valid ? g_variant_new("(s)", valid) : NULL;
}

static void handle_get_log(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	bus_answer_in_thread(call, log_work, NULL, NULL);
}

static GVariant *devices_work(gpointer data, GError **error)
{
	return host_block_devices(error);
}

static void handle_get_block_devices(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	bus_answer_in_thread(call, devices_work, NULL, NULL);
}

const BusMethod manager_methods[] = {
    {"CreateVm", "manage", handle_create_vm, right_for_create},
    {"CheckSettings", "manage", handle_check_settings, right_for_check},
    {"ImportXlCfg", "host", handle_import_xl_cfg, NULL},
    {"FindVm", "view", handle_find_vm, NULL},
    {"Reload", "view", handle_reload, NULL},
    {"GetStatistics", "view", handle_get_statistics, NULL},
    {"GetHost", "view", handle_get_host, NULL},
    {"GetHypervisorLog", "host", handle_get_log, NULL},
    {"GetBlockDevices", "host", handle_get_block_devices, NULL},
    {"CreateNetwork", "network", network_handle_create, NULL},
    {NULL},
};
