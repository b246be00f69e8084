/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.mullion.Manager1 and the tables of everything. Main thread only, but for the folders, which
 * never change. */
#pragma once

#include "bus.h"
#include "store.h"
#include "vm-config.h"

typedef struct Vm Vm;
typedef struct Network Network;

typedef struct {
	/* Folders; constant after manager_new(), so any thread may read them. */
	char *vms_folder;
	char *networks_folder;
	char *disks_folder;
	char *images_folder;
	char *saved_folder;
	char *journal_folder;
	char *run_folder;	     /* of this boot: pid files, leases */
	const char *open_folders[3]; /* what a VM may name without the right "host" */

	BusObject *bus;
	GHashTable *vms;      /* UUID → Vm */
	GHashTable *networks; /* name → Network */
	GHashTable *reserved; /* names of VMs that are being made */
	GHashTable *early;    /* ids of domains that ended before their start was known here */
	GVariant *broken;     /* a(ss) */
	GVariant *broken_networks;
	char *hypervisor;
	GFileMonitor *monitor;
	guint reload_timer;
} Manager;

/* Make the folders below @state_folder and @run_folder. Nothing is on the bus yet. */
Manager *manager_new(const char *state_folder, const char *run_folder, GError **error);
/* Read the store, clear up what the last run left, adopt domains, export all, start what is to be
 * started; then @ready. */
void manager_start(Manager *manager, void (*ready)(Manager *manager));
/* The end of the program. Running VMs run on. */
void manager_free(Manager *manager);

Vm *manager_find(const Manager *manager, const char *name_or_uuid);
Vm *manager_find_domain(const Manager *manager, guint id);
/* Export a VM of this entry, which it takes. */
Vm *manager_add(Manager *manager, StoreEntry *entry);
void manager_remove(Manager *manager, Vm *vm);
/* EXISTS or INVALID_ARGUMENT when @name cannot be a new VM's. Else it is reserved until
 * manager_release(). */
bool manager_reserve(Manager *manager, const char *name, GError **error);
void manager_release(Manager *manager, const char *name);
/* A VM whose disks lie on this one's, or NULL. */
Vm *manager_child_of(const Manager *manager, const char *uuid);
/* The other VM that has one of the disks of @vm, running, with one of both writing; NULL if none.
 * @ret_target: the disk. */
Vm *manager_disk_conflict(const Manager *manager, const Vm *vm, const char **ret_target);
/* Read definitions again. */
void manager_reload(Manager *manager);
/* vm_config_check() and what needs the tables: networks. */
void manager_check(const Manager *manager, const VmConfig *config, GPtrArray *problems,
		   GPtrArray *warnings);
/* "manage", or "host" when @config reaches out more than @known does. */
const char *manager_right_for(const Manager *manager, const VmConfig *config,
			      const VmConfig *known);
/* A domain ended (vmm.h). */
void manager_event(guint id, bool gone, gpointer manager);
