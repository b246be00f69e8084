/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making and deleting VMs. The definition is written when all it needs is there, and goes before
 * what it needed. */
#include "vm.h"

#include "disk.h"
#include "error.h"
#include "file-util.h"
#include "journal.h"
#include "vm-config-keys.h"

#include <string.h>

typedef struct {
	Manager *manager; /* the thread looks at its folders alone */
	Vm *source;	  /* NULL for create; not for the thread */
	char *name;
	VmConfig *config; /* of the new VM; its disks are still the source's */
	bool linked;
	bool start; /* throw-away: then run it */
	bool paused;
} Make;

static void make_free(gpointer pointer)
{
	Make *make = pointer;

	manager_release(make->manager, make->name);
	g_free(make->name);
	vm_config_free(make->config);
	g_free(make);
}

static GStrv planned_volumes(const VmConfig *config, const char *folder)
{
	g_autoptr(GStrvBuilder) paths = g_strv_builder_new();

	for (guint i = 0; i < config->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(config->disks, i);

		if (disk->create_size) {
			g_autofree char *path = disk_planned_path(disk, folder, config->uuid);

			g_strv_builder_add(paths, path);
		}
	}
	return g_strv_builder_end(paths);
}

static void undo(const Make *make, const char *folder)
{
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < make->config->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(make->config->disks, i);

		if (disk->owned && g_str_equal(disk->format, "block") && !disk->create_size) {
			disk_remove(disk->source, NULL);
		}
	}
	if (!file_remove_folder(folder, &error)) {
		g_warning("%s", error->message);
	}
	journal_end(make->manager->journal_folder, make->config->uuid);
}

static bool make_disk(Job *job, const Make *make, VmDisk *disk, const char *folder, double from,
		      double to, GError **error)
{
	if (disk->create_size) {
		return disk_create(disk, folder, make->config->uuid, error);
	}
	if (!make->source || !disk_is_private(disk)) {
		disk->owned = disk->owned && !make->source;
		return true;
	}
	if (make->linked) {
		return disk_overlay(disk, folder, error);
	}
	return disk_copy(disk, folder, job, from, to, error);
}

static bool make_disks(Job *job, const Make *make, const char *folder, GError **error)
{
	guint count = make->config->disks->len;

	for (guint i = 0; i < count; i++) {
		VmDisk *disk = g_ptr_array_index(make->config->disks, i);

		if (g_cancellable_is_cancelled(job_cancellable(job))) {
			g_set_error(error, MULLION_ERROR, MULLION_ERROR_CANCELLED, "cancelled");
			return false;
		}
		if (!make_disk(job, make, disk, folder, (double)i / count, (double)(i + 1) / count,
			       error)) {
			g_prefix_error(error, "%s: disks/%s: ", make->name, disk->target);
			return false;
		}
	}
	return true;
}

static bool needs_folder(const Make *make)
{
	for (guint i = 0; i < make->config->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(make->config->disks, i);

		if (disk->create_size ? !g_str_equal(disk->format, "block")
				      : make->source && disk_is_private(disk)) {
			return true;
		}
	}
	return false;
}

static bool make_run(Job *job, gpointer data, GError **error)
{
	Make *make = data;
	const char *journal = make->manager->journal_folder;
	g_autofree char *folder = vm_disks_folder(make->manager, make->config->uuid);
	g_auto(GStrv) volumes = planned_volumes(make->config, folder);

	if (!journal_begin(journal, make->config->uuid, "create", make->name,
			   (const char *const *)volumes, error)) {
		return false;
	}
	job_mark(job, "journal");
	if ((needs_folder(make) && !file_make_folder(folder, error)) ||
	    !make_disks(job, make, folder, error) || !job_commit(job, error)) {
		undo(make, folder);
		return false;
	}
	job_mark(job, "disks");
	if (!store_save(make->manager->vms_folder, make->name, make->config, NULL, error)) {
		undo(make, folder);
		return false;
	}
	journal_end(journal, make->config->uuid);
	job_mark(job, "definition");
	return true;
}

static void make_done(Job *job, gpointer data, const GError *error)
{
	Make *make = data;
	g_autoptr(GError) loading = NULL;
	StoreEntry *entry;
	Vm *vm;

	if (make->source) {
		make->source->job = NULL;
		make->source->activity = NULL;
		bus_changed_now(make->source->bus);
		job_set_finish(job, NULL, NULL);
	}
	if (error) {
		return;
	}
	/* A watch on the folder may have been quicker. */
	vm = manager_find(make->manager, make->config->uuid);
	if (!vm) {
		entry = store_load_one(make->manager->vms_folder, make->name, &loading);
		if (!entry) {
			job_fail(job, g_steal_pointer(&loading));
			return;
		}
		vm = manager_add(make->manager, entry);
	}
	job_set_result(job, "vm", g_variant_new_object_path(vm_path(vm)));
	if (make->start) {
		job_set_vm(job, vm_path(vm));
		vm_take_job(vm, job, "starting", NULL);
		job_continue(job, vm_run_start_step(vm, make->paused));
	}
}

void vm_make_create(Manager *manager, const char *name, VmConfig *config,
		    GDBusMethodInvocation *call)
{
	Make *make = g_new0(Make, 1);
	Job *job;

	*make = (Make){.manager = manager, .name = g_strdup(name), .config = config};
	job = job_start("create", "manage", "/", true,
			(JobStep){make_run, make_done, make, make_free});
	g_dbus_method_invocation_return_value(call, g_variant_new("(o)", job_path(job)));
}

/* The definition of a copy: its own identity, no snapshots, nothing of the run. */
static VmConfig *copy_config(const Vm *source, bool linked)
{
	VmConfig *config = vm_config_copy(source->entry->config);

	vm_text_set(&config->uuid, "");
	vm_text_set(&config->base, linked ? source->entry->config->uuid : "");
	for (guint i = 0; i < config->nics->len; i++) {
		vm_text_set(&((VmNic *)g_ptr_array_index(config->nics, i))->mac, "");
	}
	g_ptr_array_set_size(config->snapshots, 0);
	config->is_template = false;
	config->throw_away = false;
	config->autostart = false;
	vm_config_complete(config);
	return config;
}

static void make_copy(Vm *vm, Make *make, const char *kind, const char *right,
		      GDBusMethodInvocation *call)
{
	vm_take_job(vm,
		    job_start(kind, right, vm_path(vm), true,
			      (JobStep){make_run, make_done, make, make_free}),
		    NULL, call);
}

void vm_handle_clone(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	g_autoptr(GVariant) options = NULL;
	gboolean linked = FALSE, is_template = FALSE;
	GError *error = NULL;
	const char *name;
	Make *make;

	g_variant_get(args, "(&s@a{sv})", &name, &options);
	g_variant_lookup(options, "linked", "b", &linked);
	g_variant_lookup(options, "template", "b", &is_template);
	if (!vm_ready(vm, VM_NEED_OFF, call)) {
		return;
	}
	if (vm->entry->config->throw_away) {
		g_dbus_method_invocation_return_error(call, MULLION_ERROR,
						      MULLION_ERROR_NOT_SUPPORTED,
						      "%s is a throw-away VM", vm->entry->name);
		return;
	}
	if (!manager_reserve(vm->manager, name, &error)) {
		bus_answer_error(call, error);
		return;
	}
	make = g_new0(Make, 1);
	*make =
	    (Make){.manager = vm->manager, .source = vm, .name = g_strdup(name), .linked = linked};
	make->config = copy_config(vm, linked);
	make->config->is_template = is_template;
	make_copy(vm, make, "clone", "manage", call);
}

/* NAME-1, NAME-2 ...; the stem is cut where the name would get too long. */
static char *throw_away_name(Vm *vm)
{
	for (guint i = 1; i < 10000; i++) {
		g_autofree char *name = g_strdup_printf("%.57s-%u", vm->entry->name, i);

		if (manager_reserve(vm->manager, name, NULL)) {
			return g_steal_pointer(&name);
		}
	}
	return NULL;
}

void vm_handle_start_throw_away(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	g_autoptr(GVariant) options = g_variant_get_child_value(args, 0);
	const char *wanted = NULL;
	gboolean paused = FALSE;
	GError *error = NULL;
	char *name = NULL;
	Make *make;

	g_variant_lookup(options, "name", "&s", &wanted);
	g_variant_lookup(options, "paused", "b", &paused);
	if (!vm_ready(vm, VM_NEED_OFF, call)) {
		return;
	}
	if (vm->entry->config->throw_away) {
		g_dbus_method_invocation_return_error(
		    call, MULLION_ERROR, MULLION_ERROR_NOT_SUPPORTED,
		    "%s is a throw-away VM itself", vm->entry->name);
		return;
	}
	if (wanted && manager_reserve(vm->manager, wanted, &error)) {
		name = g_strdup(wanted);
	} else if (!wanted) {
		name = throw_away_name(vm);
	}
	if (!name) {
		if (!error) {
			error = g_error_new(MULLION_ERROR, MULLION_ERROR_EXISTS,
					    "%s: no name is free", vm->entry->name);
		}
		bus_answer_error(call, error);
		return;
	}
	make = g_new0(Make, 1);
	*make = (Make){.manager = vm->manager,
		       .source = vm,
		       .name = name,
		       .linked = true,
		       .start = true,
		       .paused = paused};
	make->config = copy_config(vm, true);
	make->config->throw_away = true;
	make_copy(vm, make, "throw-away", "control", call);
}

/* --- Delete --- */

static GStrv owned_paths(const VmConfig *config)
{
	g_autoptr(GStrvBuilder) paths = g_strv_builder_new();

	for (guint i = 0; i < config->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(config->disks, i);

		if (disk->owned) {
			g_strv_builder_add(paths, disk->source);
		}
	}
	return g_strv_builder_end(paths);
}

bool vm_make_delete(const Manager *manager, const char *name, const VmConfig *config,
		    bool keep_disks, GError **error)
{
	g_auto(GStrv) paths = keep_disks ? g_new0(char *, 1) : owned_paths(config);
	g_autofree char *saved = vm_saved_path(manager, config->uuid);
	g_autofree char *folder = vm_disks_folder(manager, config->uuid);

	if (!journal_begin(manager->journal_folder, config->uuid, "delete", name,
			   (const char *const *)paths, error) ||
	    !store_remove(manager->vms_folder, name, error) || !file_remove(saved, error)) {
		return false;
	}
	for (guint i = 0; paths[i]; i++) {
		if (!disk_remove(paths[i], error)) {
			return false; /* the journal's entry stays: the next start tries again */
		}
	}
	if (!keep_disks && !file_remove_folder(folder, error)) {
		return false;
	}
	journal_end(manager->journal_folder, config->uuid);
	return true;
}

typedef struct {
	Vm *vm;
	const Manager *manager;
	char *name;
	VmConfig *config;
	bool keep_disks;
} Delete;

static void delete_free(gpointer pointer)
{
	Delete *delete = pointer;

	g_free(delete->name);
	vm_config_free(delete->config);
	g_free(delete);
}

static bool delete_run(Job *job, gpointer data, GError **error)
{
	const Delete *delete = data;

	return vm_make_delete(delete->manager, delete->name, delete->config, delete->keep_disks,
			      error);
}

static void delete_done(Job *job, gpointer data, const GError *error)
{
	const Delete *delete = data;
	g_autofree char *file =
	    g_strdup_printf("%s/%s" STORE_SUFFIX, delete->manager->vms_folder, delete->name);

	/* Without a definition it is gone, even if something of it could not be cleared away yet.
	 */
	delete->vm->doomed = !g_file_test(file, G_FILE_TEST_EXISTS);
}

void vm_handle_delete(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	g_autoptr(GVariant) options = g_variant_get_child_value(args, 0);
	gboolean keep_disks = FALSE;
	Delete *delete;

	g_variant_lookup(options, "keep-disks", "b", &keep_disks);
	if (!vm_ready(vm, VM_NEED_OFF | VM_NEED_SAVED_OK | VM_NEED_NO_CHILD, call)) {
		return;
	}
	delete = g_new0(Delete, 1);
	*delete = (Delete){vm, vm->manager, g_strdup(vm->entry->name),
			   vm_config_copy(vm->entry->config), keep_disks};
	vm_take_job(vm,
		    job_start("delete", "manage", vm_path(vm), false,
			      (JobStep){delete_run, delete_done, delete, delete_free}),
		    NULL, call);
}
