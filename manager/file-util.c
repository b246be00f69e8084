/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "file-util.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_sync_folder(const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (fd < 0) {
		error_set_errno(error, errno, "cannot open %s", path);
		return false;
	}
	result = fsync(fd) < 0 ? errno : 0;
	close(fd);
	if (result) {
		error_set_errno(error, result, "cannot sync %s", path);
	}
	return result == 0;
}

static bool sync_parent(const char *path, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path);

	return file_sync_folder(folder, error);
}

bool file_sync(const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result;

	if (fd < 0) {
		error_set_errno(error, errno, "cannot open %s", path);
		return false;
	}
	result = fdatasync(fd) < 0 ? errno : 0;
	close(fd);
	if (result) {
		error_set_errno(error, result, "cannot sync %s", path);
	}
	return result == 0;
}

static int write_all(int fd, const char *text, gsize length)
{
	while (length > 0) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno != EINTR) {
			return errno;
		}
		if (written > 0) {
			text += written;
			length -= (gsize)written;
		}
	}
	return fsync(fd) < 0 ? errno : 0;
}

bool file_write(const char *path, const char *text, GError **error)
{
	/* The leading dot keeps it out of sight of whoever lists definitions; one that a crash left
	 * is overwritten. */
	g_autofree char *folder = g_path_get_dirname(path);
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *beside = g_strdup_printf("%s/.%s.new", folder, name);
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int result;

	if (fd < 0) {
		error_set_errno(error, errno, "cannot create %s", beside);
		return false;
	}
	result = write_all(fd, text, strlen(text));
	close(fd);
	if (!result && rename(beside, path) < 0) {
		result = errno;
	}
	if (result) {
		unlink(beside);
		error_set_errno(error, result, "cannot write %s", path);
		return false;
	}
	return file_sync_folder(folder, error);
}

char *file_read(const char *path, gsize limit, GError **error)
{
	g_autofree char *text = NULL;
	gsize length = 0;
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		error_set_errno(error, errno, "cannot read %s", path);
		return NULL;
	}
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || (guint64)status.st_size > limit) {
		close(fd);
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
			    "%s is not a file of at most %" G_GSIZE_FORMAT " bytes", path, limit);
		return NULL;
	}
	text = g_malloc0(limit + 1);
	while (length < limit) {
		ssize_t got = read(fd, text + length, limit - length);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			break;
		}
		length += (gsize)got;
	}
	close(fd);
	if (!g_utf8_validate(text, (gssize)length, NULL)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
			    "%s is not UTF-8 text", path);
		return NULL;
	}
	return g_strndup(text, length);
}

bool file_rename(const char *from, const char *to, GError **error)
{
	g_autofree char *from_folder = g_path_get_dirname(from);
	g_autofree char *to_folder = g_path_get_dirname(to);

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0) {
		error_set_errno(error, errno, "cannot rename %s to %s", from, to);
		return false;
	}
	return file_sync_folder(to_folder, error) &&
	       (g_str_equal(from_folder, to_folder) || file_sync_folder(from_folder, error));
}

bool file_remove(const char *path, GError **error)
{
	if (unlink(path) < 0) {
		if (errno == ENOENT || errno == ENOTDIR) {
			return true;
		}
		error_set_errno(error, errno, "cannot remove %s", path);
		return false;
	}
	return sync_parent(path, error);
}

bool file_remove_folder(const char *path, GError **error)
{
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	const char *name;

	while (folder && (name = g_dir_read_name(folder))) {
		g_autofree char *file = g_build_filename(path, name, NULL);

		if (unlink(file) < 0 && errno != ENOENT) {
			error_set_errno(error, errno, "cannot remove %s", file);
			return false;
		}
	}
	if (rmdir(path) < 0) {
		if (errno == ENOENT) {
			return true;
		}
		error_set_errno(error, errno, "cannot remove %s", path);
		return false;
	}
	return sync_parent(path, error);
}

bool file_make_folder(const char *path, GError **error)
{
	if (g_mkdir_with_parents(path, 0711) < 0) {
		error_set_errno(error, errno, "cannot make folder %s", path);
		return false;
	}
	return sync_parent(path, error);
}

bool file_is_within(const char *path, const char *folder)
{
	g_autofree char *real_folder = realpath(folder, NULL);
	g_autofree char *real_path = realpath(path, NULL);
	gsize length;

	if (!real_path && errno == ENOENT) {
		/* Not there yet: where it would be. A dangling link has no such place. */
		g_autofree char *parent = g_path_get_dirname(path);
		g_autofree char *name = g_path_get_basename(path);
		g_autofree char *real_parent = realpath(parent, NULL);
		struct stat status;

		if (real_parent && lstat(path, &status) < 0 && errno == ENOENT) {
			real_path = g_build_filename(real_parent, name, NULL);
		}
	}
	if (!real_folder || !real_path) {
		return false;
	}
	length = strlen(real_folder);
	return strncmp(real_path, real_folder, length) == 0 && real_path[length] == '/';
}
