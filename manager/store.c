/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

#include "error.h"
#include "file-util.h"

#include <string.h>

void store_entry_free(StoreEntry *entry)
{
	if (entry) {
		g_free(entry->name);
		g_free(entry->text);
		g_clear_pointer(&entry->config, vm_config_free);
		g_clear_pointer(&entry->notes, g_ptr_array_unref);
		g_free(entry);
	}
}

static char *path_of(const char *folder, const char *name)
{
	g_autofree char *file = g_strconcat(name, STORE_SUFFIX, NULL);

	return g_build_filename(folder, file, NULL);
}

StoreEntry *store_load_one(const char *folder, const char *name, GError **error)
{
	g_autoptr(StoreEntry) entry = g_new0(StoreEntry, 1);
	g_autofree char *path = path_of(folder, name);

	entry->name = g_strdup(name);
	if (!vm_name_is_valid(name)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
			    "the file's name is not a VM's name (letters, digits, '.', '_', '-'; "
			    "63 at most)");
		return NULL;
	}
	entry->text = file_read(path, VM_CONFIG_FILE_LIMIT, error);
	if (!entry->text) {
		return NULL;
	}
	entry->notes = vm_notes_new();
	entry->config = vm_config_parse(entry->text, entry->notes, error);
	return entry->config ? g_steal_pointer(&entry) : NULL;
}

static gint by_name(gconstpointer one, gconstpointer other)
{
	const StoreEntry *const *a = one, *const *b = other;

	return strcmp((*a)->name, (*b)->name);
}

static void drop_twins(GPtrArray *entries, GVariantBuilder *broken)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < entries->len;) {
		const StoreEntry *entry = g_ptr_array_index(entries, i);
		const StoreEntry *first = g_hash_table_lookup(seen, entry->config->uuid);

		if (first) {
			g_autofree char *file = g_strconcat(entry->name, STORE_SUFFIX, NULL);
			g_autofree char *reason = g_strdup_printf("has the uuid of %s" STORE_SUFFIX
								  "; a copy needs its own",
								  first->name);

			g_variant_builder_add(broken, "(ss)", file, reason);
			g_ptr_array_remove_index(entries, i);
		} else {
			g_hash_table_insert(seen, entry->config->uuid, (gpointer)entry);
			i++;
		}
	}
}

GPtrArray *store_load(const char *folder, GVariantBuilder *broken)
{
	GPtrArray *entries = g_ptr_array_new_with_free_func((GDestroyNotify)store_entry_free);
	g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
	const char *file;

	while (listing && (file = g_dir_read_name(listing))) {
		g_autoptr(GError) error = NULL;
		g_autofree char *name = NULL;
		g_autofree char *valid = NULL;
		StoreEntry *entry;

		if (file[0] == '.' || !g_str_has_suffix(file, STORE_SUFFIX)) {
			continue;
		}
		name = g_strndup(file, strlen(file) - strlen(STORE_SUFFIX));
		entry = store_load_one(folder, name, &error);
		if (entry) {
			g_ptr_array_add(entries, entry);
		} else if (!error_is(error, MULLION_ERROR_NOT_FOUND)) {
			valid = g_utf8_make_valid(file, -1);
			g_variant_builder_add(broken, "(ss)", valid, error->message);
		}
	}
	g_ptr_array_sort(entries, by_name);
	drop_twins(entries, broken);
	return entries;
}

static bool unedited(const char *path, const StoreEntry *entry, GError **error)
{
	g_autofree char *text = file_read(path, VM_CONFIG_FILE_LIMIT, NULL);

	if (text && g_str_equal(text, entry->text)) {
		return true;
	}
	g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_STATE,
		    "%s was edited or removed by hand just now; try again", path);
	return false;
}

bool store_save(const char *folder, const char *name, const VmConfig *config, StoreEntry *entry,
		GError **error)
{
	g_autofree char *path = path_of(folder, name);
	g_autofree char *text = vm_config_format(config, entry ? entry->text : NULL);

	if (!entry && g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_EXISTS,
			    "there is a VM of the name %s", name);
		return false;
	}
	if ((entry && !unedited(path, entry, error)) || !file_write(path, text, error)) {
		return false;
	}
	if (entry) {
		g_free(entry->text);
		entry->text = g_steal_pointer(&text);
		vm_config_free(entry->config);
		entry->config = vm_config_copy(config);
	}
	return true;
}

bool store_rename(const char *folder, const char *from, const char *to, GError **error)
{
	g_autofree char *from_path = path_of(folder, from);
	g_autofree char *to_path = path_of(folder, to);

	return file_rename(from_path, to_path, error);
}

bool store_remove(const char *folder, const char *name, GError **error)
{
	g_autofree char *path = path_of(folder, name);

	return file_remove(path, error);
}
