/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM that is being thought up: what the assistant asks, and the settings that follow from it.
 * Pure: no widget, no bus. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

typedef enum {
	FORM_SOURCE_ISO,
	FORM_SOURCE_DISK,
	FORM_SOURCE_KERNEL,
	FORM_SOURCE_CLONE,
	FORM_SOURCE_TEMPLATE,
	FORM_SOURCE_IMPORT,
	FORM_SOURCES,
} FormSource;

typedef enum {
	FORM_OS_LINUX,
	FORM_OS_WINDOWS,
	FORM_OS_OTHER,
} FormOs;

/* How the VM's first program comes about. */
typedef enum {
	FORM_BOOT_BIOS,	      /* an emulated PC */
	FORM_BOOT_UEFI,	      /* an emulated PC */
	FORM_BOOT_BOOTLOADER, /* PVH; pygrub looks for the kernel on the disk */
	FORM_BOOT_KERNEL,     /* PVH; a kernel that is named */
} FormBoot;

typedef enum {
	FORM_DISK_NEW,	    /* qcow2 or raw, in the manager's folder */
	FORM_DISK_VOLUME,   /* LVM, in a volume group */
	FORM_DISK_EXISTING, /* file or device */
	FORM_DISK_NONE,
} FormDisk;

/* What GetHost says, as far as a form is bounded by it. Zero: not known. */
typedef struct {
	bool known;
	bool hvm; /* true also when the manager does not say: it will when the VM is checked */
	guint64 memory_total, memory_free; /* MiB */
	guint cpus;
	guint64 storage_free; /* bytes */
} FormHost;

typedef struct {
	FormSource source;
	FormOs os;
	FormBoot boot;
	FormDisk disk;
	char *colour;
	char *iso;
	char *kernel;
	char *initrd;
	char *cmdline;
	char *disk_path;   /* FORM_DISK_EXISTING */
	char *disk_format; /* "qcow2" or "raw" of a new one; of an existing one also "block" */
	char *disk_group;  /* FORM_DISK_VOLUME */
	guint64 disk_size; /* bytes of a new one */
	char *network;	   /* "" for none */
	guint64 memory;	   /* MiB */
	guint vcpus;
	bool disk_readonly;
} FormMachine;

/* @host: (a{sv}) of GetHost. */
void form_host_read(FormHost *host, GVariant *dict);
/* Why this source, system or way to boot cannot be had here, translated; NULL: it can. */
const char *form_source_refusal(FormSource source, const FormHost *host);
const char *form_os_refusal(FormOs os, FormSource source, const FormHost *host);
const char *form_boot_refusal(FormBoot boot, FormSource source, FormOs os, const FormHost *host);

const char *form_os_word(FormOs os);

FormMachine *form_machine_new(void);
void form_machine_free(FormMachine *machine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FormMachine, form_machine_free)
void form_machine_set(char **field, const char *text);
/* Memory, CPUs, disk and boot as they are good for this source and system, within what the host
 * has. Of a host that is not known only what is good for the system counts. */
void form_machine_defaults(FormMachine *machine, const FormHost *host);
/* What is missing or wrong on the page @page ("files", "resources"), or NULL. To be freed. */
char *form_machine_problem(const FormMachine *machine, const char *page, const FormHost *host);
/* Settings for CreateVm (a{sv}, floating). Not for CLONE, TEMPLATE, IMPORT. */
GVariant *form_machine_settings(const FormMachine *machine);
/* The assistant's page where a setting's key of CheckSettings is set: "files" or "resources" or
 * "system". */
const char *form_machine_page(const FormMachine *machine, const char *key);
