/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by vm-config*.c: the keys of a VM's file as tables. A key is one row; files and D-Bus
 * settings follow. */
#pragma once

#include "vm-config.h"

typedef enum {
	VM_KEY_TEXT,  /* one line */
	VM_KEY_NOTES, /* lines */
	VM_KEY_PATH,  /* absolute, or empty */
	VM_KEY_WORD,  /* one of words */
	VM_KEY_UUID,  /* or empty */
	VM_KEY_BOOL,  /* the first kind that is not text */
	VM_KEY_U32,
	VM_KEY_U64,
} VmKeyKind;

typedef struct {
	const char *name;
	VmKeyKind kind;
	glong offset;
	const char *const *words;
	guint64 min, max; /* numbers: range; texts: max is their length in bytes */
	bool internal;	  /* not to be set by D-Bus settings */
} VmKey;

/* Each ends with a row without name. */
extern const VmKey vm_keys[];
extern const VmKey vm_disk_keys[];
extern const VmKey vm_nic_keys[];

void vm_text_set(char **field, const char *text);
void vm_key_copy(const VmKey *key, gpointer to, gconstpointer from);
bool vm_key_equal(const VmKey *key, gconstpointer one, gconstpointer other);
/* Is @text allowed as the value of @key? INVALID_ARGUMENT names the key. */
bool vm_key_check_text(const VmKey *key, const char *text, GError **error);
bool vm_key_check_number(const VmKey *key, guint64 value, GError **error);
const VmKey *vm_key_find(const VmKey *keys, const char *name);
