/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was under way when the manager died. An entry is written before an operation touches its
 * second thing, and removed when it is over; there is one at most per VM, as there is one job per
 * VM. docs/design/manager.md has the table of what the next start makes of it (recovery.c).
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

typedef struct {
	char *uuid;
	char *op;    /* a job's kind */
	char *name;  /* the VM's, or the snapshot's for snapshot, revert, delete-snapshot */
	GStrv paths; /* what was being made (create, clone, add-disk) or removed (delete,
			remove-disk) */
} JournalEntry;

void journal_entry_free(JournalEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JournalEntry, journal_entry_free)

/* Any thread. @paths may be NULL. */
bool journal_begin(const char *folder, const char *uuid, const char *op, const char *name,
		   const char *const *paths, GError **error);
/* A failure is logged and harmless: recovery of something that is over finds nothing to do. */
void journal_end(const char *folder, const char *uuid);
/* JournalEntry array. An entry that cannot be read is logged and removed: it was written whole or
 * not at all, so it is somebody's edit. */
GPtrArray *journal_load(const char *folder);
