/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xlcfg.h"

#include "error.h"
#include "vm-config-keys.h"
#include "xlcfg-lex.h"

#include <string.h>

typedef struct {
	VmConfig *config;
	GPtrArray *notes;
	XlcfgNetworkFunc network;
	gpointer data;
	char *name;
	char *root;
	char *extra;
	guint cmdline_line;
	const XlcfgSetting *setting;
} Import;

typedef bool (*ImportFunc)(Import *import, const char *value, GError **error);

static guint line_of(const Import *import)
{
	return import->setting->line;
}

static bool fail(guint line, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool fail(guint line, GError **error, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT, "line %u: %s", line,
		    text);
	return false;
}

static void not_kept(const Import *import, const char *why)
{
	vm_note_add(import->notes, line_of(import), NULL, "%s is not kept: %s",
		    import->setting->key, why);
}

static bool text_of(const Import *import, const char *vm_key, const char *value, char **field,
		    GError **error)
{
	const VmKey *key = vm_key_find(vm_keys, vm_key);

	if (!vm_key_check_text(key, value, error)) {
		g_prefix_error(error, "line %u: ", line_of(import));
		return false;
	}
	vm_text_set(field, value);
	return true;
}

static bool number_of(const Import *import, const char *vm_key, const char *value,
		      guint64 *ret_number, GError **error)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(value, 10, 0, G_MAXUINT32, &number, NULL)) {
		return fail(line_of(import), error, "%s: '%s' is not a number",
			    import->setting->key, value);
	}
	if (!vm_key_check_number(vm_key_find(vm_keys, vm_key), number, error)) {
		g_prefix_error(error, "line %u: ", line_of(import));
		return false;
	}
	*ret_number = number;
	return true;
}

static bool truth_of(const char *value)
{
	return *value && !g_str_equal(value, "0");
}

static bool take_name(Import *import, const char *value, GError **error)
{
	vm_text_set(&import->name, value);
	return true;
}

static bool take_uuid(Import *import, const char *value, GError **error)
{
	return text_of(import, "uuid", value, &import->config->uuid, error);
}

static bool take_type(Import *import, const char *value, GError **error)
{
	return text_of(import, "type", value, &import->config->type, error);
}

/* Before Xen 4.10: builder="hvm" and pvh=1 said what type= says. */
static bool take_builder(Import *import, const char *value, GError **error)
{
	vm_text_set(&import->config->type, g_str_equal(value, "hvm") ? "hvm" : "pv");
	return true;
}

static bool take_pvh(Import *import, const char *value, GError **error)
{
	if (truth_of(value)) {
		vm_text_set(&import->config->type, "pvh");
	}
	return true;
}

static bool take_memory(Import *import, const char *value, GError **error)
{
	return number_of(import, "memory", value, &import->config->memory, error);
}

static bool take_maxmem(Import *import, const char *value, GError **error)
{
	return number_of(import, "maxmemory", value, &import->config->maxmemory, error);
}

static bool take_vcpus(Import *import, const char *value, GError **error)
{
	guint64 number = import->config->vcpus;
	bool good = number_of(import, "vcpus", value, &number, error);

	import->config->vcpus = (guint)number;
	return good;
}

static bool take_maxvcpus(Import *import, const char *value, GError **error)
{
	guint64 number = 0;
	bool good = number_of(import, "maxvcpus", value, &number, error);

	import->config->maxvcpus = (guint)number;
	return good;
}

static bool take_kernel(Import *import, const char *value, GError **error)
{
	return text_of(import, "kernel", value, &import->config->kernel, error);
}

static bool take_ramdisk(Import *import, const char *value, GError **error)
{
	return text_of(import, "initrd", value, &import->config->initrd, error);
}

static bool take_cmdline(Import *import, const char *value, GError **error)
{
	return text_of(import, "cmdline", value, &import->config->cmdline, error);
}

static bool take_root(Import *import, const char *value, GError **error)
{
	vm_text_set(&import->root, value);
	import->cmdline_line = line_of(import);
	return true;
}

static bool take_extra(Import *import, const char *value, GError **error)
{
	vm_text_set(&import->extra, value);
	import->cmdline_line = line_of(import);
	return true;
}

static bool take_bootloader(Import *import, const char *value, GError **error)
{
	return text_of(import, "bootloader", value, &import->config->bootloader, error);
}

static bool take_bios(Import *import, const char *value, GError **error)
{
	if (g_str_equal(value, "ovmf")) {
		vm_text_set(&import->config->firmware, "uefi");
	} else if (g_str_equal(value, "seabios") || g_str_equal(value, "bios")) {
		vm_text_set(&import->config->firmware, "bios");
	} else if (g_str_equal(value, "uefi")) {
		vm_text_set(&import->config->firmware, "uefi");
	} else {
		vm_note_add(import->notes, line_of(import), NULL,
			    "%s '%s' is not known; bios is used", import->setting->key, value);
	}
	return true;
}

static bool take_boot(Import *import, const char *value, GError **error)
{
	if (strspn(value, "cdn") == strlen(value)) {
		return text_of(import, "boot", value, &import->config->boot, error);
	}
	not_kept(import, "only the letters c, d and n are known");
	return true;
}

static bool take_viridian(Import *import, const char *value, GError **error)
{
	bool list_is_plain = true;

	for (guint i = 0; import->setting->is_list && i < import->setting->values->len; i++) {
		list_is_plain =
		    list_is_plain &&
		    g_str_equal(g_ptr_array_index(import->setting->values, i), "defaults");
	}
	import->config->viridian = truth_of(value) && !g_str_equal(value, "none");
	if (!list_is_plain) {
		not_kept(import, "the groups of it; Mullion's own set is used");
	}
	return true;
}

static bool take_poweroff(Import *import, const char *value, GError **error)
{
	if (!g_str_equal(value, "destroy")) {
		not_kept(import, "a VM that powers off is off");
	}
	return true;
}

static bool take_on_reboot(Import *import, const char *value, GError **error)
{
	bool restart = g_str_equal(value, "restart");

	vm_text_set(&import->config->on_reboot, restart ? "restart" : "destroy");
	if (!restart && !g_str_equal(value, "destroy")) {
		vm_note_add(import->notes, line_of(import), NULL,
			    "on_reboot '%s' is not known; destroy is used", value);
	}
	return true;
}

static bool take_on_crash(Import *import, const char *value, GError **error)
{
	bool known = g_str_equal(value, "restart") || g_str_equal(value, "destroy") ||
		     g_str_equal(value, "preserve");

	vm_text_set(&import->config->on_crash, known ? value : "destroy");
	if (!known) {
		vm_note_add(import->notes, line_of(import), NULL,
			    "on_crash '%s' is not known; destroy is used", value);
	}
	return true;
}

static void disk_format_is(Import *import, VmDisk *disk, const char *format, guint line)
{
	if (g_str_equal(format, "qcow2")) {
		vm_text_set(&disk->format, "qcow2");
	} else if (g_str_equal(format, "raw") || g_str_equal(format, "aio") || !*format) {
		vm_text_set(&disk->format, "raw");
	} else {
		vm_note_add(import->notes, line, NULL,
			    "disk format '%s' is not supported; raw is assumed", format);
	}
}

static void disk_access_is(Import *import, VmDisk *disk, const char *access, guint line)
{
	if (g_str_equal(access, "r") || g_str_equal(access, "ro")) {
		disk->readonly = true;
	} else if (*access && !g_str_equal(access, "w") && !g_str_equal(access, "rw")) {
		vm_note_add(import->notes, line, NULL,
			    "disk access '%s' is not known; rw is assumed", access);
	}
}

static void disk_vdev_is(VmDisk *disk, const char *vdev)
{
	g_autofree char *name = g_strdup(g_str_has_prefix(vdev, "/dev/") ? vdev + 5 : vdev);
	char *colon = strchr(name, ':');

	if (colon) {
		disk->cdrom = disk->cdrom || g_str_equal(colon, ":cdrom");
		*colon = '\0';
	}
	vm_text_set(&disk->target, name);
}

/* phy:/dev/x, file:/x, tap:qcow2:/x: the form before 4.2. Returns what is left. */
static const char *disk_prefix(Import *import, VmDisk *disk, const char *target, guint line)
{
	static const char *const plain[] = {"phy:", "file:", "tap:", "tap2:", "aio:", "raw:", NULL};
	bool again = true;

	while (again) {
		again = false;
		for (int i = 0; plain[i]; i++) {
			if (g_str_has_prefix(target, plain[i])) {
				target += strlen(plain[i]);
				again = true;
			}
		}
		if (g_str_has_prefix(target, "qcow2:")) {
			vm_text_set(&disk->format, "qcow2");
			target += 6;
			again = true;
		}
	}
	if (g_str_has_prefix(target, "vhd:") || g_str_has_prefix(target, "qcow:") ||
	    g_str_has_prefix(target, "vdi:")) {
		vm_note_add(
		    import->notes, line, NULL,
		    "disk '%s' is of a format that is not supported: convert it with qemu-img",
		    target);
	}
	return target;
}

static void disk_pair(Import *import, VmDisk *disk, const char *key, const char *value, guint line)
{
	if (g_str_equal(key, "target")) {
		vm_text_set(&disk->source, disk_prefix(import, disk, value, line));
	} else if (g_str_equal(key, "format")) {
		disk_format_is(import, disk, value, line);
	} else if (g_str_equal(key, "vdev")) {
		disk_vdev_is(disk, value);
	} else if (g_str_equal(key, "access")) {
		disk_access_is(import, disk, value, line);
	} else if (g_str_equal(key, "devtype")) {
		disk->cdrom = g_str_equal(value, "cdrom");
	} else if (!g_str_equal(key, "backendtype")) {
		vm_note_add(import->notes, line, NULL, "disk option '%s' is not kept", key);
	}
}

static bool is_vdev(const char *word)
{
	return g_str_has_prefix(word, "xvd") || g_str_has_prefix(word, "hd") ||
	       g_str_has_prefix(word, "sd") || g_str_has_prefix(word, "/dev/xvd");
}

/* Fields without a key: TARGET, FORMAT, VDEV, ACCESS; in the old form FORMAT is not there. */
static void disk_positional(Import *import, VmDisk *disk, const char *word, guint *position,
			    guint line)
{
	if (*position == 1 && is_vdev(word)) {
		*position = 2;
	}
	switch ((*position)++) {
	case 0:
		vm_text_set(&disk->source, disk_prefix(import, disk, word, line));
		break;
	case 1:
		if (*word) {
			disk_format_is(import, disk, word, line);
		}
		break;
	case 2:
		disk_vdev_is(disk, word);
		break;
	case 3:
		disk_access_is(import, disk, word, line);
		break;
	default:
		vm_note_add(import->notes, line, NULL, "disk option '%s' is not kept", word);
		break;
	}
}

static void disk_word(Import *import, VmDisk *disk, const char *word, guint *position, guint line)
{
	const char *equals = strchr(word, '=');

	if (equals && word[0] != '/') {
		g_autofree char *key = g_strndup(word, (gsize)(equals - word));

		disk_pair(import, disk, g_strstrip(key), equals + 1, line);
	} else if (g_str_equal(word, "cdrom") || g_str_equal(word, "devtype=cdrom")) {
		disk->cdrom = true;
	} else if (g_str_equal(word, "discard") || g_str_equal(word, "no-discard") ||
		   g_str_equal(word, "direct-io-safe")) {
		vm_note_add(import->notes, line, NULL, "disk option '%s' is not kept", word);
	} else {
		disk_positional(import, disk, word, position, line);
	}
}

static void take_disk_spec(Import *import, const char *spec, guint line)
{
	VmDisk *disk = vm_disk_new();
	const char *target = strstr(spec, "target=");
	g_autofree char *before = NULL;
	g_auto(GStrv) words = NULL;
	guint position = 0;

	/* "target=" takes the rest of the line, commas and all. */
	if (target && (target == spec || target[-1] == ',' || g_ascii_isspace(target[-1]))) {
		vm_text_set(&disk->source, disk_prefix(import, disk, target + 7, line));
		before = g_strndup(spec, (gsize)(target - spec));
		g_strchomp(before);
		if (g_str_has_suffix(before, ",")) {
			before[strlen(before) - 1] = '\0';
		}
		position = 1;
	}
	words = g_strsplit(before ? before : spec, ",", -1);
	for (guint i = 0; words[i] && !(before && !*before); i++) {
		disk_word(import, disk, g_strstrip(words[i]), &position, line);
	}
	if (g_str_has_prefix(disk->source, "/dev/")) {
		vm_text_set(&disk->format, "block");
	}
	if (disk->cdrom) {
		disk->readonly = true;
	}
	g_ptr_array_add(import->config->disks, disk);
}

static bool take_disks(Import *import, const char *value, GError **error)
{
	const XlcfgSetting *setting = import->setting;

	for (guint i = 0; i < setting->values->len; i++) {
		guint line = g_array_index(setting->lines, guint, i);
		VmDisk *disk;

		if (import->config->disks->len >= VM_CONFIG_DISKS_MAX) {
			return fail(line, error, "more than %d disks", VM_CONFIG_DISKS_MAX);
		}
		take_disk_spec(import, g_ptr_array_index(setting->values, i), line);
		disk = g_ptr_array_index(import->config->disks, import->config->disks->len - 1);
		if (!vm_config_validate(import->config, error)) {
			g_prefix_error(error, "line %u: ", line);
			return false;
		}
		if (*disk->source && disk->source[0] != '/') {
			return fail(line, error, "disk '%s' is not an absolute path", disk->source);
		}
	}
	return true;
}

static void nic_word(Import *import, VmNic *nic, const char *word, guint line)
{
	g_auto(GStrv) pair = g_strsplit(word, "=", 2);

	if (!pair[0] || !pair[1]) {
		vm_note_add(import->notes, line, NULL, "vif option '%s' is not kept", word);
		return;
	}
	g_strstrip(pair[0]);
	g_strstrip(pair[1]);
	if (g_str_equal(pair[0], "mac")) {
		vm_text_set(&nic->mac, pair[1]);
	} else if (g_str_equal(pair[0], "bridge")) {
		const char *network =
		    import->network ? import->network(pair[1], import->data) : NULL;

		if (network) {
			vm_text_set(&nic->network, network);
		} else {
			vm_note_add(import->notes, line, NULL,
				    "no network is bridge '%s'; the network default is used",
				    pair[1]);
		}
	} else if (g_str_equal(pair[0], "model")) {
		vm_text_set(&nic->model, pair[1]);
	} else if (!g_str_equal(pair[0], "type")) {
		vm_note_add(import->notes, line, NULL, "vif option '%s' is not kept", pair[0]);
	}
}

static bool take_vifs(Import *import, const char *value, GError **error)
{
	const XlcfgSetting *setting = import->setting;

	for (guint i = 0; i < setting->values->len; i++) {
		guint line = g_array_index(setting->lines, guint, i);
		g_auto(GStrv) words = g_strsplit(g_ptr_array_index(setting->values, i), ",", -1);
		VmNic *nic = vm_nic_new();

		vm_text_set(&nic->network, "default");
		g_ptr_array_add(import->config->nics, nic);
		for (guint j = 0; words[j]; j++) {
			if (*g_strstrip(words[j])) {
				nic_word(import, nic, words[j], line);
			}
		}
		if (!vm_config_validate(import->config, error)) {
			g_prefix_error(error, "line %u: ", line);
			return false;
		}
	}
	return true;
}

static const struct {
	const char *key;
	ImportFunc take;
	bool is_list;
} importers[] = {
    {"name", take_name},
    {"uuid", take_uuid},
    {"builder", take_builder},
    {"pvh", take_pvh},
    {"type", take_type},
    {"memory", take_memory},
    {"maxmem", take_maxmem},
    {"vcpus", take_vcpus},
    {"maxvcpus", take_maxvcpus},
    {"kernel", take_kernel},
    {"ramdisk", take_ramdisk},
    {"cmdline", take_cmdline},
    {"root", take_root},
    {"extra", take_extra},
    {"bootloader", take_bootloader},
    {"firmware", take_bios},
    {"bios", take_bios},
    {"boot", take_boot},
    {"viridian", take_viridian},
    {"on_poweroff", take_poweroff},
    {"on_shutdown", take_poweroff},
    {"on_reboot", take_on_reboot},
    {"on_crash", take_on_crash},
    {"on_watchdog", take_on_crash},
    {"disk", take_disks, true},
    {"vif", take_vifs, true},
};

/* Keys whose value here is what a VM gets anyway: nothing to warn of. */
static const struct {
	const char *key, *value;
} as_by_default[] = {
    {"serial", "pty"},
    {"acpi", "1"},
    {"apic", "1"},
    {"pae", "1"},
    {"nx", "1"},
    {"hap", "1"},
    {"xen_platform_pci", "1"},
    {"device_model_version", "qemu-xen"},
    {"vnc", "0"},
    {"sdl", "0"},
    {"spice", "0"},
    {"nestedhvm", "0"},
    {"usb", "0"},
    {"localtime", "0"},
    {"seclabel", ""},
};

static bool is_default(const char *key, const char *value)
{
	for (gsize i = 0; i < G_N_ELEMENTS(as_by_default); i++) {
		if (g_str_equal(as_by_default[i].key, key) &&
		    g_str_equal(as_by_default[i].value, value)) {
			return true;
		}
	}
	return false;
}

static bool take_setting(Import *import, GError **error)
{
	const XlcfgSetting *setting = import->setting;
	const char *value = setting->values->len > 0 ? g_ptr_array_index(setting->values, 0) : "";

	for (gsize i = 0; i < G_N_ELEMENTS(importers); i++) {
		if (!g_str_equal(importers[i].key, setting->key)) {
			continue;
		}
		if (setting->is_list && !importers[i].is_list &&
		    importers[i].take != take_viridian) {
			return fail(setting->line, error, "%s: is a list and must be one value",
				    setting->key);
		}
		return importers[i].take(import, value, error);
	}
	if (!is_default(setting->key, value)) {
		not_kept(import, "Mullion has no such setting");
	}
	return true;
}

/* root= and extra= make up the command line unless cmdline= is there. */
static bool join_cmdline(Import *import, GError **error)
{
	g_autofree char *joined = NULL;

	if (!import->root && !import->extra) {
		return true;
	}
	if (*import->config->cmdline) {
		vm_note_add(import->notes, import->cmdline_line, NULL,
			    "root and extra are not kept: cmdline is there");
		return true;
	}
	joined = g_strdup_printf(
	    "%s%s%s%s", import->root ? "root=" : "", import->root ? import->root : "",
	    import->root && import->extra ? " " : "", import->extra ? import->extra : "");
	if (!vm_key_check_text(vm_key_find(vm_keys, "cmdline"), joined, error)) {
		g_prefix_error(error, "line %u: ", import->cmdline_line);
		return false;
	}
	vm_text_set(&import->config->cmdline, joined);
	return true;
}

static bool take_all(Import *import, GPtrArray *settings, GError **error)
{
	for (guint i = 0; i < settings->len; i++) {
		import->setting = g_ptr_array_index(settings, i);
		if (!take_setting(import, error)) {
			return false;
		}
	}
	if (!join_cmdline(import, error)) {
		return false;
	}
	if (*import->config->kernel && *import->config->bootloader) {
		/* xl takes the bootloader then; the kernel was its leftover. */
		vm_text_set(&import->config->kernel, "");
		vm_text_set(&import->config->initrd, "");
		vm_note_add(import->notes, 0, NULL, "kernel is not kept: the bootloader finds one");
	}
	return vm_config_validate(import->config, error);
}

VmConfig *xlcfg_parse(const char *text, XlcfgNetworkFunc network, gpointer data, char **ret_name,
		      GPtrArray *notes, GError **error)
{
	g_autoptr(VmConfig) config = vm_config_new("linux");
	g_autoptr(GPtrArray) settings = NULL;
	Import import = {config, notes, network, data, g_strdup(""), NULL, NULL, 0, NULL};
	bool good = false;

	/* xl's own defaults, where ours differ. */
	config->vcpus = 1;
	config->memory = 128;
	vm_text_set(&config->type, "pv");
	vm_text_set(&config->os, "other");
	if (!g_utf8_validate(text, -1, NULL)) {
		g_free(import.name);
		fail(1, error, "not UTF-8 text");
		return NULL;
	}
	settings = xlcfg_lex(text, error);
	good = settings && take_all(&import, settings, error);
	if (good && g_str_equal(config->os, "other") && *config->kernel) {
		vm_text_set(&config->os, "linux");
	}
	g_free(import.root);
	g_free(import.extra);
	if (!good) {
		g_free(import.name);
		return NULL;
	}
	*ret_name = import.name;
	return g_steal_pointer(&config);
}
