/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm.h"

#include "disk.h"
#include "error.h"
#include "file-util.h"
#include "network.h"

#include <errno.h>
#include <gio/gunixfdlist.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

char *vm_path_of_uuid(const char *uuid)
{
	g_autofree char *word = g_strdelimit(g_strdup(uuid), "-", '_');

	return g_strconcat(BUS_ROOT "/vm/", word, NULL);
}

char *vm_saved_path(const Manager *manager, const char *uuid)
{
	return g_strdup_printf("%s/%s.save", manager->saved_folder, uuid);
}

char *vm_partial_path(const Manager *manager, const char *uuid)
{
	return g_strdup_printf("%s/%s.partial", manager->saved_folder, uuid);
}

char *vm_disks_folder(const Manager *manager, const char *uuid)
{
	return g_build_filename(manager->disks_folder, uuid, NULL);
}

const char *vm_path(const Vm *vm)
{
	return bus_path(vm->bus);
}

const char *vm_state(const Vm *vm)
{
	if (vm->activity) {
		return vm->activity;
	}
	if (vm->domain) {
		return vm->preserved ? "crashed" : vm->paused ? "paused" : "running";
	}
	if (vm->saved) {
		return "saved";
	}
	return g_str_equal(vm->end, "crash") ? "crashed" : "stopped";
}

bool vm_is_off(const Vm *vm)
{
	return !vm->domain && !vm->job && !vm->busy;
}

/* Is what runs other than what the definition says? Labels do not count. */
static bool restart_needed(const Vm *vm)
{
	const VmConfig *now = vm->entry->config;
	g_autoptr(VmConfig) running = NULL;
	g_autoptr(VmConfig) defined = NULL;

	if (!vm->domain || !vm->running) {
		return false;
	}
	running = vm_config_copy(vm->running);
	defined = vm_config_copy(now);
	for (int i = 0; i < 2; i++) {
		VmConfig *config = i ? running : defined;

		g_clear_pointer(&config->title, g_free);
		config->title = g_strdup("");
		g_clear_pointer(&config->notes, g_free);
		config->notes = g_strdup("");
		g_clear_pointer(&config->colour, g_free);
		config->colour = g_strdup("");
		config->autostart = false;
		config->is_template = false;
		g_ptr_array_set_size(config->snapshots, 0);
	}
	return !vm_config_equal(running, defined);
}

static GVariant *snapshots_of(const VmConfig *config)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(sxs)"));
	for (guint i = 0; i < config->snapshots->len; i++) {
		const VmSnapshot *snapshot = g_ptr_array_index(config->snapshots, i);

		g_variant_builder_add(&builder, "(sxs)", snapshot->name, snapshot->time,
				      snapshot->comment);
	}
	return g_variant_builder_end(&builder);
}

static GVariant *warnings_of(const GPtrArray *notes)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a(us)"));
	for (guint i = 0; notes && i < notes->len; i++) {
		const VmNote *note = g_ptr_array_index(notes, i);

		g_variant_builder_add(&builder, "(us)", note->line, note->text);
	}
	return g_variant_builder_end(&builder);
}

static GVariant *vm_properties(gpointer owner)
{
	Vm *vm = owner;
	const VmConfig *config = vm->entry->config;
	g_autofree char *base = *config->base ? vm_path_of_uuid(config->base) : g_strdup("/");
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "Uuid", "s", config->uuid);
	g_variant_dict_insert(&dict, "Name", "s", vm->entry->name);
	g_variant_dict_insert(&dict, "Title", "s", config->title);
	g_variant_dict_insert(&dict, "Colour", "s", config->colour);
	g_variant_dict_insert(&dict, "Os", "s", config->os);
	g_variant_dict_insert(&dict, "Type", "s", config->type);
	g_variant_dict_insert(&dict, "Template", "b", config->is_template);
	g_variant_dict_insert(&dict, "ThrowAway", "b", config->throw_away);
	g_variant_dict_insert(&dict, "Base", "o", base);
	g_variant_dict_insert(&dict, "Autostart", "b", config->autostart);
	g_variant_dict_insert(&dict, "Memory", "t", config->memory);
	g_variant_dict_insert(&dict, "Vcpus", "u", config->vcpus);
	g_variant_dict_insert(&dict, "State", "s", vm_state(vm));
	g_variant_dict_insert(&dict, "EndReason", "s", vm->end);
	g_variant_dict_insert(&dict, "EndMessage", "s", vm->end_message ? vm->end_message : "");
	g_variant_dict_insert(&dict, "DomainId", "u", vm->domain);
	g_variant_dict_insert(&dict, "Started", "x", vm->started);
	g_variant_dict_insert(&dict, "Job", "o", vm->job ? job_path(vm->job) : "/");
	g_variant_dict_insert(&dict, "RestartNeeded", "b", restart_needed(vm));
	g_variant_dict_insert(&dict, "Display", "s", "console");
	g_variant_dict_insert_value(&dict, "Snapshots", snapshots_of(config));
	g_variant_dict_insert_value(&dict, "Warnings", warnings_of(vm->entry->notes));
	return g_variant_dict_end(&dict);
}

static bool need_is_met(const Vm *vm, VmNeed need, GError **error)
{
	const char *name = vm->entry->name;
	const Vm *child;

	if ((need & VM_NEED_NOT_TEMPLATE) && vm->entry->config->is_template) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_STATE,
			    "%s is a template: start a throw-away VM of it, or clone it", name);
		return false;
	}
	if ((need & VM_NEED_OFF) && vm->domain) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_STATE,
			    "%s is %s; shut it down first", name, vm_state(vm));
		return false;
	}
	if ((need & VM_NEED_OFF) && vm->saved && !(need & VM_NEED_SAVED_OK)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_STATE,
			    "%s is saved, and its memory goes with its disks: start it, or discard "
			    "the saved state",
			    name);
		return false;
	}
	if ((need & VM_NEED_RUNNING) && (!vm->domain || vm->preserved || vm->ended)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_STATE,
			    "%s does not run; it is %s", name, vm_state(vm));
		return false;
	}
	child =
	    need & VM_NEED_NO_CHILD ? manager_child_of(vm->manager, vm->entry->config->uuid) : NULL;
	if (child) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_IN_USE,
			    "the disks of %s lie on those of %s; %s must go first",
			    child->entry->name, name, child->entry->name);
		return false;
	}
	return true;
}

bool vm_ready(Vm *vm, VmNeed need, GDBusMethodInvocation *call)
{
	GError *error = NULL;

	if (vm->job || vm->busy) {
		g_dbus_method_invocation_return_error(
		    call, MULLION_ERROR, MULLION_ERROR_BUSY,
		    "something else works on %s (%s); wait for it or cancel it", vm->entry->name,
		    vm_state(vm));
		return false;
	}
	if (!need_is_met(vm, need, &error)) {
		bus_answer_error(call, error);
		return false;
	}
	return true;
}

static void job_finished(gpointer data, const GError *error)
{
	Vm *vm = data;

	vm->job = NULL;
	vm->activity = NULL;
	if (vm->doomed) {
		manager_remove(vm->manager, vm);
		return;
	}
	bus_changed_now(vm->bus);
	if (vm->ended && vm->domain && !vm->preserved) {
		vm_run_end(vm);
	}
}

void vm_take_job(Vm *vm, Job *job, const char *activity, GDBusMethodInvocation *call)
{
	vm->job = job;
	vm->activity = activity;
	job_set_finish(job, job_finished, vm);
	bus_changed_now(vm->bus);
	if (call) {
		g_dbus_method_invocation_return_value(call, g_variant_new("(o)", job_path(job)));
	}
}

void vm_domain_ended(Vm *vm)
{
	guint64 one = 1;

	vm->ended = true;
	vm->end_events++;
	if (write(vm->ended_fd, &one, sizeof(one)) < 0) {
		g_warning("%s: eventfd: %s", vm->entry->name, g_strerror(errno));
	}
	if (!vm->job && !vm->busy && !vm->preserved) {
		vm_run_end(vm);
	}
}

typedef struct {
	guint id;
	char *uuid;
	Manager *manager;
} ConsoleLookup;

/* The console daemon makes the terminal a moment after the domain. */
#define CONSOLE_TRIES	 300
#define CONSOLE_RETRY_US 100000

static void console_lookup(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const ConsoleLookup *lookup = data;
	g_autoptr(GError) error = NULL;
	char *path = NULL;

	for (int i = 0; i < CONSOLE_TRIES && !path; i++) {
		g_clear_error(&error);
		path = vmm_console_path(lookup->id, &error);
		if (!path) {
			if (error_is(error, MULLION_ERROR_NOT_FOUND)) {
				break;
			}
			g_usleep(CONSOLE_RETRY_US);
		}
	}
	g_task_return_pointer(task, path, g_free);
}

static void console_start(Vm *vm);

static void console_found(GObject *source, GAsyncResult *result, gpointer data)
{
	const ConsoleLookup *lookup = g_task_get_task_data(G_TASK(result));
	g_autofree char *path = g_task_propagate_pointer(G_TASK(result), NULL);
	g_autoptr(GError) error = NULL;
	Vm *vm = manager_find(lookup->manager, lookup->uuid);

	if (vm) {
		vm->console_wanted = false;
	}
	/* The VM may have ended, or run anew, meanwhile. */
	if (vm && vm->domain && vm->domain != lookup->id && !vm->console) {
		console_start(vm);
	}
	if (!path || !vm || vm->domain != lookup->id || vm->console) {
		return;
	}
	vm->console = console_open(path, &error);
	if (!vm->console) {
		g_warning("%s: %s", vm->entry->name, error->message);
	}
}

static void console_lookup_free(gpointer pointer)
{
	ConsoleLookup *lookup = pointer;

	g_free(lookup->uuid);
	g_free(lookup);
}

static void console_start(Vm *vm)
{
	g_autoptr(GTask) task = NULL;
	ConsoleLookup *lookup;

	if (vm->console_wanted) {
		return;
	}
	vm->console_wanted = true;
	task = g_task_new(NULL, NULL, console_found, NULL);
	lookup = g_new(ConsoleLookup, 1);
	*lookup = (ConsoleLookup){vm->domain, g_strdup(vm->entry->config->uuid), vm->manager};
	g_task_set_task_data(task, lookup, console_lookup_free);
	g_task_run_in_thread(task, console_lookup);
}

char *vm_userdata(const VmConfig *config)
{
	g_autofree char *text = vm_config_format(config, NULL);

	return g_strdup_printf("%s\n[run]\nstarted=%" G_GINT64_FORMAT "\n", text,
			       g_get_real_time() / G_USEC_PER_SEC);
}

void vm_set_domain(Vm *vm, guint id, const char *userdata, bool paused, bool preserved)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	guint64 count;

	vm->domain = id;
	vm->paused = paused;
	vm->preserved = preserved;
	vm->ended = g_hash_table_remove(vm->manager->early, GUINT_TO_POINTER(id));
	while (read(vm->ended_fd, &count, sizeof(count)) > 0) {
		continue;
	}
	g_clear_pointer(&vm->running, vm_config_free);
	vm->started = 0;
	if (userdata &&
	    g_key_file_load_from_data(file, userdata, strlen(userdata), G_KEY_FILE_NONE, NULL)) {
		vm->running = vm_config_parse(userdata, NULL, NULL);
		vm->started = g_key_file_get_int64(file, "run", "started", NULL);
	}
	console_start(vm);
	bus_changed(vm->bus);
}

void vm_clear_domain(Vm *vm, const char *end)
{
	vm->domain = 0;
	vm->paused = vm->preserved = vm->ended = false;
	vm->started = 0;
	vm->end = end;
	g_clear_pointer(&vm->running, vm_config_free);
	g_clear_pointer(&vm->console, console_close);
	bus_changed(vm->bus);
}

void vm_set_end_message(Vm *vm, const GError *error)
{
	g_free(vm->end_message);
	/* Who cancels knows. */
	vm->end_message = error && !g_error_matches(error, MULLION_ERROR, MULLION_ERROR_CANCELLED)
			      ? g_strdup(error->message)
			      : NULL;
	bus_changed(vm->bus);
}

void vm_set_entry(Vm *vm, StoreEntry *entry)
{
	store_entry_free(vm->entry);
	vm->entry = entry;
	bus_changed(vm->bus);
}

bool vm_store(Vm *vm, const VmConfig *config, GError **error)
{
	if (!store_save(vm->manager->vms_folder, vm->entry->name, config, vm->entry, error)) {
		g_prefix_error(error, "%s: ", vm->entry->name);
		return false;
	}
	bus_changed(vm->bus);
	return true;
}

static void handle_rename(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	Manager *manager = vm->manager;
	GError *error = NULL;
	const char *name;

	g_variant_get(args, "(&s)", &name);
	if (!vm_ready(vm, VM_NEED_OFF | VM_NEED_SAVED_OK, call)) {
		return;
	}
	if (!manager_reserve(manager, name, &error)) {
		bus_answer_error(call, error);
		return;
	}
	if (store_rename(manager->vms_folder, vm->entry->name, name, &error)) {
		g_free(vm->entry->name);
		vm->entry->name = g_strdup(name);
	}
	manager_release(manager, name);
	if (error) {
		bus_answer_error(call, error);
		return;
	}
	bus_changed_now(vm->bus);
	g_dbus_method_invocation_return_value(call, NULL);
}

static void settings_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	g_task_return_pointer(task, g_variant_ref_sink(vm_config_to_variant(data, disk_sizes)),
			      (GDestroyNotify)g_variant_unref);
}

static void settings_ready(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GVariant) settings = g_task_propagate_pointer(G_TASK(result), NULL);

	g_dbus_method_invocation_return_value(data, g_variant_new("(@a{sv})", settings));
}

/* In a thread, for a disk's file may be on a server that does not answer. */
static void handle_get_settings(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	g_autoptr(GTask) task = g_task_new(NULL, NULL, settings_ready, call);

	g_task_set_task_data(task, vm_config_copy(vm->entry->config),
			     (GDestroyNotify)vm_config_free);
	g_task_run_in_thread(task, settings_thread);
}

static bool disks_differ(const VmConfig *one, const VmConfig *other)
{
	g_autoptr(VmConfig) copy = vm_config_copy(one);
	GPtrArray *disks = copy->disks;
	bool same;

	copy->disks = other->disks; /* all but the disks is then compared equal to itself */
	same = vm_config_equal(copy, one);
	copy->disks = disks;
	return !same;
}

static bool nics_differ(const VmConfig *one, const VmConfig *other)
{
	g_autoptr(VmConfig) copy = vm_config_copy(one);
	GPtrArray *nics = copy->nics;
	bool same;

	copy->nics = other->nics;
	same = vm_config_equal(copy, one);
	copy->nics = nics;
	return !same;
}

static bool settings_allowed(const Vm *vm, const VmConfig *config, GError **error)
{
	const VmConfig *old = vm->entry->config;

	for (guint i = 0; i < config->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(config->disks, i);

		if (disk->create_size) {
			g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
				    "disks/%s: create-size is for CreateVm and AddDisk",
				    disk->target);
			return false;
		}
	}
	if (disks_differ(old, config) && manager_child_of(vm->manager, old->uuid)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_IN_USE,
			    "disks: other VMs' disks lie on those of %s; they must go first",
			    vm->entry->name);
		return false;
	}
	if (disks_differ(old, config) && (vm->saved || config->snapshots->len > 0)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_STATE,
			    "disks: %s has %s, which would no longer go with its disks",
			    vm->entry->name, vm->saved ? "a saved state" : "snapshots");
		return false;
	}
	if (nics_differ(old, config) && vm->saved) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_STATE,
			    "nics: %s has a saved state, which would no longer go with them",
			    vm->entry->name);
		return false;
	}
	if (config->is_template && vm->domain) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_STATE,
			    "template: %s runs; a template does not", vm->entry->name);
		return false;
	}
	return true;
}

static void handle_set_settings(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	g_autoptr(GVariant) settings = g_variant_get_child_value(args, 0);
	g_autoptr(VmConfig) config = vm_config_copy(vm->entry->config);
	GError *error = NULL;

	if (!vm_ready(vm, 0, call)) {
		return;
	}
	if (!vm_config_apply(config, settings, vm->entry->config, &error)) {
		bus_answer_error(call, error);
		return;
	}
	vm_config_complete(config);
	if (!settings_allowed(vm, config, &error) || !vm_store(vm, config, &error)) {
		bus_answer_error(call, error);
		return;
	}
	bus_changed_now(vm->bus);
	g_dbus_method_invocation_return_value(call, NULL);
}

static const char *right_for_set_settings(gpointer owner, GVariant *args)
{
	Vm *vm = owner;
	g_autoptr(GVariant) settings = g_variant_get_child_value(args, 0);
	g_autoptr(VmConfig) config = vm_config_copy(vm->entry->config);

	if (!vm_config_apply(config, settings, NULL, NULL)) {
		return "manage"; /* the handler says what is wrong with it */
	}
	return manager_right_for(vm->manager, config, vm->entry->config);
}

static void handle_open_console(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	g_autoptr(GUnixFDList) list = NULL;
	GError *error = NULL;
	int fd;

	if (vm->domain && !vm->console) {
		console_start(vm);
	}
	if (!vm->domain || !vm->console) {
		g_dbus_method_invocation_return_error(
		    call, MULLION_ERROR, MULLION_ERROR_INVALID_STATE, "%s %s", vm->entry->name,
		    vm->domain ? "has no console yet; try again in a moment" : "does not run");
		return;
	}
	fd = console_connect(vm->console, &error);
	if (fd < 0) {
		bus_answer_error(call, error);
		return;
	}
	list = g_unix_fd_list_new_from_array(&fd, 1);
	g_dbus_method_invocation_return_value_with_unix_fd_list(call, g_variant_new("(h)", 0),
								list);
}

const BusMethod vm_methods[] = {
    {"Start", "control", vm_handle_start, NULL},
    {"StartThrowAway", "control", vm_handle_start_throw_away, NULL},
    {"Pause", "control", vm_handle_pause, NULL},
    {"Unpause", "control", vm_handle_unpause, NULL},
    {"Shutdown", "control", vm_handle_shutdown, NULL},
    {"ForceOff", "control", vm_handle_force_off, NULL},
    {"Reboot", "control", vm_handle_reboot, NULL},
    {"Save", "control", vm_handle_save, NULL},
    {"DiscardSaved", "control", vm_handle_discard_saved, NULL},
    {"Snapshot", "manage", vm_handle_snapshot, NULL},
    {"RevertSnapshot", "manage", vm_handle_revert_snapshot, NULL},
    {"DeleteSnapshot", "manage", vm_handle_delete_snapshot, NULL},
    {"Clone", "manage", vm_handle_clone, NULL},
    {"Delete", "manage", vm_handle_delete, NULL},
    {"Rename", "manage", handle_rename, NULL},
    {"GetSettings", "view", handle_get_settings, NULL},
    {"SetSettings", "manage", handle_set_settings, right_for_set_settings},
    {"AddDisk", "manage", vm_handle_add_disk, vm_right_for_add_disk},
    {"RemoveDisk", "manage", vm_handle_remove_disk, NULL},
    {"ResizeDisk", "manage", vm_handle_resize_disk, NULL},
    {"OpenConsole", "console", handle_open_console, NULL},
    {NULL},
};

static const BusClass vm_class = {"org.mullion.Vm1", vm_methods, vm_properties};

Vm *vm_new(Manager *manager, StoreEntry *entry)
{
	Vm *vm = g_new0(Vm, 1);
	g_autofree char *path = vm_path_of_uuid(entry->config->uuid);
	g_autofree char *saved = vm_saved_path(manager, entry->config->uuid);

	vm->manager = manager;
	vm->entry = entry;
	vm->end = "";
	vm->saved = g_file_test(saved, G_FILE_TEST_EXISTS);
	vm->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	vm->bus = bus_export(&vm_class, path, vm);
	return vm;
}

void vm_free(Vm *vm)
{
	if (!vm) {
		return;
	}
	bus_unexport(vm->bus);
	g_clear_pointer(&vm->running, vm_config_free);
	g_clear_pointer(&vm->console, console_close);
	store_entry_free(vm->entry);
	close(vm->ended_fd);
	g_free(vm->end_message);
	g_free(vm);
}
