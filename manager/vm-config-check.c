/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "vm-config-keys.h"

#include "error.h"
#include "file-util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool invalid(GError **error, const char *key, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool invalid(GError **error, const char *key, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT, "%s: %s", key, text);
	return false;
}

bool vm_name_is_valid(const char *name)
{
	gsize length = strlen(name);

	if (length < 1 || length > 63 || !g_ascii_isalnum(name[0])) {
		return false;
	}
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
	       length;
}

const VmKey *vm_key_find(const VmKey *keys, const char *name)
{
	for (; keys->name; keys++) {
		if (g_str_equal(keys->name, name)) {
			return keys;
		}
	}
	return NULL;
}

static bool has_control(const char *text, bool lines)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f) {
			if (!lines || (*text != '\n' && *text != '\t')) {
				return true;
			}
		}
	}
	return false;
}

/* A comma would begin an option of qemu's. */
static bool path_is_usable(const char *path)
{
	return path[0] == '/' && !strchr(path, ',') && strlen(path) <= 1024;
}

bool vm_key_check_text(const VmKey *key, const char *text, GError **error)
{
	if (!g_utf8_validate(text, -1, NULL) || has_control(text, key->kind == VM_KEY_NOTES)) {
		return invalid(error, key->name, "has characters that cannot be there");
	}
	if (key->max && strlen(text) > key->max) {
		return invalid(error, key->name, "is longer than %" G_GUINT64_FORMAT " bytes",
			       key->max);
	}
	if (key->words && !g_strv_contains(key->words, text)) {
		g_autofree char *words = g_strjoinv(", ", (char **)key->words);

		return invalid(error, key->name, "'%s' is none of %s", text, words);
	}
	if (key->kind == VM_KEY_PATH && *text && !path_is_usable(text)) {
		return invalid(error, key->name, "'%s' is not an absolute path without comma",
			       text);
	}
	if (key->kind == VM_KEY_UUID && *text && !g_uuid_string_is_valid(text)) {
		return invalid(error, key->name, "'%s' is not a UUID", text);
	}
	return true;
}

bool vm_key_check_number(const VmKey *key, guint64 value, GError **error)
{
	if (value < key->min || (key->max && value > key->max)) {
		return invalid(error, key->name,
			       "%" G_GUINT64_FORMAT " is not between %" G_GUINT64_FORMAT
			       " and %" G_GUINT64_FORMAT,
			       value, key->min, key->max);
	}
	return true;
}

static bool target_is_valid(const char *target)
{
	static const char *const stems[] = {"xvd", "sd", "hd", NULL};

	for (int i = 0; stems[i]; i++) {
		gsize length = strlen(stems[i]);
		char last = i == 2 ? 'd' : 'z';

		if (g_str_has_prefix(target, stems[i]) && strlen(target) == length + 1 &&
		    target[length] >= 'a' && target[length] <= last) {
			return true;
		}
	}
	return false;
}

static bool mac_is_valid(const char *mac)
{
	if (strlen(mac) != 17) {
		return false;
	}
	for (int i = 0; i < 17; i++) {
		if (i % 3 == 2 ? mac[i] != ':' : !g_ascii_isxdigit(mac[i])) {
			return false;
		}
	}
	return g_ascii_xdigit_value(mac[1]) % 2 == 0; /* odd: a group's address */
}

char *vm_mac_new(void)
{
	guint32 number = g_random_int();

	return g_strdup_printf("00:16:3e:%02x:%02x:%02x", number >> 16 & 0x7f, number >> 8 & 0xff,
			       number & 0xff);
}

char *vm_mac_of(const char *uuid, guint index)
{
	g_autofree char *name = g_strdup_printf("%s/%u", uuid, index);
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);
	guint32 number = (guint32)strtoul(digest + strlen(digest) - 6, NULL, 16);

	return g_strdup_printf("00:16:3e:%02x:%02x:%02x", number >> 16 & 0x7f, number >> 8 & 0xff,
			       number & 0xff);
}

static bool disk_validate(const VmConfig *config, const VmDisk *disk, GError **error)
{
	g_autofree char *key = g_strdup_printf("disks/%s", disk->target);

	if (!target_is_valid(disk->target)) {
		return invalid(error, key,
			       "the target is none of xvda to xvdz, sda to sdz, hda to hdd");
	}
	if (vm_config_find_disk(config, disk->target) != disk) {
		return invalid(error, key, "there are two of that target");
	}
	if (disk->create_size) {
		return *disk->source == '\0' || g_str_equal(disk->format, "block") ||
		       invalid(error, key, "create-size and source together");
	}
	if (!*disk->source) {
		return disk->cdrom || invalid(error, key, "has no source");
	}
	if (!path_is_usable(disk->source)) {
		return invalid(error, key, "source '%s' is not an absolute path without comma",
			       disk->source);
	}
	return true;
}

static bool devices_validate(const VmConfig *config, GError **error)
{
	if (config->disks->len > VM_CONFIG_DISKS_MAX) {
		return invalid(error, "disks", "more than %d", VM_CONFIG_DISKS_MAX);
	}
	if (config->nics->len > VM_CONFIG_NICS_MAX) {
		return invalid(error, "nics", "more than %d", VM_CONFIG_NICS_MAX);
	}
	for (guint i = 0; i < config->disks->len; i++) {
		if (!disk_validate(config, g_ptr_array_index(config->disks, i), error)) {
			return false;
		}
	}
	for (guint i = 0; i < config->nics->len; i++) {
		const VmNic *nic = g_ptr_array_index(config->nics, i);
		g_autofree char *key = g_strdup_printf("nics/%u", i);

		if (*nic->mac && !mac_is_valid(nic->mac)) {
			return invalid(error, key, "'%s' is not a MAC address", nic->mac);
		}
		if (!vm_name_is_valid(nic->network)) {
			return invalid(error, key, "'%s' is not a network's name", nic->network);
		}
		if (*nic->model && !vm_name_is_valid(nic->model)) {
			return invalid(error, key, "'%s' is not a model's name", nic->model);
		}
	}
	return true;
}

bool vm_config_validate(const VmConfig *config, GError **error)
{
	if (config->maxmemory && config->maxmemory < config->memory) {
		return invalid(error, "maxmemory", "is less than memory");
	}
	if (config->maxvcpus && config->maxvcpus < config->vcpus) {
		return invalid(error, "maxvcpus", "is less than vcpus");
	}
	if (strspn(config->boot, "cdn") != strlen(config->boot)) {
		return invalid(error, "boot", "'%s' has letters other than c, d, n", config->boot);
	}
	if (*config->bootloader && *config->kernel) {
		return invalid(error, "bootloader",
			       "not together with kernel: which one is to boot?");
	}
	for (guint i = 0; i < config->snapshots->len; i++) {
		const VmSnapshot *snapshot = g_ptr_array_index(config->snapshots, i);

		if (!vm_name_is_valid(snapshot->name)) {
			return invalid(error, "snapshot", "'%s' is not a name", snapshot->name);
		}
	}
	return devices_validate(config, error);
}

static void check_file(GPtrArray *problems, const char *key, const char *path)
{
	struct stat status;

	if (*path && stat(path, &status) < 0) {
		vm_note_add(problems, 0, key, "%s: %s", path, g_strerror(errno));
	} else if (*path && !S_ISREG(status.st_mode)) {
		vm_note_add(problems, 0, key, "%s is not a file", path);
	}
}

static void check_kernel(GPtrArray *problems, const VmConfig *config)
{
	/* Xen's builder and ours take an ELF kernel or a bzImage; a wrong file would fail late and
	 * say little. */
	guint8 head[0x206] = {0};
	int fd;
	ssize_t got;

	check_file(problems, "kernel", config->kernel);
	check_file(problems, "initrd", config->initrd);
	fd = *config->kernel ? open(config->kernel, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (fd < 0) {
		return;
	}
	got = read(fd, head, sizeof(head));
	close(fd);
	if (got < 4 || (memcmp(head, "\177ELF", 4) != 0 && memcmp(head + 0x202, "HdrS", 4) != 0)) {
		vm_note_add(problems, 0, "kernel", "%s is neither an ELF kernel nor a bzImage",
			    config->kernel);
	}
}

static void check_disk(GPtrArray *problems, GPtrArray *warnings, const VmDisk *disk)
{
	g_autofree char *key = g_strdup_printf("disks/%s", disk->target);
	struct stat status;
	guint8 head[4] = {0};
	int fd;

	if (!*disk->source || disk->create_size) {
		return;
	}
	if (stat(disk->source, &status) < 0) {
		vm_note_add(problems, 0, key, "%s: %s", disk->source, g_strerror(errno));
		return;
	}
	if (S_ISBLK(status.st_mode) != g_str_equal(disk->format, "block")) {
		vm_note_add(problems, 0, key, "%s %s a block device, and format is %s",
			    disk->source, S_ISBLK(status.st_mode) ? "is" : "is not", disk->format);
		return;
	}
	if (S_ISBLK(status.st_mode)) {
		return;
	}
	if (!S_ISREG(status.st_mode)) {
		vm_note_add(problems, 0, key, "%s is neither a file nor a block device",
			    disk->source);
		return;
	}
	fd = open(disk->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && read(fd, head, sizeof(head)) == sizeof(head)) {
		bool is_qcow = memcmp(head, "QFI\xfb", 4) == 0;

		if (g_str_equal(disk->format, "qcow2") && !is_qcow) {
			vm_note_add(problems, 0, key, "%s is not a qcow2 image", disk->source);
		} else if (g_str_equal(disk->format, "raw") && is_qcow) {
			vm_note_add(warnings, 0, key,
				    "%s looks like a qcow2 image, and format is raw", disk->source);
		}
	} else if (g_str_equal(disk->format, "qcow2")) {
		vm_note_add(problems, 0, key, "%s cannot be read as a qcow2 image", disk->source);
	}
	if (fd >= 0) {
		close(fd);
	}
}

void vm_config_check(const VmConfig *config, GPtrArray *problems, GPtrArray *warnings)
{
	bool is_hvm = g_str_equal(config->type, "hvm");

	if (is_hvm && config->disks->len == 0 && !strchr(config->boot, 'n')) {
		vm_note_add(problems, 0, "disks", "there is no disk or CD to boot from");
	}
	if (!is_hvm && !*config->kernel && !*config->bootloader) {
		vm_note_add(problems, 0, "kernel", "a VM of type %s needs a kernel or a bootloader",
			    config->type);
	}
	if (!is_hvm && *config->bootloader && config->disks->len == 0) {
		vm_note_add(problems, 0, "disks",
			    "the bootloader needs a disk to look for a kernel");
	}
	if (is_hvm && *config->bootloader) {
		vm_note_add(problems, 0, "bootloader",
			    "is not for VMs of type hvm; they boot from their disks");
	}
	if (is_hvm && g_str_equal(config->firmware, "uefi") && *config->kernel) {
		vm_note_add(warnings, 0, "kernel",
			    "firmware uefi is not used when there is a kernel");
	}
	if (!is_hvm && config->viridian) {
		vm_note_add(warnings, 0, "viridian", "only VMs of type hvm have it");
	}
	if (g_str_equal(config->os, "windows") && !is_hvm) {
		vm_note_add(problems, 0, "type", "Windows needs type hvm");
	}
	if (*config->initrd && !*config->kernel) {
		vm_note_add(problems, 0, "initrd", "is not used without a kernel");
	}
	check_kernel(problems, config);
	for (guint i = 0; i < config->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(config->disks, i);

		if (disk->cdrom && !is_hvm && !*disk->source) {
			g_autofree char *key = g_strdup_printf("disks/%s", disk->target);

			vm_note_add(problems, 0, key,
				    "only VMs of type hvm have an empty CD drive");
		}
		check_disk(problems, warnings, disk);
	}
}

static bool path_reaches_out(const char *path, const char *const *folders)
{
	struct stat status;

	if (!*path) {
		return false;
	}
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		return true;
	}
	for (; *folders; folders++) {
		if (file_is_within(path, *folders)) {
			return false;
		}
	}
	return true;
}

static bool disk_is_known(const VmDisk *disk, const VmConfig *known)
{
	for (guint i = 0; known && i < known->disks->len; i++) {
		const VmDisk *other = g_ptr_array_index(known->disks, i);

		if (g_str_equal(disk->source, other->source) &&
		    g_str_equal(disk->format, other->format) &&
		    (disk->readonly || !other->readonly)) {
			return true;
		}
	}
	return false;
}

bool vm_config_reaches_out(const VmConfig *config, const VmConfig *known,
			   const char *const *folders)
{
	/* A bootloader is a program that the manager's user, root, runs. */
	if (*config->bootloader && !(known && g_str_equal(config->bootloader, known->bootloader))) {
		return true;
	}
	if (path_reaches_out(config->kernel, folders) &&
	    !(known && g_str_equal(config->kernel, known->kernel))) {
		return true;
	}
	if (path_reaches_out(config->initrd, folders) &&
	    !(known && g_str_equal(config->initrd, known->initrd))) {
		return true;
	}
	for (guint i = 0; i < config->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(config->disks, i);
		bool out = disk->create_size ? g_str_equal(disk->format, "block")
					     : path_reaches_out(disk->source, folders);

		if (out && !disk_is_known(disk, known)) {
			return true;
		}
	}
	return false;
}
