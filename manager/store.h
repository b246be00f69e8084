/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folder of VM definitions. Pure files: knows no bus or hypervisor. Used by the main thread
 * alone. */
#pragma once

#include "vm-config.h"

#define STORE_SUFFIX ".vm"

typedef struct {
	char *name;
	char *text; /* as read, to notice an edit by hand */
	VmConfig *config;
	GPtrArray *notes; /* VmNote */
} StoreEntry;

void store_entry_free(StoreEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoreEntry, store_entry_free)

/* StoreEntry array of all usable files, sorted by name. @broken, a(ss) under construction, gets the
 * others. Two files of one UUID: the second by name is broken. */
GPtrArray *store_load(const char *folder, GVariantBuilder *broken);
StoreEntry *store_load_one(const char *folder, const char *name, GError **error);
/* Write @config as @name. @entry is what it was, and is brought up to date; NULL for a new VM,
 * which must not be there yet (EXISTS). INVALID_STATE when the file was edited meanwhile. */
bool store_save(const char *folder, const char *name, const VmConfig *config, StoreEntry *entry,
		GError **error);
bool store_rename(const char *folder, const char *from, const char *to, GError **error);
bool store_remove(const char *folder, const char *name, GError **error);
