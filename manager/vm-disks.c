/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots, and disks that come, go and grow. */
#include "vm.h"

#include "disk.h"
#include "error.h"
#include "file-util.h"
#include "journal.h"
#include "vm-config-keys.h"

typedef struct {
	Vm *vm; /* not for the thread */
	const Manager *manager;
	VmConfig *config; /* as it was; the thread may change its copy of the new disk */
	char *name;	  /* snapshot's, or disk's target */
	char *comment;
	VmDisk *disk;
	guint64 size;
} Work;

static void work_free(gpointer pointer)
{
	Work *work = pointer;

	vm_config_free(work->config);
	vm_disk_free(work->disk);
	g_free(work->name);
	g_free(work->comment);
	g_free(work);
}

static Work *work_new(Vm *vm, const char *name)
{
	Work *work = g_new0(Work, 1);

	work->vm = vm;
	work->manager = vm->manager;
	work->config = vm_config_copy(vm->entry->config);
	work->name = g_strdup(name);
	return work;
}

static bool begin(const Work *work, const char *op, const char *path, GError **error)
{
	const char *const paths[] = {path, NULL};

	return journal_begin(work->manager->journal_folder, work->config->uuid, op, work->name,
			     path ? paths : NULL, error);
}

static void end(const Work *work)
{
	journal_end(work->manager->journal_folder, work->config->uuid);
}

static void take(Work *work, const char *kind, JobRun run, JobDone done,
		 GDBusMethodInvocation *call)
{
	vm_take_job(work->vm,
		    job_start(kind, "manage", vm_path(work->vm), false,
			      (JobStep){run, done, work, work_free}),
		    NULL, call);
}

/* --- Snapshots --- */

static bool snapshot_run(Job *job, gpointer data, GError **error)
{
	const Work *work = data;
	const GPtrArray *disks = work->config->disks;
	guint i;

	if (!begin(work, "snapshot", NULL, error)) {
		return false;
	}
	for (i = 0; i < disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(disks, i);

		if (disk_is_private(disk) && !disk_snapshot(disk->source, work->name, error)) {
			break;
		}
	}
	if (i == disks->len) {
		return true; /* the journal's entry stays until the definition has it */
	}
	while (i-- > 0) {
		const VmDisk *disk = g_ptr_array_index(disks, i);

		if (disk_is_private(disk)) {
			disk_snapshot_delete(disk->source, work->name, NULL);
		}
	}
	end(work);
	return false;
}

static void snapshot_done(Job *job, gpointer data, const GError *error)
{
	Work *work = data;
	GError *storing = NULL;

	if (error) {
		return;
	}
	vm_config_add_snapshot(work->config, work->name, g_get_real_time() / G_USEC_PER_SEC,
			       work->comment);
	if (vm_store(work->vm, work->config, &storing)) {
		end(work);
	} else {
		job_fail(job, storing); /* and the next start removes it from the disks */
	}
}

static bool snapshots_possible(const Vm *vm, GError **error)
{
	const GPtrArray *disks = vm->entry->config->disks;
	bool any = false;

	for (guint i = 0; i < disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(disks, i);

		if (disk_is_private(disk) && !g_str_equal(disk->format, "qcow2")) {
			g_set_error(error, MULLION_ERROR, MULLION_ERROR_NOT_SUPPORTED,
				    "%s: disks/%s is of format %s; only qcow2 has snapshots: clone "
				    "the VM instead",
				    vm->entry->name, disk->target, disk->format);
			return false;
		}
		any = any || disk_is_private(disk);
	}
	if (!any) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_NOT_SUPPORTED,
			    "%s has no writable disk", vm->entry->name);
	}
	return any;
}

void vm_handle_snapshot(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	GError *error = NULL;
	const char *name, *comment;
	Work *work;

	g_variant_get(args, "(&s&s)", &name, &comment);
	if (!vm_ready(vm, VM_NEED_OFF, call)) {
		return;
	}
	if (!vm_name_is_valid(name)) {
		g_set_error(&error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
			    "'%s' is not a snapshot's name", name);
	} else if (!vm_key_check_text(vm_key_find(vm_keys, "title"), comment, &error)) {
		g_prefix_error(&error, "comment: ");
	} else if (vm_config_find_snapshot(vm->entry->config, name)) {
		g_set_error(&error, MULLION_ERROR, MULLION_ERROR_EXISTS,
			    "%s has a snapshot %s already", vm->entry->name, name);
	} else {
		snapshots_possible(vm, &error);
	}
	if (error) {
		bus_answer_error(call, error);
		return;
	}
	work = work_new(vm, name);
	work->comment = g_strdup(comment);
	take(work, "snapshot", snapshot_run, snapshot_done, call);
}

static Work *work_on_snapshot(Vm *vm, GVariant *args, VmNeed need, GDBusMethodInvocation *call)
{
	const char *name;

	g_variant_get(args, "(&s)", &name);
	if (!vm_ready(vm, need, call)) {
		return NULL;
	}
	if (!vm_config_find_snapshot(vm->entry->config, name)) {
		g_dbus_method_invocation_return_error(call, MULLION_ERROR, MULLION_ERROR_NOT_FOUND,
						      "%s has no snapshot '%s'", vm->entry->name,
						      name);
		return NULL;
	}
	return work_new(vm, name);
}

static bool revert_run(Job *job, gpointer data, GError **error)
{
	const Work *work = data;
	bool good = begin(work, "revert", NULL, error);

	for (guint i = 0; good && i < work->config->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(work->config->disks, i);

		good =
		    !disk_is_private(disk) || disk_snapshot_revert(disk->source, work->name, error);
	}
	end(work);
	return good;
}

void vm_handle_revert_snapshot(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Work *work = work_on_snapshot(owner, args, VM_NEED_OFF | VM_NEED_NO_CHILD, call);

	if (work) {
		take(work, "revert", revert_run, NULL, call);
	}
}

static bool delete_snapshot_run(Job *job, gpointer data, GError **error)
{
	const Work *work = data;
	bool good = begin(work, "delete-snapshot", NULL, error);

	for (guint i = 0; good && i < work->config->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(work->config->disks, i);
		g_autoptr(GError) local = NULL;

		if (disk_is_private(disk) &&
		    !disk_snapshot_delete(disk->source, work->name, &local) &&
		    !error_is(local, MULLION_ERROR_NOT_FOUND)) {
			g_propagate_error(error, g_steal_pointer(&local));
			good = false;
		}
	}
	if (!good) {
		end(work);
	}
	return good;
}

static void delete_snapshot_done(Job *job, gpointer data, const GError *error)
{
	Work *work = data;
	GError *storing = NULL;

	if (error) {
		return;
	}
	g_ptr_array_remove(work->config->snapshots,
			   vm_config_find_snapshot(work->config, work->name));
	if (vm_store(work->vm, work->config, &storing)) {
		end(work);
	} else {
		job_fail(job, storing);
	}
}

void vm_handle_delete_snapshot(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Work *work = work_on_snapshot(owner, args, VM_NEED_OFF, call);

	if (work) {
		take(work, "delete-snapshot", delete_snapshot_run, delete_snapshot_done, call);
	}
}

/* --- Disks --- */

static bool add_run(Job *job, gpointer data, GError **error)
{
	Work *work = data;
	g_autofree char *folder = vm_disks_folder(work->manager, work->config->uuid);
	g_autofree char *path = disk_planned_path(work->disk, folder, work->config->uuid);

	if (!work->disk->create_size) {
		return true;
	}
	/* A file that is there already is not ours to overwrite. */
	if (g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_EXISTS, "%s is there already",
			    path);
		return false;
	}
	if (!begin(work, "add-disk", path, error)) {
		return false;
	}
	if ((g_str_equal(work->disk->format, "block") || file_make_folder(folder, error)) &&
	    disk_create(work->disk, folder, work->config->uuid, error)) {
		return true;
	}
	disk_remove(path, NULL);
	end(work);
	return false;
}

static void add_done(Job *job, gpointer data, const GError *error)
{
	Work *work = data;
	GError *storing = NULL;

	if (error) {
		return;
	}
	job_set_result(job, "target", g_variant_new_string(work->disk->target));
	g_ptr_array_add(work->config->disks, g_steal_pointer(&work->disk));
	if (vm_store(work->vm, work->config, &storing)) {
		end(work);
	} else {
		job_fail(job, storing);
	}
}

static bool disk_fits(const Vm *vm, const VmDisk *disk, GError **error)
{
	g_autoptr(VmConfig) trial = vm_config_copy(vm->entry->config);
	VmDisk *copy = vm_disk_new();

	vm_text_set(&copy->target, disk->target);
	vm_text_set(&copy->source, disk->source);
	vm_text_set(&copy->format, disk->format);
	copy->create_size = disk->create_size;
	copy->cdrom = disk->cdrom;
	g_ptr_array_add(trial->disks, copy);
	return vm_config_validate(trial, error);
}

void vm_handle_add_disk(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	g_autoptr(GVariant) settings = g_variant_get_child_value(args, 0);
	g_autoptr(VmDisk) disk = NULL;
	GError *error = NULL;
	Work *work;

	if (!vm_ready(vm, VM_NEED_OFF, call)) {
		return;
	}
	disk = vm_disk_from_variant(settings, &error);
	if (disk && !*disk->target) {
		g_autofree char *target = vm_config_free_target(vm->entry->config);

		vm_text_set(&disk->target, target);
	}
	if (!disk || !disk_fits(vm, disk, &error)) {
		bus_answer_error(call, error);
		return;
	}
	work = work_new(vm, disk->target);
	work->disk = g_steal_pointer(&disk);
	take(work, "add-disk", add_run, add_done, call);
}

const char *vm_right_for_add_disk(gpointer owner, GVariant *args)
{
	Vm *vm = owner;
	g_autoptr(GVariant) settings = g_variant_get_child_value(args, 0);
	g_autoptr(VmConfig) trial = vm_config_copy(vm->entry->config);
	VmDisk *disk = vm_disk_from_variant(settings, NULL);

	if (!disk) {
		return "manage"; /* the handler says what is wrong with it */
	}
	g_ptr_array_add(trial->disks, disk);
	return manager_right_for(vm->manager, trial, vm->entry->config);
}

static bool remove_run(Job *job, gpointer data, GError **error)
{
	const Work *work = data;
	bool good = disk_remove(work->disk->source, error);

	end(work);
	return good;
}

static bool remove_nothing(Job *job, gpointer data, GError **error)
{
	return true;
}

void vm_handle_remove_disk(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	g_autoptr(VmConfig) config = vm_config_copy(vm->entry->config);
	gboolean delete = FALSE;
	GError *error = NULL;
	const char *target;
	VmDisk *disk;
	Work *work;
	guint index;

	g_variant_get(args, "(&sb)", &target, &delete);
	if (!vm_ready(vm, VM_NEED_OFF | VM_NEED_NO_CHILD, call)) {
		return;
	}
	disk = vm_config_find_disk(config, target);
	if (!disk || !g_ptr_array_find(config->disks, disk, &index)) {
		g_dbus_method_invocation_return_error(call, MULLION_ERROR, MULLION_ERROR_NOT_FOUND,
						      "%s has no disk '%s'", vm->entry->name,
						      target);
		return;
	}
	if (config->snapshots->len > 0) {
		g_dbus_method_invocation_return_error(
		    call, MULLION_ERROR, MULLION_ERROR_INVALID_STATE,
		    "%s has snapshots, which need all its disks; delete them first",
		    vm->entry->name);
		return;
	}
	delete = delete &&disk->owned;
	work = work_new(vm, target);
	work->disk = g_ptr_array_steal_index(config->disks, index);
	if ((delete &&!begin(work, "remove-disk", work->disk->source, &error)) ||
	    !vm_store(vm, config, &error)) {
		end(work);
		work_free(work);
		bus_answer_error(call, error);
		return;
	}
	take(work, "remove-disk", delete ? remove_run : remove_nothing, NULL, call);
}

static bool resize_run(Job *job, gpointer data, GError **error)
{
	const Work *work = data;

	return disk_resize(work->disk, work->size, error);
}

void vm_handle_resize_disk(gpointer owner, GVariant *args, GDBusMethodInvocation *call)
{
	Vm *vm = owner;
	const char *target;
	VmDisk *disk;
	guint index;
	guint64 size;
	Work *work;

	g_variant_get(args, "(&st)", &target, &size);
	if (!vm_ready(vm, VM_NEED_OFF | VM_NEED_NO_CHILD, call)) {
		return;
	}
	disk = vm_config_find_disk(vm->entry->config, target);
	if (!disk || !*disk->source || disk->cdrom) {
		g_dbus_method_invocation_return_error(call, MULLION_ERROR, MULLION_ERROR_NOT_FOUND,
						      "%s has no disk '%s'", vm->entry->name,
						      target);
		return;
	}
	if (size > 1ULL << 46 || size % 512) {
		g_dbus_method_invocation_return_error(
		    call, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
		    "size: more than 64 TiB, or no multiple of 512");
		return;
	}
	work = work_new(vm, target);
	work->size = size;
	disk = vm_config_find_disk(work->config, target);
	if (g_ptr_array_find(work->config->disks, disk, &index)) {
		work->disk = g_ptr_array_steal_index(work->config->disks, index);
	}
	take(work, "resize-disk", resize_run, NULL, call);
}
