/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disk images and volumes. All but the disk_is_* functions block and are for jobs' threads. */
#pragma once

#include "job.h"
#include "vm-config.h"

/* Make the disk that disk->create_size asks for, as @folder/TARGET.FORMAT or as volume
 * mullion-UUID-TARGET of the volume group in disk->source; on success source is its path, owned is
 * set and create_size 0. */
bool disk_create(VmDisk *disk, const char *folder, const char *uuid, GError **error);
/* The path that disk_create() will give. To be freed. */
char *disk_planned_path(const VmDisk *disk, const char *folder, const char *uuid);
/* Copy @disk into @folder, as raw when it is raw and else as qcow2; @disk is then the copy. @from
 * and @to: the job's progress at its begin and end. */
bool disk_copy(VmDisk *disk, const char *folder, Job *job, double from, double to, GError **error);
/* A qcow2 overlay on @disk in @folder; @disk is then the overlay. */
bool disk_overlay(VmDisk *disk, const char *folder, GError **error);
/* Remove what disk_create(), disk_copy() or disk_overlay() made. It being gone already is a
 * success. */
bool disk_remove(const char *path, GError **error);
/* Grow it. INVALID_ARGUMENT if it is that large already. */
bool disk_resize(const VmDisk *disk, guint64 size, GError **error);

/* Bytes that a VM sees of it, and bytes that it takes from this machine. False: it is not there, or
 * is not what its format says. */
bool disk_sizes(const VmDisk *disk, guint64 *ret_size, guint64 *ret_used);

bool disk_snapshot(const char *path, const char *name, GError **error);
bool disk_snapshot_revert(const char *path, const char *name, GError **error);
/* A snapshot that is not there is NOT_FOUND. */
bool disk_snapshot_delete(const char *path, const char *name, GError **error);

/* A block device in use by the service VM itself (mounted, swap, LVM member): IN_USE. Any other
 * disk passes. */
bool disk_check_free(const VmDisk *disk, GError **error);
/* Are both the same file or device? */
bool disk_is_same(const char *path, const char *other);
/* Does this VM own it so alone that a clone must have its own: not a CD, not read-only. */
bool disk_is_private(const VmDisk *disk);
