/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "form-machine.h"

#include "form-values.h"

#include <glib/gi18n.h>
#include <string.h>

#define SPARE_MEMORY 512 /* MiB that a new VM leaves free, if it can */

static const char *const os_words[] = {"linux", "windows", "other"};

const char *form_os_word(FormOs os)
{
	return os_words[os];
}

void form_host_read(FormHost *host, GVariant *dict)
{
	guint64 bytes = 0;
	gboolean hvm = TRUE;
	guint32 cpus = 0;

	g_variant_lookup(dict, "hvm", "b", &hvm);
	g_variant_lookup(dict, "cpu-count", "u", &cpus);
	*host = (FormHost){.known = true, .hvm = hvm, .cpus = cpus};
	if (g_variant_lookup(dict, "memory-total", "t", &bytes)) {
		host->memory_total = bytes / FORM_MIB;
	}
	if (g_variant_lookup(dict, "memory-free", "t", &bytes)) {
		host->memory_free = bytes / FORM_MIB;
	}
	if (g_variant_lookup(dict, "storage-free", "t", &bytes)) {
		host->storage_free = bytes;
	}
}

static bool lacks_hvm(const FormHost *host)
{
	return host->known && !host->hvm;
}

const char *form_source_refusal(FormSource source, const FormHost *host)
{
	if (source == FORM_SOURCE_ISO && lacks_hvm(host)) {
		return _("An installer needs an emulated PC (HVM), which this machine cannot run.");
	}
	return NULL;
}

const char *form_os_refusal(FormOs os, FormSource source, const FormHost *host)
{
	if (os != FORM_OS_WINDOWS) {
		return NULL;
	}
	if (source == FORM_SOURCE_KERNEL) {
		return _("Windows cannot be booted from a kernel file.");
	}
	return lacks_hvm(host)
		   ? _("Windows needs an emulated PC (HVM), which this machine cannot run.")
		   : NULL;
}

const char *form_boot_refusal(FormBoot boot, FormSource source, FormOs os, const FormHost *host)
{
	bool emulated = boot == FORM_BOOT_BIOS || boot == FORM_BOOT_UEFI;

	if (emulated && lacks_hvm(host)) {
		return _("This machine cannot run emulated PCs (HVM).");
	}
	if (!emulated && os == FORM_OS_WINDOWS) {
		return _("Windows needs an emulated PC (HVM).");
	}
	if (!emulated && source == FORM_SOURCE_ISO) {
		return _("An installer needs an emulated PC (HVM).");
	}
	return NULL;
}

FormMachine *form_machine_new(void)
{
	FormMachine *machine = g_new0(FormMachine, 1);

	machine->colour = g_strdup("green");
	machine->iso = g_strdup("");
	machine->kernel = g_strdup("");
	machine->initrd = g_strdup("");
	machine->cmdline = g_strdup("");
	machine->disk_path = g_strdup("");
	machine->disk_format = g_strdup("qcow2");
	machine->disk_group = g_strdup("");
	machine->network = g_strdup("");
	return machine;
}

void form_machine_free(FormMachine *machine)
{
	if (machine) {
		g_free(machine->colour);
		g_free(machine->iso);
		g_free(machine->kernel);
		g_free(machine->initrd);
		g_free(machine->cmdline);
		g_free(machine->disk_path);
		g_free(machine->disk_format);
		g_free(machine->disk_group);
		g_free(machine->network);
		g_free(machine);
	}
}

void form_machine_set(char **field, const char *text)
{
	char *copy = g_strdup(text ? text : "");

	g_free(*field);
	*field = copy;
}

/* As much as wished, but not all that is free, and never less than @least. */
static guint64 bounded_memory(guint64 wish, guint64 least, const FormHost *host)
{
	if (host->memory_free && wish + SPARE_MEMORY > host->memory_free) {
		guint64 left = host->memory_free > SPARE_MEMORY + least
				   ? (host->memory_free - SPARE_MEMORY) / 256 * 256
				   : least;

		wish = MIN(wish, MAX(left, least));
	}
	return host->memory_total ? MIN(wish, host->memory_total) : wish;
}

void form_machine_defaults(FormMachine *machine, const FormHost *host)
{
	bool windows = machine->os == FORM_OS_WINDOWS;
	guint64 size = windows ? 64 : 20;
	guint64 left = host->storage_free / FORM_GIB;

	machine->memory =
	    windows ? bounded_memory(4096, 2048, host) : bounded_memory(2048, 256, host);
	machine->vcpus = host->cpus ? MIN(2, host->cpus) : 2;
	/* qcow2 grows with what is written, so a new disk may be promised more than there is; a
	 * default that cannot be kept would be unkind, though. */
	machine->disk_size = (left > 4 ? MIN(size, left - 2) : size) * FORM_GIB;
	switch (machine->source) {
	case FORM_SOURCE_KERNEL:
		machine->boot = FORM_BOOT_KERNEL;
		machine->disk = FORM_DISK_NONE;
		break;
	case FORM_SOURCE_DISK:
		machine->boot = windows		  ? FORM_BOOT_UEFI
				: lacks_hvm(host) ? FORM_BOOT_BOOTLOADER
						  : FORM_BOOT_BIOS;
		machine->disk = FORM_DISK_EXISTING;
		break;
	default:
		machine->boot = windows ? FORM_BOOT_UEFI : FORM_BOOT_BIOS;
		machine->disk = FORM_DISK_NEW;
		break;
	}
}

static char *files_problem(const FormMachine *machine)
{
	switch (machine->source) {
	case FORM_SOURCE_ISO:
		return *machine->iso ? form_path_problem(machine->iso, _("Installer image"))
				     : g_strdup(_("Choose the installer's ISO image."));
	case FORM_SOURCE_DISK:
		return *machine->disk_path ? form_path_problem(machine->disk_path, _("Disk"))
					   : g_strdup(_("Choose the disk to start from."));
	case FORM_SOURCE_KERNEL: {
		char *problem = *machine->kernel ? form_path_problem(machine->kernel, _("Kernel"))
						 : g_strdup(_("Choose the kernel to start."));

		if (!problem && *machine->initrd) {
			problem = form_path_problem(machine->initrd, _("Initial RAM disk"));
		}
		return problem;
	}
	default:
		return NULL;
	}
}

static char *resources_problem(const FormMachine *machine, const FormHost *host)
{
	if (host->memory_total && machine->memory > host->memory_total) {
		g_autofree char *total = form_size_format(host->memory_total * FORM_MIB);

		return g_strdup_printf(_("This machine has %s of memory."), total);
	}
	if (machine->disk == FORM_DISK_EXISTING && machine->source != FORM_SOURCE_DISK) {
		return *machine->disk_path
			   ? form_path_problem(machine->disk_path, _("Disk"))
			   : g_strdup(_("Choose the disk, or another kind of disk."));
	}
	if (machine->disk == FORM_DISK_VOLUME && !*machine->disk_group) {
		return g_strdup(_("Choose the volume group for the disk."));
	}
	if (machine->disk == FORM_DISK_NEW && g_str_equal(machine->disk_format, "raw") &&
	    host->storage_free && machine->disk_size > host->storage_free) {
		g_autofree char *left = form_size_format(host->storage_free);

		return g_strdup_printf(_("Only %s of storage are free."), left);
	}
	return NULL;
}

char *form_machine_problem(const FormMachine *machine, const char *page, const FormHost *host)
{
	if (g_str_equal(page, "files")) {
		return files_problem(machine);
	}
	return g_str_equal(page, "resources") ? resources_problem(machine, host) : NULL;
}

static void add_text(GVariantBuilder *builder, const char *key, const char *text)
{
	g_variant_builder_add(builder, "{sv}", key, g_variant_new_string(text));
}

static void add_disk(GVariantBuilder *disks, const FormMachine *machine)
{
	GVariantBuilder one;

	if (machine->disk == FORM_DISK_NONE) {
		return;
	}
	g_variant_builder_init(&one, G_VARIANT_TYPE_VARDICT);
	if (machine->disk == FORM_DISK_EXISTING) {
		add_text(&one, "source", machine->disk_path);
		add_text(&one, "format", machine->disk_format);
		if (machine->disk_readonly) {
			g_variant_builder_add(&one, "{sv}", "readonly",
					      g_variant_new_boolean(TRUE));
		}
	} else {
		if (machine->disk == FORM_DISK_VOLUME) {
			add_text(&one, "source", machine->disk_group);
			add_text(&one, "format", "block");
		} else {
			add_text(&one, "format", machine->disk_format);
		}
		g_variant_builder_add(&one, "{sv}", "create-size",
				      g_variant_new_uint64(machine->disk_size));
	}
	g_variant_builder_add_value(disks, g_variant_builder_end(&one));
}

static void add_cd(GVariantBuilder *disks, const char *iso)
{
	GVariantBuilder one;

	g_variant_builder_init(&one, G_VARIANT_TYPE_VARDICT);
	add_text(&one, "source", iso);
	add_text(&one, "format", "raw");
	g_variant_builder_add(&one, "{sv}", "readonly", g_variant_new_boolean(TRUE));
	g_variant_builder_add(&one, "{sv}", "cdrom", g_variant_new_boolean(TRUE));
	g_variant_builder_add_value(disks, g_variant_builder_end(&one));
}

static void add_boot(GVariantBuilder *settings, const FormMachine *machine)
{
	switch (machine->boot) {
	case FORM_BOOT_KERNEL:
		add_text(settings, "type", "pvh");
		add_text(settings, "kernel", machine->kernel);
		add_text(settings, "initrd", machine->initrd);
		add_text(settings, "cmdline", machine->cmdline);
		break;
	case FORM_BOOT_BOOTLOADER:
		add_text(settings, "type", "pvh");
		add_text(settings, "bootloader", "pygrub");
		break;
	default:
		add_text(settings, "type", "hvm");
		add_text(settings, "firmware", machine->boot == FORM_BOOT_UEFI ? "uefi" : "bios");
		/* The disk first: as long as it is empty, the installer's CD follows. */
		add_text(settings, "boot", "cd");
		g_variant_builder_add(settings, "{sv}", "viridian",
				      g_variant_new_boolean(machine->os == FORM_OS_WINDOWS));
		break;
	}
}

GVariant *form_machine_settings(const FormMachine *machine)
{
	GVariantBuilder settings, disks, nics;

	g_variant_builder_init(&settings, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_init(&disks, G_VARIANT_TYPE("aa{sv}"));
	g_variant_builder_init(&nics, G_VARIANT_TYPE("aa{sv}"));
	add_text(&settings, "os", form_os_word(machine->os));
	add_text(&settings, "colour", machine->colour);
	g_variant_builder_add(&settings, "{sv}", "memory", g_variant_new_uint64(machine->memory));
	g_variant_builder_add(&settings, "{sv}", "vcpus", g_variant_new_uint32(machine->vcpus));
	add_boot(&settings, machine);
	add_disk(&disks, machine);
	if (machine->source == FORM_SOURCE_ISO) {
		add_cd(&disks, machine->iso);
	}
	if (*machine->network) {
		GVariantBuilder nic;

		g_variant_builder_init(&nic, G_VARIANT_TYPE_VARDICT);
		add_text(&nic, "network", machine->network);
		g_variant_builder_add_value(&nics, g_variant_builder_end(&nic));
	}
	g_variant_builder_add(&settings, "{sv}", "disks", g_variant_builder_end(&disks));
	g_variant_builder_add(&settings, "{sv}", "nics", g_variant_builder_end(&nics));
	return g_variant_builder_end(&settings);
}

const char *form_machine_page(const FormMachine *machine, const char *key)
{
	static const char *const file_keys[] = {"kernel", "initrd", "cmdline", NULL};
	static const char *const system_keys[] = {
	    "name", "os", "colour", "type", "firmware", "boot", "bootloader", "viridian", NULL};

	if (g_strv_contains(system_keys, key)) {
		return "system";
	}
	if (g_strv_contains(file_keys, key)) {
		return machine->source == FORM_SOURCE_KERNEL ? "files" : "system";
	}
	if (g_str_has_prefix(key, "disks")) {
		bool is_cd = machine->source == FORM_SOURCE_ISO &&
			     (machine->disk == FORM_DISK_NONE || g_str_has_suffix(key, "b"));

		return is_cd || machine->source == FORM_SOURCE_DISK ? "files" : "resources";
	}
	return "resources";
}
