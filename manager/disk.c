/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "disk.h"

#include "child.h"
#include "error.h"
#include "file-util.h"
#include "qcow2.h"
#include "vm-config-keys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN(error, ...) child_run((const char *const[]){__VA_ARGS__, NULL}, NULL, error)

static bool is_block(const VmDisk *disk)
{
	return g_str_equal(disk->format, "block");
}

bool disk_is_private(const VmDisk *disk)
{
	return !disk->cdrom && !disk->readonly && *disk->source;
}

char *disk_planned_path(const VmDisk *disk, const char *folder, const char *uuid)
{
	if (is_block(disk)) {
		return g_strdup_printf("/dev/%s/mullion-%s-%s", disk->source, uuid, disk->target);
	}
	return g_strdup_printf("%s/%s.%s", folder, disk->target, disk->format);
}

static bool create_raw(const char *path, guint64 size, GError **error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int result = 0;

	if (fd < 0) {
		error_set_errno(error, errno, "cannot create %s", path);
		return false;
	}
	if (ftruncate(fd, (off_t)size) < 0 || fsync(fd) < 0) {
		result = errno;
	}
	close(fd);
	if (result) {
		unlink(path);
		error_set_errno(error, result, "cannot create %s", path);
	}
	return result == 0;
}

static bool create_volume(const VmDisk *disk, const char *path, GError **error)
{
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT "b", disk->create_size);

	if (!vm_name_is_valid(disk->source)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
			    "disks/%s: source '%s' is not a volume group's name", disk->target,
			    disk->source);
		return false;
	}
	/* Blocks that were another VM's must not be read by this one: LVM wipes signatures alone,
	 * so the volume is zeroed by its driver where it is thin, and by us where it is not. */
	if (!RUN(error, "lvcreate", "--yes", "--wipesignatures", "y", "--size", size, "--name",
		 name, disk->source)) {
		return false;
	}
	if (!RUN(error, "blkdiscard", "--zeroout", path)) {
		RUN(NULL, "lvremove", "--yes", path);
		return false;
	}
	return true;
}

bool disk_create(VmDisk *disk, const char *folder, const char *uuid, GError **error)
{
	g_autofree char *path = disk_planned_path(disk, folder, uuid);
	g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, disk->create_size);
	bool good;

	if (is_block(disk)) {
		good = create_volume(disk, path, error);
	} else if (g_str_equal(disk->format, "raw")) {
		good = create_raw(path, disk->create_size, error);
	} else {
		good = RUN(error, "qemu-img", "create", "-q", "-f", "qcow2", path, size) &&
		       file_sync(path, error);
	}
	if (!good || (!is_block(disk) && !file_sync_folder(folder, error))) {
		return false;
	}
	vm_text_set(&disk->source, path);
	disk->owned = true;
	disk->create_size = 0;
	return true;
}

typedef struct {
	Job *job;
	double from, to;
} Share;

static void share_progress(double fraction, gpointer data)
{
	const Share *share = data;

	job_progress(share->job, share->from + fraction * (share->to - share->from));
}

/* On file systems that can share blocks a copy is a matter of a moment. */
static bool copy_by_reference(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = out >= 0 && ioctl(out, FICLONE, in) == 0;

	if (in >= 0) {
		close(in);
	}
	if (out >= 0) {
		close(out);
		if (!good) {
			unlink(to);
		}
	}
	return good;
}

bool disk_copy(VmDisk *disk, const char *folder, Job *job, double from, double to, GError **error)
{
	const char *source_format = is_block(disk) ? "raw" : disk->format;
	const char *format = g_str_equal(disk->format, "raw") ? "raw" : "qcow2";
	g_autofree char *path = g_strdup_printf("%s/%s.%s", folder, disk->target, format);
	Share share = {job, from, to};
	ChildOptions options = {
	    .cancellable = job_cancellable(job), .progress = share_progress, .data = &share};
	const char *argv[] = {"qemu-img", "convert", "-p",	   "-f", source_format,
			      "-O",	  format,    disk->source, path, NULL};

	/* A qcow2 with a base of its own must not be shared block by block: convert makes it whole.
	 */
	if (!(g_str_equal(source_format, "raw") && g_str_equal(format, "raw") &&
	      copy_by_reference(disk->source, path)) &&
	    !child_run(argv, &options, error)) {
		return false;
	}
	if (!file_sync(path, error) || !file_sync_folder(folder, error)) {
		return false;
	}
	vm_text_set(&disk->source, path);
	vm_text_set(&disk->format, format);
	disk->owned = true;
	return true;
}

bool disk_overlay(VmDisk *disk, const char *folder, GError **error)
{
	g_autofree char *path = g_strdup_printf("%s/%s.qcow2", folder, disk->target);
	guint64 size = 0;

	if (!qcow2_size_of(disk->source, disk->format, &size, error) ||
	    !qcow2_create_overlay(path, disk->source, is_block(disk) ? "raw" : disk->format, size,
				  error) ||
	    !file_sync(path, error) || !file_sync_folder(folder, error)) {
		return false;
	}
	vm_text_set(&disk->source, path);
	vm_text_set(&disk->format, "qcow2");
	disk->owned = true;
	return true;
}

bool disk_remove(const char *path, GError **error)
{
	if (!g_str_has_prefix(path, "/dev/")) {
		return file_remove(path, error);
	}
	return !g_file_test(path, G_FILE_TEST_EXISTS) || RUN(error, "lvremove", "--yes", path);
}

bool disk_resize(const VmDisk *disk, guint64 size, GError **error)
{
	g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, size);
	g_autofree char *volume_size = g_strdup_printf("%sb", text);
	guint64 now = 0;

	if (!qcow2_size_of(disk->source, disk->format, &now, error)) {
		return false;
	}
	if (size <= now) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
			    "size: the disk %s has %" G_GUINT64_FORMAT
			    " bytes already; it can only grow",
			    disk->target, now);
		return false;
	}
	if (is_block(disk)) {
		return RUN(error, "lvextend", "--size", volume_size, disk->source);
	}
	return RUN(error, "qemu-img", "resize", "-q", "-f", disk->format, disk->source, text) &&
	       file_sync(disk->source, error);
}

bool disk_sizes(const VmDisk *disk, guint64 *ret_size, guint64 *ret_used)
{
	struct stat about;
	guint64 size = 0;

	if (!*disk->source || disk->create_size || stat(disk->source, &about) < 0 ||
	    !qcow2_size_of(disk->source, disk->format, &size, NULL)) {
		return false;
	}
	*ret_size = size;
	*ret_used = S_ISBLK(about.st_mode) ? size : (guint64)about.st_blocks * 512;
	return true;
}

bool disk_snapshot(const char *path, const char *name, GError **error)
{
	return RUN(error, "qemu-img", "snapshot", "-c", name, path) && file_sync(path, error);
}

bool disk_snapshot_revert(const char *path, const char *name, GError **error)
{
	return RUN(error, "qemu-img", "snapshot", "-a", name, path) && file_sync(path, error);
}

bool disk_snapshot_delete(const char *path, const char *name, GError **error)
{
	g_autofree char *output = NULL;
	ChildOptions options = {.ret_output = &output};
	const char *argv[] = {"qemu-img", "snapshot", "-l", path, NULL};
	g_autofree char *escaped = g_regex_escape_string(name, -1);
	g_autofree char *pattern = g_strdup_printf("^\\d+\\s+%s\\s", escaped);

	if (!child_run(argv, &options, error)) {
		return false;
	}
	if (!g_regex_match_simple(pattern, output, G_REGEX_MULTILINE, 0)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_NOT_FOUND, "%s has no snapshot %s",
			    path, name);
		return false;
	}
	return RUN(error, "qemu-img", "snapshot", "-d", name, path) && file_sync(path, error);
}

bool disk_check_free(const VmDisk *disk, GError **error)
{
	int fd;

	if (!is_block(disk) || disk->readonly) {
		return true;
	}
	fd = open(disk->source, O_RDWR | O_EXCL | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == EBUSY) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_IN_USE,
			    "disks/%s: %s is in use by the service VM itself (mounted, swap, or "
			    "part of a volume group)",
			    disk->target, disk->source);
		return false;
	}
	if (fd < 0) {
		error_set_errno(error, errno, "disks/%s: cannot open %s", disk->target,
				disk->source);
		return false;
	}
	close(fd);
	return true;
}

bool disk_is_same(const char *path, const char *other)
{
	struct stat one, two;

	if (stat(path, &one) < 0 || stat(other, &two) < 0) {
		return g_str_equal(path, other);
	}
	if (S_ISBLK(one.st_mode) && S_ISBLK(two.st_mode)) {
		return one.st_rdev == two.st_rdev;
	}
	return one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}
