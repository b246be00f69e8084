/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journal.h"

#include "file-util.h"

void journal_entry_free(JournalEntry *entry)
{
	if (entry) {
		g_free(entry->uuid);
		g_free(entry->op);
		g_free(entry->name);
		g_strfreev(entry->paths);
		g_free(entry);
	}
}

bool journal_begin(const char *folder, const char *uuid, const char *op, const char *name,
		   const char *const *paths, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *path = g_build_filename(folder, uuid, NULL);
	g_autofree char *text = NULL;

	g_key_file_set_string(file, "journal", "op", op);
	g_key_file_set_string(file, "journal", "name", name);
	if (paths) {
		g_key_file_set_string_list(file, "journal", "paths", paths,
					   g_strv_length((GStrv)paths));
	}
	text = g_key_file_to_data(file, NULL, NULL);
	return file_write(path, text, error);
}

void journal_end(const char *folder, const char *uuid)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(folder, uuid, NULL);

	if (!file_remove(path, &error)) {
		g_warning("journal: %s", error->message);
	}
}

static JournalEntry *load_one(const char *folder, const char *uuid)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *path = g_build_filename(folder, uuid, NULL);
	g_autoptr(JournalEntry) entry = g_new0(JournalEntry, 1);

	if (!g_uuid_string_is_valid(uuid) ||
	    !g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL)) {
		return NULL;
	}
	entry->uuid = g_strdup(uuid);
	entry->op = g_key_file_get_string(file, "journal", "op", NULL);
	entry->name = g_key_file_get_string(file, "journal", "name", NULL);
	entry->paths = g_key_file_get_string_list(file, "journal", "paths", NULL, NULL);
	if (!entry->paths) {
		entry->paths = g_new0(char *, 1);
	}
	return entry->op && entry->name ? g_steal_pointer(&entry) : NULL;
}

GPtrArray *journal_load(const char *folder)
{
	GPtrArray *entries = g_ptr_array_new_with_free_func((GDestroyNotify)journal_entry_free);
	g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
	const char *name;

	while (listing && (name = g_dir_read_name(listing))) {
		JournalEntry *entry = name[0] == '.' ? NULL : load_one(folder, name);

		if (entry) {
			g_ptr_array_add(entries, entry);
		} else {
			g_autofree char *path = g_build_filename(folder, name, NULL);

			g_message("journal: %s is not an entry; removed", path);
			file_remove(path, NULL);
		}
	}
	return entries;
}
