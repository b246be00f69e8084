/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VM's file says (docs/man/mullion.vm.5), and the same as D-Bus settings. Pure: knows no
 * folder, bus or hypervisor. Every text in it has been checked: no control characters, paths
 * absolute.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#define VM_CONFIG_FORMAT     1
#define VM_CONFIG_FILE_LIMIT (256 * 1024)
#define VM_CONFIG_DISKS_MAX  26
#define VM_CONFIG_NICS_MAX   8

typedef struct {
	char *target; /* xvda ... xvdz, hda ... hdd, sda ... sdz */
	char *source; /* absolute path; "" for an empty CD drive, or, with create_size, a volume
			 group or "" */
	char *format; /* raw qcow2 block */
	guint64 create_size; /* bytes; only on its way in from D-Bus, never in a file */
	gboolean readonly;
	gboolean cdrom;
	gboolean owned;
} VmDisk;

typedef struct {
	char *mac; /* "" until vm_config_complete(); never after vm_config_parse() */
	char *network;
	char *model; /* "" leaves it to the hypervisor */
} VmNic;

typedef struct {
	char *name;
	gint64 time;
	char *comment;
} VmSnapshot;

typedef struct {
	char *uuid;
	char *title;
	char *notes;
	char *colour;
	char *os;
	char *base; /* UUID of the VM whose disks this one's overlays lie on, or "" */
	char *type;
	char *kernel;
	char *initrd;
	char *cmdline;
	char *bootloader;
	char *firmware;
	char *boot;
	char *on_reboot;
	char *on_crash;
	guint64 memory;	   /* MiB */
	guint64 maxmemory; /* MiB; 0: as memory */
	guint vcpus;
	guint maxvcpus; /* 0: as vcpus */
	gboolean is_template;
	gboolean throw_away;
	gboolean autostart;
	gboolean viridian;
	GPtrArray *disks;     /* VmDisk */
	GPtrArray *nics;      /* VmNic */
	GPtrArray *snapshots; /* VmSnapshot */
} VmConfig;

/* What is odd at a line of a file, or at a key of settings (then line is 0 and key is set). */
typedef struct {
	guint line;
	char *key;
	char *text;
} VmNote;

/* Defaults of an operating system: "linux", "windows", "other". Has no UUID yet. */
VmConfig *vm_config_new(const char *os);
VmConfig *vm_config_copy(const VmConfig *config);
void vm_config_free(VmConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmConfig, vm_config_free)
bool vm_config_equal(const VmConfig *one, const VmConfig *other);

VmDisk *vm_disk_new(void);
void vm_disk_free(VmDisk *disk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VmDisk, vm_disk_free)
VmNic *vm_nic_new(void);
void vm_nic_free(VmNic *nic);
VmDisk *vm_config_find_disk(const VmConfig *config, const char *target);
VmSnapshot *vm_config_find_snapshot(const VmConfig *config, const char *name);
VmSnapshot *vm_config_add_snapshot(VmConfig *config, const char *name, gint64 time,
				   const char *comment);
/* The next free target of the VM's kind ("xvdb"), or NULL when it has VM_CONFIG_DISKS_MAX disks. To
 * be freed. */
char *vm_config_free_target(const VmConfig *config);

/* An array for notes. vm_note_add() copies; @notes NULL is allowed. */
GPtrArray *vm_notes_new(void);
void vm_note_add(GPtrArray *notes, guint line, const char *key, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* A name for VMs, networks, snapshots: [A-Za-z0-9][A-Za-z0-9._-]{0,62}. */
bool vm_name_is_valid(const char *name);
/* A MAC address of Xen's range, at random. To be freed. */
char *vm_mac_new(void);
/* The one that a card has whose file gives none: of that VM and place always the same. */
char *vm_mac_of(const char *uuid, guint index);

/* Parse a file. @notes collects unknown keys. NULL with INVALID_ARGUMENT, whose message begins
 * "line N: ". */
VmConfig *vm_config_parse(const char *text, GPtrArray *notes, GError **error);
/* The file's new text. Comments, order and unknown keys of @old_text (may be NULL) are kept. To be
 * freed. */
char *vm_config_format(const VmConfig *config, const char *old_text);

/* Apply settings of D-Bus (a{sv}), all or none; an unknown key, a wrong type or a value that cannot
 * be is INVALID_ARGUMENT. @owned_from (may be NULL): disks with the same target, source and format
 * keep its owned mark. */
bool vm_config_apply(VmConfig *config, GVariant *settings, const VmConfig *owned_from,
		     GError **error);
/* One disk out of a{sv}. "target" may be missing. */
VmDisk *vm_disk_from_variant(GVariant *settings, GError **error);
/* disk_sizes() of disk.h, which looks at the machine. */
typedef bool VmDiskSizes(const VmDisk *disk, guint64 *ret_size, guint64 *ret_used);
/* a{sv}, floating. With @sizes (may be NULL) also what each disk measures. */
GVariant *vm_config_to_variant(const VmConfig *config, VmDiskSizes *sizes);

/* UUID and MAC addresses where they are missing. */
void vm_config_complete(VmConfig *config);
/* What belongs together: unique targets, maxmemory at least memory, ... INVALID_ARGUMENT. Is part
 * of parse and apply. */
bool vm_config_validate(const VmConfig *config, GError **error);
/* Would it start? Looks at files. @problems and @warnings get notes with keys. */
void vm_config_check(const VmConfig *config, GPtrArray *problems, GPtrArray *warnings);
/* Does it name files outside of @folders (NULL-terminated) or devices that @known (may be NULL)
 * does not name already? */
bool vm_config_reaches_out(const VmConfig *config, const VmConfig *known,
			   const char *const *folders);
