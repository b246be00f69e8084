/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recovery.h"

#include "disk.h"
#include "error.h"
#include "file-util.h"
#include "journal.h"
#include "vm.h"

#include <string.h>
#include <unistd.h>

typedef struct {
	const Manager *manager;
	GPtrArray *entries; /* StoreEntry */
	GPtrArray *domains; /* VmmDomain; NULL when the hypervisor did not say */
} Recovery;

typedef bool (*RecoverFunc)(const Recovery *recovery, const JournalEntry *entry, GError **error);

static const StoreEntry *definition_of(const Recovery *recovery, const char *uuid)
{
	for (guint i = 0; i < recovery->entries->len; i++) {
		const StoreEntry *entry = g_ptr_array_index(recovery->entries, i);

		if (g_str_equal(entry->config->uuid, uuid)) {
			return entry;
		}
	}
	return NULL;
}

static const VmmDomain *domain_of(const Recovery *recovery, const char *uuid)
{
	for (guint i = 0; recovery->domains && i < recovery->domains->len; i++) {
		const VmmDomain *domain = g_ptr_array_index(recovery->domains, i);

		if (g_str_equal(domain->uuid, uuid)) {
			return domain;
		}
	}
	return NULL;
}

static bool names_source(const StoreEntry *entry, const char *path)
{
	for (guint i = 0; entry && i < entry->config->disks->len; i++) {
		if (g_str_equal(((VmDisk *)g_ptr_array_index(entry->config->disks, i))->source,
				path)) {
			return true;
		}
	}
	return false;
}

static bool remove_paths(const JournalEntry *entry, const StoreEntry *definition, GError **error)
{
	for (guint i = 0; entry->paths[i]; i++) {
		if (!names_source(definition, entry->paths[i]) &&
		    !disk_remove(entry->paths[i], error)) {
			return false;
		}
	}
	return true;
}

static bool recover_create(const Recovery *recovery, const JournalEntry *entry, GError **error)
{
	g_autofree char *folder = vm_disks_folder(recovery->manager, entry->uuid);

	if (definition_of(recovery, entry->uuid)) {
		return true;
	}
	return remove_paths(entry, NULL, error) && file_remove_folder(folder, error);
}

/* A domain with its userdata is whole (vmm_create() writes them last); it only may have to be let
 * run. */
static bool recover_start(const Recovery *recovery, const JournalEntry *entry, GError **error)
{
	const VmmDomain *domain = domain_of(recovery, entry->uuid);
	g_autofree char *saved = vm_saved_path(recovery->manager, entry->uuid);
	bool restore = g_str_equal(entry->op, "restore");
	bool whole = domain && domain->userdata;

	if (!domain) {
		return true;
	}
	if (!whole || (restore && access(saved, F_OK) == 0)) {
		return vmm_destroy(domain->id, error);
	}
	if (domain->state == VMM_PAUSED && !g_str_equal(entry->name, "paused")) {
		return vmm_unpause(domain->id, error);
	}
	return true;
}

static bool recover_save(const Recovery *recovery, const JournalEntry *entry, GError **error)
{
	const VmmDomain *domain = domain_of(recovery, entry->uuid);
	g_autofree char *saved = vm_saved_path(recovery->manager, entry->uuid);
	g_autofree char *partial = vm_partial_path(recovery->manager, entry->uuid);

	if (access(saved, F_OK) == 0) {
		return !domain || vmm_destroy(domain->id, error);
	}
	if (!file_remove(partial, error)) {
		return false;
	}
	if (domain && domain->state == VMM_ENDED && domain->end == VMM_END_SUSPEND) {
		return vmm_resume(domain->id, error);
	}
	return true;
}

static bool recover_delete(const Recovery *recovery, const JournalEntry *entry, GError **error)
{
	const StoreEntry *definition = definition_of(recovery, entry->uuid);
	const VmmDomain *domain = domain_of(recovery, entry->uuid);
	g_autofree char *saved = vm_saved_path(recovery->manager, entry->uuid);
	g_autofree char *folder = vm_disks_folder(recovery->manager, entry->uuid);

	if ((domain && !vmm_destroy(domain->id, error)) ||
	    (definition && !store_remove(recovery->manager->vms_folder, definition->name, error)) ||
	    !file_remove(saved, error) || !remove_paths(entry, NULL, error)) {
		return false;
	}
	/* Disks that were to be kept are not in the entry, and then there may be some in the
	 * folder. */
	return !entry->paths[0] || file_remove_folder(folder, error);
}

static bool on_all_disks(const StoreEntry *definition, const char *name,
			 bool (*act)(const char *path, const char *name, GError **error),
			 GError **error)
{
	for (guint i = 0; definition && i < definition->config->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(definition->config->disks, i);
		g_autoptr(GError) local = NULL;

		if (disk_is_private(disk) && g_str_equal(disk->format, "qcow2") &&
		    !act(disk->source, name, &local) && !error_is(local, MULLION_ERROR_NOT_FOUND)) {
			g_propagate_error(error, g_steal_pointer(&local));
			return false;
		}
	}
	return true;
}

static bool recover_snapshot(const Recovery *recovery, const JournalEntry *entry, GError **error)
{
	const StoreEntry *definition = definition_of(recovery, entry->uuid);

	if (definition && vm_config_find_snapshot(definition->config, entry->name)) {
		return true;
	}
	return on_all_disks(definition, entry->name, disk_snapshot_delete, error);
}

static bool recover_revert(const Recovery *recovery, const JournalEntry *entry, GError **error)
{
	return on_all_disks(definition_of(recovery, entry->uuid), entry->name, disk_snapshot_revert,
			    error);
}

static bool recover_delete_snapshot(const Recovery *recovery, const JournalEntry *entry,
				    GError **error)
{
	const StoreEntry *definition = definition_of(recovery, entry->uuid);
	g_autoptr(VmConfig) config = NULL;
	VmSnapshot *snapshot;

	if (!definition) {
		return true;
	}
	if (!on_all_disks(definition, entry->name, disk_snapshot_delete, error)) {
		return false;
	}
	config = vm_config_copy(definition->config);
	snapshot = vm_config_find_snapshot(config, entry->name);
	if (!snapshot) {
		return true;
	}
	g_ptr_array_remove(config->snapshots, snapshot);
	return store_save(recovery->manager->vms_folder, definition->name, config,
			  (StoreEntry *)definition, error);
}

/* The file goes unless the definition has it: for add-disk it was not yet, for remove-disk no
 * longer there. */
static bool recover_disk(const Recovery *recovery, const JournalEntry *entry, GError **error)
{
	return remove_paths(entry, definition_of(recovery, entry->uuid), error);
}

static const struct {
	const char *op;
	RecoverFunc recover;
	bool needs_domains;
} recoveries[] = {
    {"create", recover_create, false}, {"start", recover_start, true},
    {"restore", recover_start, true},  {"save", recover_save, true},
    {"delete", recover_delete, true},  {"snapshot", recover_snapshot, false},
    {"revert", recover_revert, false}, {"delete-snapshot", recover_delete_snapshot, false},
    {"add-disk", recover_disk, false}, {"remove-disk", recover_disk, false},
};

static bool recover(const Recovery *recovery, const JournalEntry *entry, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(recoveries); i++) {
		if (!g_str_equal(recoveries[i].op, entry->op)) {
			continue;
		}
		if (recoveries[i].needs_domains && !recovery->domains) {
			g_set_error(error, MULLION_ERROR, MULLION_ERROR_FAILED,
				    "the hypervisor does not list its domains");
			return false;
		}
		return recoveries[i].recover(recovery, entry, error);
	}
	g_set_error(error, MULLION_ERROR, MULLION_ERROR_FAILED, "operation '%s' is not known",
		    entry->op);
	return false;
}

/* A throw-away VM without a domain has ended; with nobody there to see it. */
static void drop_throw_aways(const Recovery *recovery)
{
	for (guint i = 0; recovery->domains && i < recovery->entries->len; i++) {
		const StoreEntry *entry = g_ptr_array_index(recovery->entries, i);
		g_autoptr(GError) error = NULL;

		if (entry->config->throw_away && !domain_of(recovery, entry->config->uuid) &&
		    !vm_make_delete(recovery->manager, entry->name, entry->config, false, &error)) {
			g_warning("recovery: %s: %s", entry->name, error->message);
		}
	}
}

/* What file_write() had not yet renamed. */
static void drop_unfinished(const char *folder)
{
	g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
	const char *name;

	while (listing && (name = g_dir_read_name(listing))) {
		if (name[0] == '.' && g_str_has_suffix(name, ".new")) {
			g_autofree char *path = g_build_filename(folder, name, NULL);

			file_remove(path, NULL);
		}
	}
}

static void look(Recovery *recovery)
{
	g_autoptr(GError) error = NULL;
	GVariantBuilder broken;

	g_variant_builder_init(&broken, G_VARIANT_TYPE("a(ss)"));
	g_clear_pointer(&recovery->entries, g_ptr_array_unref);
	g_clear_pointer(&recovery->domains, g_ptr_array_unref);
	recovery->entries = store_load(recovery->manager->vms_folder, &broken);
	recovery->domains = vmm_list(&error);
	if (!recovery->domains) {
		g_warning("recovery: %s", error->message);
	}
	g_variant_builder_clear(&broken);
}

void recovery_run(const Manager *manager)
{
	g_autoptr(GPtrArray) journal = NULL;
	Recovery recovery = {manager, NULL, NULL};

	drop_unfinished(manager->vms_folder);
	drop_unfinished(manager->networks_folder);
	drop_unfinished(manager->journal_folder);
	journal = journal_load(manager->journal_folder);
	look(&recovery);
	for (guint i = 0; i < journal->len; i++) {
		const JournalEntry *entry = g_ptr_array_index(journal, i);
		g_autoptr(GError) error = NULL;

		g_message("recovery: %s of %s was under way", entry->op, entry->uuid);
		if (recover(&recovery, entry, &error)) {
			journal_end(manager->journal_folder, entry->uuid);
		} else {
			g_warning("recovery: %s of %s: %s", entry->op, entry->uuid, error->message);
		}
	}
	look(&recovery);
	drop_throw_aways(&recovery);
	g_clear_pointer(&recovery.entries, g_ptr_array_unref);
	g_clear_pointer(&recovery.domains, g_ptr_array_unref);
}
