/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "manager.h"

#include "disk.h"
#include "error.h"
#include "file-util.h"
#include "manager-methods.h"
#include "network.h"
#include "recovery.h"
#include "vm.h"

#include <string.h>

#define RELOAD_DELAY_MS 300

static GVariant *manager_properties(gpointer owner)
{
	const Manager *manager = owner;
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "Version", "s", MULLION_VERSION);
	g_variant_dict_insert(&dict, "Hypervisor", "s", manager->hypervisor);
	g_variant_dict_insert_value(&dict, "Broken", manager->broken);
	return g_variant_dict_end(&dict);
}

static const BusClass manager_class = {BUS_NAME, manager_methods, manager_properties};

Vm *manager_find(const Manager *manager, const char *name)
{
	GHashTableIter iter;
	gpointer vm = g_hash_table_lookup(manager->vms, name);

	if (vm) {
		return vm;
	}
	g_hash_table_iter_init(&iter, manager->vms);
	while (g_hash_table_iter_next(&iter, NULL, &vm)) {
		if (g_str_equal(((Vm *)vm)->entry->name, name)) {
			return vm;
		}
	}
	return NULL;
}

Vm *manager_find_domain(const Manager *manager, guint id)
{
	GHashTableIter iter;
	gpointer vm;

	g_hash_table_iter_init(&iter, manager->vms);
	while (g_hash_table_iter_next(&iter, NULL, &vm)) {
		if (((Vm *)vm)->domain == id) {
			return vm;
		}
	}
	return NULL;
}

Vm *manager_child_of(const Manager *manager, const char *uuid)
{
	GHashTableIter iter;
	gpointer vm;

	g_hash_table_iter_init(&iter, manager->vms);
	while (g_hash_table_iter_next(&iter, NULL, &vm)) {
		if (g_str_equal(((Vm *)vm)->entry->config->base, uuid)) {
			return vm;
		}
	}
	return NULL;
}

static bool share_a_disk(const VmConfig *one, const VmConfig *other, const char **ret_target)
{
	for (guint i = 0; i < one->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(one->disks, i);

		for (guint j = 0; j < other->disks->len; j++) {
			const VmDisk *theirs = g_ptr_array_index(other->disks, j);

			if (*disk->source && *theirs->source &&
			    !(disk->readonly && theirs->readonly) &&
			    disk_is_same(disk->source, theirs->source)) {
				*ret_target = disk->target;
				return true;
			}
		}
	}
	return false;
}

Vm *manager_disk_conflict(const Manager *manager, const Vm *vm, const char **ret_target)
{
	GHashTableIter iter;
	gpointer item;

	g_hash_table_iter_init(&iter, manager->vms);
	while (g_hash_table_iter_next(&iter, NULL, &item)) {
		Vm *other = item;
		const VmConfig *config = other->running ? other->running : other->entry->config;

		if (other != vm && (other->domain || other->activity) &&
		    share_a_disk(vm->entry->config, config, ret_target)) {
			return other;
		}
	}
	return NULL;
}

Vm *manager_add(Manager *manager, StoreEntry *entry)
{
	Vm *vm = vm_new(manager, entry);

	g_hash_table_insert(manager->vms, g_strdup(entry->config->uuid), vm);
	return vm;
}

void manager_remove(Manager *manager, Vm *vm)
{
	g_hash_table_remove(manager->vms, vm->entry->config->uuid);
}

bool manager_reserve(Manager *manager, const char *name, GError **error)
{
	g_autofree char *path = g_strdup_printf("%s/%s" STORE_SUFFIX, manager->vms_folder, name);

	if (!vm_name_is_valid(name)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
			    "name: '%s' is not letters, digits, '.', '_', '-', beginning with a "
			    "letter or digit, 63 at most",
			    name);
		return false;
	}
	if (manager_find(manager, name) || g_hash_table_contains(manager->reserved, name) ||
	    g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_EXISTS,
			    "there is a VM of the name %s", name);
		return false;
	}
	g_hash_table_add(manager->reserved, g_strdup(name));
	return true;
}

void manager_release(Manager *manager, const char *name)
{
	g_hash_table_remove(manager->reserved, name);
}

void manager_check(const Manager *manager, const VmConfig *config, GPtrArray *problems,
		   GPtrArray *warnings)
{
	vm_config_check(config, problems, warnings);
	for (guint i = 0; i < config->nics->len; i++) {
		const VmNic *nic = g_ptr_array_index(config->nics, i);

		if (!g_hash_table_contains(manager->networks, nic->network)) {
			g_autofree char *key = g_strdup_printf("nics/%u", i);

			vm_note_add(problems, 0, key, "there is no network '%s'", nic->network);
		}
	}
}

const char *manager_right_for(const Manager *manager, const VmConfig *config, const VmConfig *known)
{
	return vm_config_reaches_out(config, known, manager->open_folders) ? "host" : "manage";
}

void manager_event(guint id, bool gone, gpointer data)
{
	Manager *manager = data;
	Vm *vm = manager_find_domain(manager, id);

	if (vm) {
		vm_domain_ended(vm);
	} else {
		g_hash_table_add(manager->early, GUINT_TO_POINTER(id));
	}
}

static void reload_entry(Manager *manager, StoreEntry *entry)
{
	Vm *vm = g_hash_table_lookup(manager->vms, entry->config->uuid);

	if (!vm) {
		/* One that is being made is added by its job. */
		if (g_hash_table_contains(manager->reserved, entry->name)) {
			store_entry_free(entry);
		} else {
			if (manager->monitor) {
				g_message("%s: a definition was put there by hand", entry->name);
			}
			manager_add(manager, entry);
		}
		return;
	}
	if (vm->job || (g_str_equal(vm->entry->text, entry->text) &&
			g_str_equal(vm->entry->name, entry->name))) {
		store_entry_free(entry);
		return;
	}
	vm_set_entry(vm, entry);
}

static void drop_vanished(Manager *manager, GHashTable *seen)
{
	GHashTableIter iter;
	gpointer item;

	g_hash_table_iter_init(&iter, manager->vms);
	while (g_hash_table_iter_next(&iter, NULL, &item)) {
		Vm *vm = item;

		/* Of one that runs the definition is kept until it ends. */
		if (!g_hash_table_contains(seen, vm->entry->config->uuid) && vm_is_off(vm)) {
			g_message("%s: the definition was taken away by hand", vm->entry->name);
			g_hash_table_iter_remove(&iter);
		}
	}
}

static void set_broken(Manager *manager, GVariantBuilder *broken)
{
	g_clear_pointer(&manager->broken, g_variant_unref);
	manager->broken = g_variant_ref_sink(g_variant_builder_end(broken));
	bus_changed(manager->bus);
}

/* A file that cannot be used any more must not make its VM vanish: until it is mended the last good
 * definition counts. */
static void keep_broken(const Manager *manager, GHashTable *seen)
{
	GVariantIter iter;
	const char *file, *reason;

	g_variant_iter_init(&iter, manager->broken);
	while (g_variant_iter_next(&iter, "(&s&s)", &file, &reason)) {
		g_autofree char *name = g_strndup(file, strlen(file) - strlen(STORE_SUFFIX));
		Vm *vm = g_str_has_suffix(file, STORE_SUFFIX) ? manager_find(manager, name) : NULL;

		g_warning("%s: %s", file, reason);
		if (vm) {
			g_hash_table_add(seen, g_strdup(vm->entry->config->uuid));
		}
	}
}

void manager_reload(Manager *manager)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) entries = NULL;
	GVariantBuilder broken;

	g_variant_builder_init(&broken, G_VARIANT_TYPE("a(ss)"));
	for (gsize i = 0; i < g_variant_n_children(manager->broken_networks); i++) {
		g_autoptr(GVariant) item = g_variant_get_child_value(manager->broken_networks, i);

		g_variant_builder_add_value(&broken, item);
	}
	entries = store_load(manager->vms_folder, &broken);
	set_broken(manager, &broken);
	keep_broken(manager, seen);
	while (entries->len > 0) {
		StoreEntry *entry = g_ptr_array_steal_index_fast(entries, 0);
		g_autofree char *uuid = g_strdup(entry->config->uuid);
		Vm *vm;

		reload_entry(manager, entry);
		vm = g_hash_table_lookup(manager->vms, uuid);
		if (vm) {
			g_hash_table_add(seen, g_steal_pointer(&uuid));
		}
	}
	drop_vanished(manager, seen);
}

static gboolean reload_now(gpointer data)
{
	Manager *manager = data;

	manager->reload_timer = 0;
	manager_reload(manager);
	return G_SOURCE_REMOVE;
}

static void folder_changed(GFileMonitor *monitor, GFile *file, GFile *other,
			   GFileMonitorEvent event, gpointer data)
{
	Manager *manager = data;
	g_autofree char *name = g_file_get_basename(file);

	if (name[0] != '.' && !manager->reload_timer) {
		manager->reload_timer = g_timeout_add(RELOAD_DELAY_MS, reload_now, manager);
	}
}

typedef struct {
	Manager *manager;
	GPtrArray *domains;
	void (*ready)(Manager *manager);
} Startup;

static void startup_free(gpointer pointer)
{
	Startup *startup = pointer;

	g_clear_pointer(&startup->domains, g_ptr_array_unref);
	g_free(startup);
}

static void startup_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Startup *startup = data;
	g_autoptr(GError) error = NULL;

	recovery_run(startup->manager);
	startup->manager->hypervisor = vmm_version();
	startup->domains = vmm_list(&error);
	if (!startup->domains) {
		g_warning("%s", error->message);
		startup->domains = g_ptr_array_new();
	}
	for (guint i = 0; i < startup->domains->len; i++) {
		const VmmDomain *domain = g_ptr_array_index(startup->domains, i);
		g_autoptr(GError) watching = NULL;

		/* Also those of others: that costs nothing, and their ids are then not in anybody's
		 * way. */
		if (!vmm_watch(domain->id, &watching)) {
			g_warning("domain %u: %s", domain->id, watching->message);
		}
	}
	g_task_return_boolean(task, TRUE);
}

static void adopt(Manager *manager, const VmmDomain *domain)
{
	Vm *vm = g_hash_table_lookup(manager->vms, domain->uuid);

	if (!vm) {
		return;
	}
	g_message("%s: adopted as domain %u", vm->entry->name, domain->id);
	vm_set_domain(vm, domain->id, domain->userdata, domain->state == VMM_PAUSED, false);
	for (guint i = 0; vm->running && i < vm->running->nics->len; i++) {
		network_set_active(manager,
				   ((VmNic *)g_ptr_array_index(vm->running->nics, i))->network);
	}
	if (domain->state == VMM_ENDED && !vm->ended) {
		vm->ended = true;
	}
	if (vm->ended) {
		vm_domain_ended(vm);
	}
}

static void autostart(Manager *manager)
{
	GHashTableIter iter;
	gpointer item;

	g_hash_table_iter_init(&iter, manager->vms);
	while (g_hash_table_iter_next(&iter, NULL, &item)) {
		Vm *vm = item;
		const VmConfig *config = vm->entry->config;

		if (config->autostart && !config->is_template && !config->throw_away &&
		    vm_is_off(vm) && !manager_child_of(manager, config->uuid)) {
			vm_run_start(vm, false, NULL);
		}
	}
}

/* Autostart is for the boot, not for each start of the manager: a VM that was shut down stays so.
 */
static bool first_start_of_boot(const Manager *manager)
{
	g_autofree char *mark = g_build_filename(manager->run_folder, "autostarted", NULL);
	bool first = !g_file_test(mark, G_FILE_TEST_EXISTS);
	g_autoptr(GError) error = NULL;

	if (first && !file_write(mark, "", &error)) {
		g_warning("%s", error->message);
	}
	return first;
}

static void startup_done(GObject *source, GAsyncResult *result, gpointer data)
{
	Startup *startup = g_task_get_task_data(G_TASK(result));
	Manager *manager = startup->manager;
	g_autoptr(GFile) folder = g_file_new_for_path(manager->vms_folder);
	GVariantBuilder broken;

	g_variant_builder_init(&broken, G_VARIANT_TYPE("a(ss)"));
	network_load_all(manager, &broken);
	manager->broken_networks = g_variant_ref_sink(g_variant_builder_end(&broken));
	manager->broken = g_variant_ref(manager->broken_networks);
	manager->bus = bus_export(&manager_class, BUS_ROOT, manager);
	manager_reload(manager);
	for (guint i = 0; i < startup->domains->len; i++) {
		adopt(manager, g_ptr_array_index(startup->domains, i));
	}
	manager->monitor = g_file_monitor_directory(folder, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
	if (manager->monitor) {
		g_signal_connect(manager->monitor, "changed", G_CALLBACK(folder_changed), manager);
	}
	startup->ready(manager);
	network_autostart(manager);
	if (first_start_of_boot(manager)) {
		autostart(manager);
	}
}

void manager_start(Manager *manager, void (*ready)(Manager *manager))
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, startup_done, NULL);
	Startup *startup = g_new0(Startup, 1);

	*startup = (Startup){manager, NULL, ready};
	g_task_set_task_data(task, startup, startup_free);
	g_task_run_in_thread(task, startup_thread);
}

static bool make_folders(const Manager *manager, GError **error)
{
	return file_make_folder(manager->vms_folder, error) &&
	       file_make_folder(manager->networks_folder, error) &&
	       file_make_folder(manager->disks_folder, error) &&
	       file_make_folder(manager->images_folder, error) &&
	       file_make_folder(manager->saved_folder, error) &&
	       file_make_folder(manager->journal_folder, error) &&
	       file_make_folder(manager->run_folder, error);
}

Manager *manager_new(const char *state_folder, const char *run_folder, GError **error)
{
	Manager *manager = g_new0(Manager, 1);

	manager->vms_folder = g_build_filename(state_folder, "vms", NULL);
	manager->networks_folder = g_build_filename(state_folder, "networks", NULL);
	manager->disks_folder = g_build_filename(state_folder, "disks", NULL);
	manager->images_folder = g_build_filename(state_folder, "images", NULL);
	manager->saved_folder = g_build_filename(state_folder, "saved", NULL);
	manager->journal_folder = g_build_filename(state_folder, "journal", NULL);
	manager->run_folder = g_strdup(run_folder);
	manager->open_folders[0] = manager->disks_folder;
	manager->open_folders[1] = manager->images_folder;
	manager->vms =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)vm_free);
	manager->networks =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)network_free);
	manager->reserved = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	manager->early = g_hash_table_new(NULL, NULL);
	if (!make_folders(manager, error)) {
		manager_free(manager);
		return NULL;
	}
	return manager;
}

void manager_free(Manager *manager)
{
	if (!manager) {
		return;
	}
	g_clear_handle_id(&manager->reload_timer, g_source_remove);
	g_clear_object(&manager->monitor);
	g_hash_table_unref(manager->vms);
	g_hash_table_unref(manager->networks);
	g_hash_table_unref(manager->reserved);
	g_hash_table_unref(manager->early);
	bus_unexport(manager->bus);
	g_clear_pointer(&manager->broken, g_variant_unref);
	g_clear_pointer(&manager->broken_networks, g_variant_unref);
	g_free(manager->hypervisor);
	g_free(manager->vms_folder);
	g_free(manager->networks_folder);
	g_free(manager->disks_folder);
	g_free(manager->images_folder);
	g_free(manager->saved_folder);
	g_free(manager->journal_folder);
	g_free(manager->run_folder);
	g_free(manager);
}
