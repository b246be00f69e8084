/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files on the volume that the image was loaded from. Paths, options and files are what somebody
 * wrote there: lengths are checked, and errors name the file.
 */
#include "efi.h"

#define PATH_MEDIA	4u
#define PATH_FILE	4u /* of media */
#define PATH_END	0x7fu
#define PATH_NODE_COUNT 64u /* an end of the path that is never reached is no path */
#define MODE_READ	1u
#define CHUNK		MIB(16) /* some firmware reads no more than that well */

static char narrow(const uint8_t *p)
{
	return p[1] || p[0] < ' ' || p[0] > '~' ? '?' : (char)p[0];
}

static unsigned int path_length(const struct efi_device_path *p)
{
	return p->length[0] | p->length[1] << 8;
}

/* Appends one node's name. False: no room, or not ASCII. */
static bool add_name(const uint8_t *name, unsigned int bytes, char *to, size_t size, size_t *at)
{
	if (*at && to[*at - 1] != '\\') {
		if (*at + 1 >= size) {
			return false;
		}
		to[(*at)++] = '\\';
	}
	for (; bytes >= 2 && (name[0] || name[1]); name += 2, bytes -= 2) {
		char c = narrow(name);

		if (c == '?' || *at + 1 >= size) {
			return false;
		}
		to[(*at)++] = c;
	}
	return true;
}

bool efi_path_text(const struct efi_device_path *path, char *to, size_t size)
{
	size_t at = 0;

	for (unsigned int i = 0; path && i < PATH_NODE_COUNT && path->type != PATH_END; i++) {
		unsigned int length = path_length(path);

		if (length < sizeof(*path)) {
			return false;
		}
		if (path->type == PATH_MEDIA && path->subtype == PATH_FILE &&
		    !add_name((const uint8_t *)(path + 1), length - sizeof(*path), to, size, &at)) {
			return false;
		}
		path = (const void *)((const uint8_t *)path + length);
	}
	to[at] = 0;
	return at > 0;
}

void efi_options_text(const uint8_t *options, uint32_t bytes, char *to, size_t size)
{
	size_t at = 0;

	for (; options && bytes >= 2 && (options[0] || options[1]) && at + 1 < size; bytes -= 2) {
		to[at++] = narrow(options);
		options += 2;
	}
	to[at] = 0;
}

static void *protocol(void *handle, const struct efi_guid *which)
{
	void *p = NULL;

	return handle && !efi_system->boot->handle_protocol(handle, which, &p) ? p : NULL;
}

efi_status efi_place_find(const struct efi_loaded_image *image, struct efi_place *out)
{
	const struct efi_guid volume_guid = {
	    0x964e5b22, 0x6459, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
	struct efi_volume *volume = protocol(image->device, &volume_guid);
	char path[EFI_NAME_MAX - 1];
	size_t base = 0;

	if (!volume || !efi_path_text(image->path, path, sizeof(path))) {
		efi_say("there is no volume that the image was loaded from, and no boot loader "
			"named a kernel: start it from an EFI system partition, or by GRUB's "
			"xen_hypervisor and xen_module");
		return EFI_NOT_FOUND;
	}
	if (volume->open(volume, &out->root)) {
		efi_say("the volume that the image was loaded from cannot be opened");
		return EFI_LOAD_ERROR;
	}
	for (size_t i = 0; path[i]; i++) {
		base = path[i] == '\\' || path[i] == '/' ? i + 1 : base;
	}
	/* Both fit: one character more than the path has. */
	snprintf(out->folder, sizeof(out->folder), "%s%.*s", path[0] == '\\' ? "" : "\\", (int)base,
		 path);
	snprintf(out->name, sizeof(out->name), "%s", path + base);
	return EFI_SUCCESS;
}

bool efi_place_path(const struct efi_place *p, struct efi_text name, char *to, size_t size)
{
	bool root = name.len && (name.at[0] == '\\' || name.at[0] == '/');
	int len = snprintf(to, size, "%s%.*s", root ? "" : p->folder, (int)name.len, name.at);

	for (char *c = to; *c; c++) {
		*c = *c == '/' ? '\\' : *c;
	}
	return name.len && len >= 0 && (size_t)len < size;
}

static efi_status open_path(const struct efi_place *p, const char *path, struct efi_file **out)
{
	uint16_t wide[2 * EFI_NAME_MAX];
	size_t i = 0;

	for (; path[i]; i++) {
		wide[i] = (uint8_t)path[i];
	}
	wide[i] = 0;
	return p->root->open(p->root, out, wide, MODE_READ, 0);
}

/* Beyond the end means the end: 13.5. Folders refuse it. */
static efi_status length_of(struct efi_file *f, uint64_t *size)
{
	efi_status status = f->set_position(f, ~0ULL);

	status = status ? status : f->get_position(f, size);
	return status ? status : f->set_position(f, 0);
}

static efi_status read_all(struct efi_file *f, uint8_t *to, uint64_t size)
{
	while (size) {
		uint64_t part = MIN(size, CHUNK), want = part;
		efi_status status = f->read(f, &part, to);

		if (status || !part || part > want) {
			return status ? status : EFI_LOAD_ERROR;
		}
		to += part;
		size -= part;
	}
	return EFI_SUCCESS;
}

static efi_status read_open(struct efi_file *f, const char *path, uint64_t limit, uint64_t *at,
			    uint64_t *size)
{
	efi_status status = length_of(f, size);

	if (status) {
		efi_say("%s is no file that can be read (error %" PRIu64 ")", path,
			status & ~BIT(63));
		return status;
	}
	if (!*size || *size > limit) {
		efi_say("%s is %s", path, *size ? "too large" : "empty");
		return EFI_LOAD_ERROR;
	}
	*at = efi_pages(*size, 0);
	if (!*at) {
		efi_say("no memory for the %" PRIu64 " KiB of %s", (*size + 1023) >> 10, path);
		return EFI_OUT_OF_RESOURCES;
	}
	status = read_all(f, (uint8_t *)(uintptr_t)*at, *size);
	if (status) {
		efi_say("%s cannot be read to its end (error %" PRIu64 ")", path,
			status & ~BIT(63));
	}
	return status;
}

efi_status efi_file_read(const struct efi_place *p, struct efi_text name, uint64_t limit,
			 bool quiet, uint64_t *at, uint64_t *size)
{
	char path[2 * EFI_NAME_MAX];
	struct efi_file *f;
	efi_status status;

	if (!efi_place_path(p, name, path, sizeof(path))) {
		efi_say("the name of a file is too long or missing");
		return EFI_INVALID_PARAMETER;
	}
	status = open_path(p, path, &f);
	if (status) {
		if (!quiet || status != EFI_NOT_FOUND) {
			efi_say("%s cannot be opened (error %" PRIu64
				"): it has to be on the volume that the image is on",
				path, status & ~BIT(63));
		}
		return status;
	}
	status = read_open(f, path, limit, at, size);
	f->close(f);
	return status;
}
