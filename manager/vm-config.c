/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm-config.h"

#include "error.h"
#include "vm-config-keys.h"

#include <string.h>

static const char *const colours[] = {"red",	"orange", "yellow", "green", "blue",
				      "purple", "grey",	  "black",  NULL};
static const char *const systems[] = {"linux", "windows", "other", NULL};
static const char *const types[] = {"pvh", "hvm", "pv", NULL};
static const char *const firmwares[] = {"bios", "uefi", NULL};
static const char *const reboot_actions[] = {"restart", "destroy", NULL};
static const char *const crash_actions[] = {"restart", "destroy", "preserve", NULL};
static const char *const formats[] = {"raw", "qcow2", "block", NULL};

#define AT(field) G_STRUCT_OFFSET(VmConfig, field)
/* The order is that of a new file. */
const VmKey vm_keys[] = {
    {"uuid", VM_KEY_UUID, AT(uuid), .internal = true},
    {"title", VM_KEY_TEXT, AT(title), .max = 200},
    {"notes", VM_KEY_NOTES, AT(notes), .max = 65536},
    {"colour", VM_KEY_WORD, AT(colour), .words = colours},
    {"os", VM_KEY_WORD, AT(os), .words = systems},
    {"template", VM_KEY_BOOL, AT(is_template)},
    {"throw-away", VM_KEY_BOOL, AT(throw_away), .internal = true},
    {"base", VM_KEY_UUID, AT(base), .internal = true},
    {"autostart", VM_KEY_BOOL, AT(autostart)},
    {"type", VM_KEY_WORD, AT(type), .words = types},
    {"memory", VM_KEY_U64, AT(memory), .min = 16, .max = 16 << 20},
    {"maxmemory", VM_KEY_U64, AT(maxmemory), .max = 16 << 20},
    {"vcpus", VM_KEY_U32, AT(vcpus), .min = 1, .max = 128},
    {"maxvcpus", VM_KEY_U32, AT(maxvcpus), .max = 128},
    {"kernel", VM_KEY_PATH, AT(kernel)},
    {"initrd", VM_KEY_PATH, AT(initrd)},
    {"cmdline", VM_KEY_TEXT, AT(cmdline), .max = 2047},
    {"bootloader", VM_KEY_TEXT, AT(bootloader), .max = 1024},
    {"firmware", VM_KEY_WORD, AT(firmware), .words = firmwares},
    {"boot", VM_KEY_TEXT, AT(boot), .max = 3},
    {"viridian", VM_KEY_BOOL, AT(viridian)},
    {"on-reboot", VM_KEY_WORD, AT(on_reboot), .words = reboot_actions},
    {"on-crash", VM_KEY_WORD, AT(on_crash), .words = crash_actions},
    {NULL},
};
#undef AT
#define AT(field) G_STRUCT_OFFSET(VmDisk, field)
const VmKey vm_disk_keys[] = {
    {"source", VM_KEY_TEXT, AT(source), .max = 1024},
    {"format", VM_KEY_WORD, AT(format), .words = formats},
    {"readonly", VM_KEY_BOOL, AT(readonly)},
    {"cdrom", VM_KEY_BOOL, AT(cdrom)},
    {"owned", VM_KEY_BOOL, AT(owned), .internal = true},
    {NULL},
};
#undef AT
#define AT(field) G_STRUCT_OFFSET(VmNic, field)
const VmKey vm_nic_keys[] = {
    {"mac", VM_KEY_TEXT, AT(mac), .max = 17},
    {"network", VM_KEY_TEXT, AT(network), .max = 63},
    {"model", VM_KEY_TEXT, AT(model), .max = 32},
    {NULL},
};
#undef AT

static void snapshot_free(gpointer pointer)
{
	VmSnapshot *snapshot = pointer;

	g_free(snapshot->name);
	g_free(snapshot->comment);
	g_free(snapshot);
}

static bool key_is_text(const VmKey *key)
{
	return key->kind < VM_KEY_BOOL;
}

static void texts_clear(gpointer object, const VmKey *keys)
{
	for (; keys->name; keys++) {
		if (key_is_text(keys)) {
			g_free(G_STRUCT_MEMBER(char *, object, keys->offset));
		}
	}
}

static void texts_init(gpointer object, const VmKey *keys)
{
	for (; keys->name; keys++) {
		if (key_is_text(keys)) {
			G_STRUCT_MEMBER(char *, object, keys->offset) =
			    g_strdup(keys->words ? keys->words[0] : "");
		}
	}
}

void vm_key_copy(const VmKey *key, gpointer to, gconstpointer from)
{
	switch (key->kind) {
	case VM_KEY_U64:
		G_STRUCT_MEMBER(guint64, to, key->offset) =
		    G_STRUCT_MEMBER(guint64, from, key->offset);
		break;
	case VM_KEY_U32:
		G_STRUCT_MEMBER(guint, to, key->offset) = G_STRUCT_MEMBER(guint, from, key->offset);
		break;
	case VM_KEY_BOOL:
		G_STRUCT_MEMBER(gboolean, to, key->offset) =
		    G_STRUCT_MEMBER(gboolean, from, key->offset);
		break;
	default:
		vm_text_set(&G_STRUCT_MEMBER(char *, to, key->offset),
			    G_STRUCT_MEMBER(char *, from, key->offset));
		break;
	}
}

bool vm_key_equal(const VmKey *key, gconstpointer one, gconstpointer other)
{
	switch (key->kind) {
	case VM_KEY_U64:
		return G_STRUCT_MEMBER(guint64, one, key->offset) ==
		       G_STRUCT_MEMBER(guint64, other, key->offset);
	case VM_KEY_U32:
		return G_STRUCT_MEMBER(guint, one, key->offset) ==
		       G_STRUCT_MEMBER(guint, other, key->offset);
	case VM_KEY_BOOL:
		return G_STRUCT_MEMBER(gboolean, one, key->offset) ==
		       G_STRUCT_MEMBER(gboolean, other, key->offset);
	default:
		return g_str_equal(G_STRUCT_MEMBER(char *, one, key->offset),
				   G_STRUCT_MEMBER(char *, other, key->offset));
	}
}

static void keys_copy(const VmKey *keys, gpointer to, gconstpointer from)
{
	for (; keys->name; keys++) {
		vm_key_copy(keys, to, from);
	}
}

static bool keys_equal(const VmKey *keys, gconstpointer one, gconstpointer other)
{
	for (; keys->name; keys++) {
		if (!vm_key_equal(keys, one, other)) {
			return false;
		}
	}
	return true;
}

void vm_text_set(char **field, const char *text)
{
	char *copy = g_strdup(text ? text : "");

	g_free(*field);
	*field = copy;
}

VmDisk *vm_disk_new(void)
{
	VmDisk *disk = g_new0(VmDisk, 1);

	texts_init(disk, vm_disk_keys);
	disk->target = g_strdup("");
	return disk;
}

void vm_disk_free(VmDisk *disk)
{
	if (disk) {
		texts_clear(disk, vm_disk_keys);
		g_free(disk->target);
		g_free(disk);
	}
}

VmNic *vm_nic_new(void)
{
	VmNic *nic = g_new0(VmNic, 1);

	texts_init(nic, vm_nic_keys);
	return nic;
}

void vm_nic_free(VmNic *nic)
{
	if (nic) {
		texts_clear(nic, vm_nic_keys);
		g_free(nic);
	}
}

VmConfig *vm_config_new(const char *os)
{
	VmConfig *config = g_new0(VmConfig, 1);

	texts_init(config, vm_keys);
	config->disks = g_ptr_array_new_with_free_func((GDestroyNotify)vm_disk_free);
	config->nics = g_ptr_array_new_with_free_func((GDestroyNotify)vm_nic_free);
	config->snapshots = g_ptr_array_new_with_free_func(snapshot_free);
	vm_text_set(&config->colour, "green");
	vm_text_set(&config->on_crash, "destroy");
	vm_text_set(&config->boot, "cd");
	config->memory = 1024;
	config->vcpus = 2;
	if (g_strv_contains(systems, os)) {
		vm_text_set(&config->os, os);
	}
	if (g_str_equal(os, "windows")) {
		vm_text_set(&config->type, "hvm");
		vm_text_set(&config->firmware, "uefi");
		config->viridian = true;
		config->memory = 4096;
	}
	return config;
}

void vm_config_free(VmConfig *config)
{
	if (!config) {
		return;
	}
	texts_clear(config, vm_keys);
	g_ptr_array_unref(config->disks);
	g_ptr_array_unref(config->nics);
	g_ptr_array_unref(config->snapshots);
	g_free(config);
}

VmSnapshot *vm_config_add_snapshot(VmConfig *config, const char *name, gint64 time,
				   const char *comment)
{
	VmSnapshot *snapshot = g_new0(VmSnapshot, 1);

	snapshot->name = g_strdup(name);
	snapshot->time = time;
	snapshot->comment = g_strdup(comment);
	g_ptr_array_add(config->snapshots, snapshot);
	return snapshot;
}

VmConfig *vm_config_copy(const VmConfig *config)
{
	VmConfig *copy = vm_config_new(config->os);

	keys_copy(vm_keys, copy, config);
	for (guint i = 0; i < config->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(config->disks, i);
		VmDisk *disk_copy = vm_disk_new();

		keys_copy(vm_disk_keys, disk_copy, disk);
		vm_text_set(&disk_copy->target, disk->target);
		disk_copy->create_size = disk->create_size;
		g_ptr_array_add(copy->disks, disk_copy);
	}
	for (guint i = 0; i < config->nics->len; i++) {
		VmNic *nic = vm_nic_new();

		keys_copy(vm_nic_keys, nic, g_ptr_array_index(config->nics, i));
		g_ptr_array_add(copy->nics, nic);
	}
	for (guint i = 0; i < config->snapshots->len; i++) {
		const VmSnapshot *snapshot = g_ptr_array_index(config->snapshots, i);

		vm_config_add_snapshot(copy, snapshot->name, snapshot->time, snapshot->comment);
	}
	return copy;
}

bool vm_config_equal(const VmConfig *one, const VmConfig *other)
{
	if (!keys_equal(vm_keys, one, other) || one->disks->len != other->disks->len ||
	    one->nics->len != other->nics->len || one->snapshots->len != other->snapshots->len) {
		return false;
	}
	for (guint i = 0; i < one->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(one->disks, i);
		const VmDisk *other_disk = g_ptr_array_index(other->disks, i);

		if (!g_str_equal(disk->target, other_disk->target) ||
		    !keys_equal(vm_disk_keys, disk, other_disk)) {
			return false;
		}
	}
	for (guint i = 0; i < one->nics->len; i++) {
		if (!keys_equal(vm_nic_keys, g_ptr_array_index(one->nics, i),
				g_ptr_array_index(other->nics, i))) {
			return false;
		}
	}
	for (guint i = 0; i < one->snapshots->len; i++) {
		const VmSnapshot *snapshot = g_ptr_array_index(one->snapshots, i);
		const VmSnapshot *other_snapshot = g_ptr_array_index(other->snapshots, i);

		if (!g_str_equal(snapshot->name, other_snapshot->name) ||
		    snapshot->time != other_snapshot->time ||
		    !g_str_equal(snapshot->comment, other_snapshot->comment)) {
			return false;
		}
	}
	return true;
}

VmDisk *vm_config_find_disk(const VmConfig *config, const char *target)
{
	for (guint i = 0; i < config->disks->len; i++) {
		VmDisk *disk = g_ptr_array_index(config->disks, i);

		if (g_str_equal(disk->target, target)) {
			return disk;
		}
	}
	return NULL;
}

VmSnapshot *vm_config_find_snapshot(const VmConfig *config, const char *name)
{
	for (guint i = 0; i < config->snapshots->len; i++) {
		VmSnapshot *snapshot = g_ptr_array_index(config->snapshots, i);

		if (g_str_equal(snapshot->name, name)) {
			return snapshot;
		}
	}
	return NULL;
}

char *vm_config_free_target(const VmConfig *config)
{
	const char *stem = g_str_equal(config->type, "hvm") ? "hd" : "xvd";
	char last = g_str_equal(config->type, "hvm") ? 'd' : 'z';

	for (char letter = 'a'; letter <= last; letter++) {
		g_autofree char *target = g_strdup_printf("%s%c", stem, letter);

		if (!vm_config_find_disk(config, target)) {
			return g_steal_pointer(&target);
		}
	}
	return NULL;
}

static void note_free(gpointer pointer)
{
	VmNote *note = pointer;

	g_free(note->key);
	g_free(note->text);
	g_free(note);
}

GPtrArray *vm_notes_new(void)
{
	return g_ptr_array_new_with_free_func(note_free);
}

void vm_note_add(GPtrArray *notes, guint line, const char *key, const char *format, ...)
{
	VmNote *note;
	va_list args;

	if (!notes) {
		return;
	}
	note = g_new0(VmNote, 1);
	note->line = line;
	note->key = g_strdup(key ? key : "");
	va_start(args, format);
	note->text = g_strdup_vprintf(format, args);
	va_end(args);
	g_ptr_array_add(notes, note);
}

void vm_config_complete(VmConfig *config)
{
	if (!*config->uuid) {
		g_free(config->uuid);
		config->uuid = g_uuid_string_random();
	}
	for (guint i = 0; i < config->nics->len; i++) {
		VmNic *nic = g_ptr_array_index(config->nics, i);

		if (!*nic->mac) {
			g_free(nic->mac);
			nic->mac = vm_mac_new();
		}
	}
}
