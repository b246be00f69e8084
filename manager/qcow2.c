/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Format: docs/interop/qcow2.txt of QEMU. All numbers are big-endian. */
#define _GNU_SOURCE
#include "qcow2.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC		      0x514649fbu
#define CLUSTER_BITS	      16
#define CLUSTER		      (1ull << CLUSTER_BITS)
#define REFCOUNT_ORDER	      4 /* of 16 bits */
#define HEADER_LENGTH	      104
#define EXTENSION_BASE_FORMAT 0xe2792acau
#define BASE_NAME_MAX	      1023
#define SECTOR		      512
/* An L2 table is a cluster of 8-byte entries, and an L1 entry stands for one. */
#define L1_ENTRY_COVERS (CLUSTER * (CLUSTER / 8))
#define SIZE_MAX_BYTES	(1ull << 50)

/* Clusters of an empty image; the L1 table comes last. */
enum { AT_HEADER, AT_REFCOUNT_TABLE, AT_REFCOUNTS, AT_L1 };

typedef struct __attribute__((packed)) {
	guint32 magic;
	guint32 version;
	guint64 backing_file_offset;
	guint32 backing_file_size;
	guint32 cluster_bits;
	guint64 size;
	guint32 crypt_method;
	guint32 l1_size;
	guint64 l1_table_offset;
	guint64 refcount_table_offset;
	guint32 refcount_table_clusters;
	guint32 nb_snapshots;
	guint64 snapshots_offset;
	guint64 incompatible_features;
	guint64 compatible_features;
	guint64 autoclear_features;
	guint32 refcount_order;
	guint32 header_length;
} Header;

G_STATIC_ASSERT(sizeof(Header) == HEADER_LENGTH);

static bool read_size(int fd, const char *format, guint64 *ret_size)
{
	struct stat about;
	Header header;

	if (g_str_equal(format, "qcow2")) {
		if (pread(fd, &header, sizeof(header), 0) <
			(ssize_t)offsetof(Header, crypt_method) ||
		    GUINT32_FROM_BE(header.magic) != MAGIC) {
			errno = EINVAL;
			return false;
		}
		*ret_size = GUINT64_FROM_BE(header.size);
		return true;
	}
	if (fstat(fd, &about) < 0) {
		return false;
	}
	if (S_ISBLK(about.st_mode)) {
		return ioctl(fd, BLKGETSIZE64, ret_size) == 0;
	}
	*ret_size = (guint64)about.st_size;
	return true;
}

bool qcow2_size_of(const char *path, const char *format, guint64 *ret_size, GError **error)
{
	/* A definition may name a FIFO; nobody waits for who writes to it. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool good = fd >= 0 && read_size(fd, format, ret_size);

	if (!good) {
		error_set_errno(error, errno, "cannot tell the size of %s as %s", path, format);
	}
	if (fd >= 0) {
		close(fd);
	}
	return good;
}

static void put32(guint8 *at, guint32 value)
{
	value = GUINT32_TO_BE(value);
	memcpy(at, &value, sizeof(value));
}

/* The first cluster: header, the extension that says the base's format, the base's path. */
static void fill_header(guint8 *cluster, const char *base, const char *base_format, guint64 size,
			guint32 l1_size)
{
	gsize format_length = strlen(base_format);
	gsize format_space = (format_length + 7) & ~(gsize)7;
	gsize base_at = HEADER_LENGTH + 8 + format_space + 8;
	Header header = {
	    .magic = GUINT32_TO_BE(MAGIC),
	    .version = GUINT32_TO_BE(3),
	    .backing_file_offset = GUINT64_TO_BE(base_at),
	    .backing_file_size = GUINT32_TO_BE((guint32)strlen(base)),
	    .cluster_bits = GUINT32_TO_BE(CLUSTER_BITS),
	    .size = GUINT64_TO_BE(size),
	    .l1_size = GUINT32_TO_BE(l1_size),
	    .l1_table_offset = GUINT64_TO_BE(AT_L1 * CLUSTER),
	    .refcount_table_offset = GUINT64_TO_BE(AT_REFCOUNT_TABLE * CLUSTER),
	    .refcount_table_clusters = GUINT32_TO_BE(1),
	    .refcount_order = GUINT32_TO_BE(REFCOUNT_ORDER),
	    .header_length = GUINT32_TO_BE(HEADER_LENGTH),
	};

	memcpy(cluster, &header, sizeof(header));
	put32(cluster + HEADER_LENGTH, EXTENSION_BASE_FORMAT);
	put32(cluster + HEADER_LENGTH + 4, (guint32)format_length);
	memcpy(cluster + HEADER_LENGTH + 8, base_format, format_length);
	memcpy(cluster + base_at, base, strlen(base));
}

static bool write_at(int fd, const void *bytes, gsize length, guint64 cluster)
{
	ssize_t put = pwrite(fd, bytes, length, (off_t)(cluster * CLUSTER));

	if (put >= 0 && (gsize)put < length) {
		errno = ENOSPC;
	}
	return put == (ssize_t)length;
}

static bool write_image(int fd, const char *base, const char *base_format, guint64 size)
{
	guint64 l1_size = MAX(1, (size + L1_ENTRY_COVERS - 1) / L1_ENTRY_COVERS);
	guint64 clusters = AT_L1 + (l1_size * 8 + CLUSTER - 1) / CLUSTER;
	guint64 refcounts_at = GUINT64_TO_BE(AT_REFCOUNTS * CLUSTER);
	g_autofree guint8 *cluster = g_malloc0(CLUSTER);
	g_autofree guint16 *refcounts = g_new(guint16, clusters);

	for (guint64 i = 0; i < clusters; i++) {
		refcounts[i] = GUINT16_TO_BE(1);
	}
	fill_header(cluster, base, base_format, size, (guint32)l1_size);
	return ftruncate(fd, (off_t)(clusters * CLUSTER)) == 0 &&
	       write_at(fd, cluster, CLUSTER, AT_HEADER) &&
	       write_at(fd, &refcounts_at, sizeof(refcounts_at), AT_REFCOUNT_TABLE) &&
	       write_at(fd, refcounts, clusters * sizeof(*refcounts), AT_REFCOUNTS);
}

bool qcow2_create_overlay(const char *path, const char *base, const char *base_format, guint64 size,
			  GError **error)
{
	int fd, result;

	if (strlen(base) > BASE_NAME_MAX || size > SIZE_MAX_BYTES) {
		g_set_error(
		    error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
		    "%s cannot be a qcow2 file's base: its path is too long, or it is too big",
		    base);
		return false;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		error_set_errno(error, errno, "cannot create %s", path);
		return false;
	}
	result = write_image(fd, base, base_format, (size + SECTOR - 1) & ~(guint64)(SECTOR - 1))
		     ? 0
		     : errno;
	close(fd);
	if (result) {
		unlink(path);
		error_set_errno(error, result, "cannot write %s", path);
	}
	return result == 0;
}
