/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that must not be lost: every change is on the disk when the function returns true. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

/* Replace @path by @text: beside it, sync, rename, sync the folder. Whoever reads it sees the old
 * text or the new. */
bool file_write(const char *path, const char *text, GError **error);
/* The file's text, at most @limit bytes of it, which must be UTF-8 without NUL; NULL with @error
 * set. */
char *file_read(const char *path, gsize limit, GError **error);
/* rename(2), and sync of both folders. EXISTS when @to is there. */
bool file_rename(const char *from, const char *to, GError **error);
/* unlink(2) and sync of the folder. A file that is not there is a success: it is gone. */
bool file_remove(const char *path, GError **error);
/* Remove the folder and the files in it; folders in it are not expected and fail. One that is not
 * there is a success. */
bool file_remove_folder(const char *path, GError **error);
/* Make the folder, with its parents. */
bool file_make_folder(const char *path, GError **error);
bool file_sync_folder(const char *path, GError **error);
/* Sync the data of @path. */
bool file_sync(const char *path, GError **error);
/* Is @path, after all links, within @folder? A path that is not there is looked at by its folder.
 */
bool file_is_within(const char *path, const char *folder);
