/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM's file: a GLib key file with the groups [vm], [disk TARGET], [nic NUMBER], [snapshot NAME].
 */
#include "vm-config-keys.h"

#include "error.h"

#include <stdlib.h>
#include <string.h>

/* The line where @key of @group stands (key NULL: the group's heading); 0: nowhere. GKeyFile does
 * not say. */
static guint line_of(const char *text, const char *group, const char *key)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *heading = g_strdup_printf("[%s]", group);
	bool inside = false;
	guint found = 0;

	for (guint i = 0; lines[i]; i++) {
		const char *line = g_strstrip(lines[i]);
		const char *equals = strchr(line, '=');

		if (line[0] == '[') {
			inside = g_str_equal(line, heading);
			if (inside && !key) {
				return i + 1;
			}
		} else if (inside && key && equals && line[0] != '#') {
			g_autofree char *name = g_strndup(line, (gsize)(equals - line));

			if (g_str_equal(g_strchomp(name), key)) {
				found = i + 1; /* the last one counts, as in GKeyFile */
			}
		}
	}
	return found;
}

/* The first line that is no key file's line, for a message. */
static guint line_of_nonsense(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	bool in_group = false;

	for (guint i = 0; lines[i]; i++) {
		const char *line = g_strstrip(lines[i]);
		gsize length = strlen(line);

		if (length == 0 || line[0] == '#') {
			continue;
		}
		if (line[0] == '[' && line[length - 1] == ']') {
			in_group = true;
			continue;
		}
		if (!in_group || line[0] == '=' || !strchr(line, '=')) {
			return i + 1;
		}
	}
	return 1;
}

typedef struct {
	GKeyFile *file;
	const char *text;
	const char *group;
	GPtrArray *notes;
} Reader;

static bool at_line(const Reader *reader, const char *key, GError **error)
{
	if (error && *error) {
		g_prefix_error(error, "line %u: ", line_of(reader->text, reader->group, key));
		(*error)->domain = MULLION_ERROR;
		(*error)->code = MULLION_ERROR_INVALID_ARGUMENT;
	}
	return false;
}

static bool read_number(const Reader *reader, const VmKey *key, guint64 *ret_value, GError **error)
{
	guint64 value = g_key_file_get_uint64(reader->file, reader->group, key->name, error);

	if ((value == 0 && error && *error) || !vm_key_check_number(key, value, error)) {
		return false;
	}
	*ret_value = value;
	return true;
}

static bool read_text(const Reader *reader, const VmKey *key, char **field, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autofree char *value =
	    g_key_file_get_string(reader->file, reader->group, key->name, &local);

	/* Of a bad escape sequence GLib gives both, a value and an error. */
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	if (!vm_key_check_text(key, value, error)) {
		return false;
	}
	vm_text_set(field, value);
	return true;
}

static bool read_key(const Reader *reader, const VmKey *key, gpointer object)
{
	g_autoptr(GError) error = NULL;
	guint64 number = 0;
	gboolean truth;

	switch (key->kind) {
	case VM_KEY_BOOL:
		truth = g_key_file_get_boolean(reader->file, reader->group, key->name, &error);
		if (!error) {
			G_STRUCT_MEMBER(gboolean, object, key->offset) = truth;
		}
		break;
	case VM_KEY_U32:
		if (read_number(reader, key, &number, &error)) {
			G_STRUCT_MEMBER(guint, object, key->offset) = (guint)number;
		}
		break;
	case VM_KEY_U64:
		if (read_number(reader, key, &number, &error)) {
			G_STRUCT_MEMBER(guint64, object, key->offset) = number;
		}
		break;
	default:
		read_text(reader, key, &G_STRUCT_MEMBER(char *, object, key->offset), &error);
		break;
	}
	return !error;
}

/* read_key() again, for its error: a rare path that keeps the common one short. */
static bool read_key_or_say(const Reader *reader, const VmKey *key, gpointer object, GError **error)
{
	g_autoptr(GError) local = NULL;
	guint64 number;
	char *text = NULL;

	if (read_key(reader, key, object)) {
		return true;
	}
	switch (key->kind) {
	case VM_KEY_BOOL:
		g_key_file_get_boolean(reader->file, reader->group, key->name, &local);
		break;
	case VM_KEY_U32:
	case VM_KEY_U64:
		read_number(reader, key, &number, &local);
		break;
	default:
		read_text(reader, key, &text, &local);
		g_free(text);
		break;
	}
	at_line(reader, key->name, &local);
	g_propagate_error(error, g_steal_pointer(&local));
	return false;
}

static bool read_group(const Reader *reader, const VmKey *keys, gpointer object, const char *also,
		       GError **error)
{
	g_auto(GStrv) names = g_key_file_get_keys(reader->file, reader->group, NULL, NULL);

	for (guint i = 0; names && names[i]; i++) {
		const VmKey *key = vm_key_find(keys, names[i]);

		if (key) {
			if (!read_key_or_say(reader, key, object, error)) {
				return false;
			}
		} else if (!also || !g_str_equal(names[i], also)) {
			vm_note_add(reader->notes, line_of(reader->text, reader->group, names[i]),
				    NULL, "unknown key '%s' in [%s] is kept but does nothing",
				    names[i], reader->group);
		}
	}
	return true;
}

static bool read_snapshot(const Reader *reader, const char *name, VmConfig *config, GError **error)
{
	g_autofree char *comment =
	    g_key_file_get_string(reader->file, reader->group, "comment", NULL);
	gint64 time = g_key_file_get_int64(reader->file, reader->group, "time", error);

	if (error && *error) {
		return at_line(reader, "time", error);
	}
	vm_config_add_snapshot(config, name, time, comment ? comment : "");
	return true;
}

static bool read_device_group(const Reader *reader, VmConfig *config, GError **error)
{
	if (g_str_has_prefix(reader->group, "disk ")) {
		VmDisk *disk = vm_disk_new();

		vm_text_set(&disk->target, reader->group + 5);
		g_ptr_array_add(config->disks, disk);
		return read_group(reader, vm_disk_keys, disk, NULL, error);
	}
	if (g_str_has_prefix(reader->group, "nic ")) {
		VmNic *nic = vm_nic_new();

		g_ptr_array_add(config->nics, nic);
		return read_group(reader, vm_nic_keys, nic, NULL, error);
	}
	if (g_str_has_prefix(reader->group, "snapshot ")) {
		return read_snapshot(reader, reader->group + 9, config, error);
	}
	vm_note_add(reader->notes, line_of(reader->text, reader->group, NULL), NULL,
		    "unknown group [%s] is kept but does nothing", reader->group);
	return true;
}

static bool check_format(const Reader *reader, GError **error)
{
	gint64 format;

	if (!g_key_file_has_group(reader->file, "vm")) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
			    "line 1: there is no [vm] group");
		return false;
	}
	format = g_key_file_get_int64(reader->file, "vm", "format", error);
	if (error && *error) {
		return at_line(reader, "format", error);
	}
	if (format != VM_CONFIG_FORMAT) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
			    "line %u: format %" G_GINT64_FORMAT
			    " is not known; this manager knows %d",
			    line_of(reader->text, "vm", "format"), format, VM_CONFIG_FORMAT);
		return false;
	}
	return true;
}

static VmConfig *read_groups(Reader *reader, GError **error)
{
	g_auto(GStrv) groups = g_key_file_get_groups(reader->file, NULL);
	g_autofree char *os = g_key_file_get_string(reader->file, "vm", "os", NULL);
	g_autoptr(VmConfig) config = vm_config_new(os ? os : "linux");

	for (guint i = 0; groups[i]; i++) {
		bool is_vm = g_str_equal(groups[i], "vm");

		reader->group = groups[i];
		if (is_vm ? !read_group(reader, vm_keys, config, "format", error)
			  : !read_device_group(reader, config, error)) {
			return NULL;
		}
	}
	reader->group = "vm";
	if (!*config->uuid) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
			    "line %u: [vm] has no uuid; take one from uuidgen",
			    line_of(reader->text, "vm", NULL));
		return NULL;
	}
	/* Whoever writes a file by hand need not make one up, and DHCP has to know the VM again. */
	for (guint i = 0; i < config->nics->len; i++) {
		VmNic *nic = g_ptr_array_index(config->nics, i);

		if (!*nic->mac) {
			g_free(nic->mac);
			nic->mac = vm_mac_of(config->uuid, i);
		}
	}
	if (!vm_config_validate(config, error)) {
		at_line(reader, NULL, error);
		return NULL;
	}
	return g_steal_pointer(&config);
}

VmConfig *vm_config_parse(const char *text, GPtrArray *notes, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) local = NULL;
	Reader reader = {file, text, "vm", notes};
	VmConfig *config = NULL;

	if (!g_utf8_validate(text, -1, NULL) || strlen(text) > VM_CONFIG_FILE_LIMIT) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
			    "line 1: not UTF-8 text of at most %d bytes", VM_CONFIG_FILE_LIMIT);
		return NULL;
	}
	if (!g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, &local)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT, "line %u: %s",
			    line_of_nonsense(text), local->message);
		return NULL;
	}
	if (check_format(&reader, &local)) {
		config = read_groups(&reader, &local);
	}
	if (!config) {
		g_propagate_error(error, g_steal_pointer(&local));
	}
	return config;
}

static void write_key(GKeyFile *file, const char *group, const VmKey *key, gconstpointer object,
		      gconstpointer defaults)
{
	/* What is as by default is left out, unless it stands there already. */
	if (vm_key_equal(key, object, defaults) &&
	    !g_key_file_has_key(file, group, key->name, NULL)) {
		return;
	}
	switch (key->kind) {
	case VM_KEY_BOOL:
		g_key_file_set_boolean(file, group, key->name,
				       G_STRUCT_MEMBER(gboolean, object, key->offset));
		break;
	case VM_KEY_U32:
		g_key_file_set_uint64(file, group, key->name,
				      G_STRUCT_MEMBER(guint, object, key->offset));
		break;
	case VM_KEY_U64:
		g_key_file_set_uint64(file, group, key->name,
				      G_STRUCT_MEMBER(guint64, object, key->offset));
		break;
	default:
		g_key_file_set_string(file, group, key->name,
				      G_STRUCT_MEMBER(char *, object, key->offset));
		break;
	}
}

static void write_group(GKeyFile *file, const char *group, const VmKey *keys, gconstpointer object,
			gconstpointer defaults)
{
	for (; keys->name; keys++) {
		write_key(file, group, keys, object, defaults);
	}
}

static void remove_groups(GKeyFile *file, GHashTable *keep)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

	for (guint i = 0; groups[i]; i++) {
		bool device = g_str_has_prefix(groups[i], "disk ") ||
			      g_str_has_prefix(groups[i], "nic ") ||
			      g_str_has_prefix(groups[i], "snapshot ");

		if (device && !g_hash_table_contains(keep, groups[i])) {
			g_key_file_remove_group(file, groups[i], NULL);
		}
	}
}

static void write_devices(GKeyFile *file, const VmConfig *config)
{
	g_autoptr(GHashTable) keep = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	VmDisk *disk_defaults = vm_disk_new();
	VmNic *nic_defaults = vm_nic_new();

	for (guint i = 0; i < config->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(config->disks, i);
		char *group = g_strdup_printf("disk %s", disk->target);

		g_key_file_set_string(file, group, "source", disk->source);
		write_group(file, group, vm_disk_keys, disk, disk_defaults);
		g_hash_table_add(keep, group);
	}
	for (guint i = 0; i < config->nics->len; i++) {
		const VmNic *nic = g_ptr_array_index(config->nics, i);
		char *group = g_strdup_printf("nic %u", i);

		g_key_file_set_string(file, group, "network", nic->network);
		write_group(file, group, vm_nic_keys, nic, nic_defaults);
		g_hash_table_add(keep, group);
	}
	for (guint i = 0; i < config->snapshots->len; i++) {
		const VmSnapshot *snapshot = g_ptr_array_index(config->snapshots, i);
		char *group = g_strdup_printf("snapshot %s", snapshot->name);

		g_key_file_set_int64(file, group, "time", snapshot->time);
		g_key_file_set_string(file, group, "comment", snapshot->comment);
		g_hash_table_add(keep, group);
	}
	remove_groups(file, keep);
	vm_disk_free(disk_defaults);
	vm_nic_free(nic_defaults);
}

char *vm_config_format(const VmConfig *config, const char *old_text)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(VmConfig) defaults = vm_config_new(config->os);

	if (!old_text || !g_key_file_load_from_data(file, old_text, strlen(old_text),
						    G_KEY_FILE_KEEP_COMMENTS, NULL)) {
		g_key_file_unref(file);
		file = g_key_file_new();
	}
	g_key_file_set_integer(file, "vm", "format", VM_CONFIG_FORMAT);
	write_group(file, "vm", vm_keys, config, defaults);
	/* These tell a reader what the VM is; a file should not be silent about them. */
	g_key_file_set_string(file, "vm", "os", config->os);
	g_key_file_set_string(file, "vm", "type", config->type);
	g_key_file_set_uint64(file, "vm", "memory", config->memory);
	g_key_file_set_uint64(file, "vm", "vcpus", config->vcpus);
	write_devices(file, config);
	return g_key_file_to_data(file, NULL, NULL);
}
