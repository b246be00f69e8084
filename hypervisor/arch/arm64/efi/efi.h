/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The image as an EFI application. This code runs in the firmware's address space, wherever that loaded it: nothing in
 * it may hold an address as a constant (a table of strings, of functions; tools/no-addresses.py looks), and nothing may be
 * written to .data, for the image is copied afterwards.
 */
#include <asm/efi_memory.h>
#include <hv/fdt.h>
#include <hv/lib.h>
#include <hv/types.h>

/* The firmware's interface (UEFI Specification 2.10), as far as it is used -------------------------- */

typedef uint64_t efi_status;
#define EFI_SUCCESS		0UL
#define EFI_ERROR(n)		(BIT(63) | (n))
#define EFI_LOAD_ERROR		EFI_ERROR(1)
#define EFI_INVALID_PARAMETER	EFI_ERROR(2)
#define EFI_UNSUPPORTED		EFI_ERROR(3)
#define EFI_BUFFER_TOO_SMALL	EFI_ERROR(5)
#define EFI_OUT_OF_RESOURCES	EFI_ERROR(9)
#define EFI_NOT_FOUND		EFI_ERROR(14)

struct efi_guid {
	uint32_t a;
	uint16_t b, c;
	uint8_t d[8];
};

struct efi_header {
	uint64_t signature;
	uint32_t revision, size, crc, reserved;
};

struct efi_output {			/* 12.4 */
	void *reset;
	efi_status (*output_string)(struct efi_output *self, const uint16_t *text);
};

struct efi_boot_services {		/* 4.4 */
	struct efi_header header;
	void *raise_tpl, *restore_tpl;
	efi_status (*allocate_pages)(uint32_t how, uint32_t type, uint64_t pages, uint64_t *at);
	efi_status (*free_pages)(uint64_t at, uint64_t pages);
	efi_status (*get_memory_map)(uint64_t *size, void *map, uint64_t *key, uint64_t *each, uint32_t *version);
	void *pool[2], *event[6], *protocol[3];
	efi_status (*handle_protocol)(void *handle, const struct efi_guid *which, void **out);
	void *reserved, *lookup[4], *image[4];
	efi_status (*exit_boot_services)(void *image, uint64_t key);
};
static_assert(offsetof(struct efi_boot_services, get_memory_map) == 56, "UEFI 2.10, 4.4");
static_assert(offsetof(struct efi_boot_services, handle_protocol) == 152, "UEFI 2.10, 4.4");
static_assert(offsetof(struct efi_boot_services, exit_boot_services) == 232, "UEFI 2.10, 4.4");

struct efi_table {
	struct efi_guid which;
	void *at;
};

struct efi_system {			/* 4.3 */
	struct efi_header header;
	const uint16_t *vendor;
	uint32_t revision;
	void *in_handle, *in, *out_handle;
	struct efi_output *out;
	void *error_handle, *error, *runtime;
	struct efi_boot_services *boot;
	uint64_t table_count;
	struct efi_table *tables;
};
static_assert(offsetof(struct efi_system, boot) == 96, "UEFI 2.10, 4.3");

struct efi_device_path {		/* 10.2 */
	uint8_t type, subtype;
	uint8_t length[2];
};

struct efi_loaded_image {		/* 9.1 */
	uint32_t revision;
	void *parent;
	struct efi_system *system;
	void *device;
	const struct efi_device_path *path;
	void *reserved;
	uint32_t options_size;
	const uint8_t *options;		/* UTF-16, by convention only */
	void *base;
};

struct efi_file {			/* 13.5 */
	uint64_t revision;
	efi_status (*open)(struct efi_file *self, struct efi_file **out, const uint16_t *name, uint64_t mode,
			   uint64_t attributes);
	efi_status (*close)(struct efi_file *self);
	void *delete;
	efi_status (*read)(struct efi_file *self, uint64_t *size, void *to);
	void *write;
	efi_status (*get_position)(struct efi_file *self, uint64_t *at);
	efi_status (*set_position)(struct efi_file *self, uint64_t at);
};

struct efi_volume {			/* 13.4 */
	uint64_t revision;
	efi_status (*open)(struct efi_volume *self, struct efi_file **root);
};

/* efi_main.c -------------------------------------------------------------------------------------- */

extern struct efi_system *efi_system;
/* A line on the firmware's console. */
void efi_say(const char *fmt, ...) __printf(1, 2);
/*
 * Whole pages that are ours until the hypervisor runs, or until efi_main returns, at a multiple of align (0: of a page).
 * 0: there are none.
 */
uint64_t efi_pages(uint64_t size, uint64_t align);
/* What the PE header names as entry. Returns to the firmware only when the machine cannot be used or a file is missing. */
efi_status efi_main(void *image, struct efi_system *system);
/*
 * efi_leave.S. Turns MMU and caches off and starts the image at the entry as its boot protocol has it. What is
 * needed afterwards has been cleaned to the point of coherency, this code too.
 */
void efi_leave(uint64_t tree, uint64_t entry) __noreturn;

/* A part of the configuration file, or of a command line: not terminated */
struct efi_text {
	const char *at;
	size_t len;
};
bool efi_text_is(struct efi_text t, const char *s);
/* The only way to make one of a string: a constant structure would hold the string's address. */
static inline struct efi_text efi_text_of(const char *s)
{
	return (struct efi_text){s, strlen(s)};
}

/* efi_exit.c: the end of boot services ------------------------------------------------------------- */

/* The firmware's memory map, and the place for it. */
struct efi_map {
	uint64_t at, capacity;
	uint32_t size, each, version;
};

/* Memory for the map, with some to spare for what changes meanwhile. False: there is none, or it would be too large. */
bool efi_map_room(struct efi_map *m);
/*
 * Gets the map and leaves boot services. After the first attempt nothing of the firmware's but these two calls may be
 * used (7.4.6), so on failure it can be returned to, with luck.
 */
efi_status efi_exit(void *image, struct efi_map *m);

/* efi_file.c: files are beside the image, on the volume that it was loaded from --------------------- */

#define EFI_NAME_MAX	256
#define EFI_OPTIONS_MAX	1024

struct efi_place {
	struct efi_file *root;
	char folder[EFI_NAME_MAX];	/* ends with a backslash */
	char name[EFI_NAME_MAX];	/* of the image */
};

/* A path of the firmware's as text: file path nodes (10.3.5.4), joined. False: none, too long, or not ASCII. */
bool efi_path_text(const struct efi_device_path *path, char *to, size_t size);
/* UTF-16 that a boot manager or a shell gave. What is no ASCII becomes '?'; it is cut at size and at a zero. */
void efi_options_text(const uint8_t *options, uint32_t bytes, char *to, size_t size);
/* An error is said. */
efi_status efi_place_find(const struct efi_loaded_image *image, struct efi_place *out);
/* Makes the path of name in the volume: below the image's folder, unless it begins at the root. False: too long. */
bool efi_place_path(const struct efi_place *p, struct efi_text name, char *to, size_t size);
/*
 * Reads a whole file of at most limit bytes into pages of its own. quiet: a missing file is not said, all else is.
 * An empty one is an error.
 */
efi_status efi_file_read(const struct efi_place *p, struct efi_text name, uint64_t limit, bool quiet, uint64_t *at,
			 uint64_t *size);

/* efi_config.c: the configuration file, Xen's format ------------------------------------------------ */

#define EFI_CONFIG_MAX	65536U

struct efi_config {
	const char *text;
	size_t size;
};

struct efi_config_line {
	unsigned int number;		/* 0: before the first */
	size_t next;
	struct efi_text section;	/* empty: above the first one */
	struct efi_text key, value;	/* key empty: a section's head */
};

/* NULL: all lines are sound. Else what is wrong with line *number. */
const char *efi_config_check(const char *text, size_t size, struct efi_config *out, unsigned int *number);
/* Of a sound file: the next section's head or value. line = {0} at first. */
bool efi_config_next(const struct efi_config *c, struct efi_config_line *line);
bool efi_config_has_section(const struct efi_config *c, struct efi_text section);
/* In the section, else in [global]; section empty: the first one in the file, wherever. */
bool efi_config_get(const struct efi_config *c, struct efi_text section, const char *key, struct efi_text *out);
/* Takes the first word off: up to a blank, without the blanks that follow. */
struct efi_text efi_word(struct efi_text *t);

/* efi_tree.c: the device tree that the hypervisor gets ---------------------------------------------- */

struct efi_module {
	bool kernel;
	uint64_t at, size;
	struct efi_text line;
};

struct efi_tree {
	const struct fdt *base;
	bool own;			/* modules and options are those below; else base has them */
	struct efi_text options;
	struct efi_module modules[2];
	unsigned int module_count;
	uint64_t system;
	struct efi_map map;
};

/* Does a boot loader's tree name boot modules already? */
bool efi_tree_has_modules(const struct fdt *t);
/* Does it describe a machine? Where firmware has no tree, GRUB makes one with nothing but its modules. */
bool efi_tree_has_machine(const struct fdt *t);
/* Place of module i of such a tree, 0 on; false: there are no more. size 0: it has no place that makes sense. */
bool efi_tree_module(const struct fdt *t, unsigned int i, uint64_t *at, uint64_t *size);
/* Size of the tree written to `to`; 0: it does not fit. The same for any number in system and map. */
uint32_t efi_tree_write(const struct efi_tree *e, void *to, uint32_t capacity);
