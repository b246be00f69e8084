/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The EFI application's readers: configuration file, names and paths that the firmware gives, and
 * the device tree that is made of them. Each text stands in memory of exactly its size, so that
 * what is read beyond it is found.
 */
#include "unit.h"
#include "efi.h"
#include <hv/lib.h>
#include <stdarg.h>
#include <stdlib.h>

#define CAPACITY 65536u

static char said[512];
static void *pages; /* the last that were asked for */
struct efi_system *efi_system;
static uint8_t tree_space[2][CAPACITY] __attribute__((aligned(8)));

void efi_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

uint64_t efi_pages(uint64_t size, uint64_t align)
{
	pages = calloc(1, size);
	return (uintptr_t)pages;
}

static char *exact(const void *from, size_t size)
{
	char *p = malloc(size ? size : 1);

	memcpy(p, from, size);
	return p;
}

static struct efi_text text(const char *s)
{
	return (struct efi_text){s, strlen(s)};
}

static void check_text(struct efi_text t, const char *want)
{
	char got[2048];

	snprintf(got, sizeof(got), "%.*s", (int)t.len, t.at);
	CHECK_STR(got, want);
}

/* Configuration -----------------------------------------------------------------------------------
 */

static const char sample[] = "# a comment\r\n"
			     "[global]\r\n"
			     "default = second\r\n"
			     "dtb=tree.dtb\n"
			     "\n"
			     "[first]\n"
			     "kernel=one\n"
			     "[second]\n"
			     "options=console=dtuart a=b \n"
			     "kernel=  Image   console=hvc0\troot=/dev/vda \n"
			     "ramdisk=initrd\n"
			     "kernel=twice";

TEST(efi_config_values)
{
	char *p = exact(sample, sizeof(sample) - 1);
	struct efi_config c;
	struct efi_text t, word;
	unsigned int line;

	CHECK_TRUE(!efi_config_check(p, sizeof(sample) - 1, &c, &line));
	CHECK_TRUE(efi_config_has_section(&c, text("second")));
	CHECK_TRUE(!efi_config_has_section(&c, text("secon")));
	CHECK_TRUE(!efi_config_has_section(&c, text("")));
	CHECK_TRUE(efi_config_get(&c, text("second"), "kernel", &t));
	word = efi_word(&t);
	check_text(word, "Image");
	check_text(t, "console=hvc0\troot=/dev/vda");
	CHECK_TRUE(efi_config_get(&c, text("second"), "options", &t));
	check_text(t, "console=dtuart a=b");
	/* What a section lacks is looked for in [global], and nowhere else. */
	CHECK_TRUE(efi_config_get(&c, text("second"), "dtb", &t));
	check_text(t, "tree.dtb");
	CHECK_TRUE(!efi_config_get(&c, text("first"), "ramdisk", &t));
	/* Without a section: the first of that name. */
	CHECK_TRUE(efi_config_get(&c, text(""), "kernel", &t));
	check_text(t, "one");
	CHECK_TRUE(efi_config_get(&c, text("global"), "default", &t));
	check_text(t, "second");
	free(p);
}

static const char *wrong(const char *s, size_t len, unsigned int *line)
{
	char *p = exact(s, len);
	struct efi_config c;
	const char *why = efi_config_check(p, len, &c, line);

	free(p);
	return why;
}

TEST(efi_config_refuses)
{
	static const char *const bad[] = {"a\n\nkernel",    "a=b\n[x]\n[", "a=b\n\n[]",
					  "a=b\n#\n[a]b",   "a=b\n \n= b", "a=b\nb=\n\x80=1",
					  "a=b\nb=\nk=\x01"};
	char *longer = malloc(4000);
	unsigned int line;

	CHECK_TRUE(wrong(bad[0], strlen(bad[0]), &line));
	CHECK_EQ(line, 1);
	for (unsigned int i = 1; i < ARRAY_SIZE(bad); i++) {
		CHECK_TRUE(wrong(bad[i], strlen(bad[i]), &line));
		CHECK_EQ(line, 3);
	}
	CHECK_TRUE(wrong("k=a\0b", 5, &line));
	CHECK_TRUE(!wrong("", 0, &line));
	CHECK_TRUE(!wrong("\n\n#", 3, &line));
	memset(longer, 'x', 4000);
	longer[1] = '=';
	CHECK_TRUE(wrong(longer, 4000, &line));
	CHECK_TRUE(!wrong(longer, 2000, &line));
	free(longer);
	longer = calloc(1, EFI_CONFIG_MAX + 1);
	memset(longer, '\n', EFI_CONFIG_MAX + 1);
	CHECK_TRUE(wrong(longer, EFI_CONFIG_MAX + 1, &line));
	CHECK_TRUE(!wrong(longer, EFI_CONFIG_MAX, &line));
	free(longer);
}

/* All that is asked of a file; what it gives lies within it. */
static void ask_config(const struct efi_config *c)
{
	static const char *const keys[] = {"kernel", "ramdisk", "options", "dtb", "default", ""};
	struct efi_config_line line = {0};
	struct efi_text t;

	while (efi_config_next(c, &line)) {
		CHECK_TRUE(line.next <= c->size);
		CHECK_TRUE(!line.value.len ||
			   (line.value.at >= c->text &&
			    line.value.at + line.value.len <= c->text + c->size));
		(void)efi_config_has_section(c, line.section);
		for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++) {
			if (efi_config_get(c, line.section, keys[i], &t)) {
				while (efi_word(&t).len) {
				}
			}
		}
	}
}

TEST(efi_config_damaged)
{
	static const char set[] = "\n\n[]==# \tak\r\0\xff";
	struct unit_random r = {.state = 0xef1};
	unsigned int accepted = 0, line;
	struct efi_config c;

	for (unsigned int i = 0; i < 50000; i++) {
		size_t len = unit_random(&r) % sizeof(sample);
		char *p = exact(sample, len);

		for (unsigned int k = (unsigned int)(unit_random(&r) % 6); len && k; k--) {
			p[unit_random(&r) % len] = set[unit_random(&r) % (sizeof(set) - 1)];
		}
		if (!efi_config_check(p, len, &c, &line)) {
			accepted++;
			ask_config(&c);
		}
		free(p);
	}
	CHECK_TRUE(accepted > 1000 && accepted < 49000);
}

/* Paths and options -------------------------------------------------------------------------------
 */

/* A device path: hardware, two names, the end. */
static size_t make_path(uint8_t *to, const char *a, const char *b)
{
	const char *const names[] = {a, b};
	size_t at = 0;

	memcpy(to, (const uint8_t[]){1, 1, 6, 0, 9, 9}, 6);
	at += 6;
	for (unsigned int i = 0; i < 2; i++) {
		size_t len = strlen(names[i]) + 1, bytes = 4 + 2 * len;

		memcpy(to + at, (const uint8_t[]){4, 4, (uint8_t)bytes, (uint8_t)(bytes >> 8)}, 4);
		for (size_t k = 0; k < len; k++) {
			to[at + 4 + 2 * k] = (uint8_t)names[i][k];
			to[at + 5 + 2 * k] = 0;
		}
		at += bytes;
	}
	memcpy(to + at, (const uint8_t[]){0x7f, 0xff, 4, 0}, 4);
	return at + 4;
}

TEST(efi_paths)
{
	uint8_t raw[600];
	char name[64];
	size_t len = make_path(raw, "\\EFI\\BOOT", "hv.efi");
	char *p = exact(raw, len);

	CHECK_TRUE(efi_path_text((void *)p, name, sizeof(name)));
	CHECK_STR(name, "\\EFI\\BOOT\\hv.efi");
	CHECK_TRUE(!efi_path_text((void *)p, name, 16));
	CHECK_TRUE(efi_path_text((void *)p, name, 17));
	p[2] = 3; /* shorter than its own head */
	CHECK_TRUE(!efi_path_text((void *)p, name, sizeof(name)));
	free(p);
	CHECK_TRUE(!efi_path_text(NULL, name, sizeof(name)));
	(void)make_path(raw, "\\\xe9", "x");
	CHECK_TRUE(!efi_path_text((void *)raw, name, sizeof(name)));
	(void)make_path(raw, "\\a\\", "\\b");
	CHECK_TRUE(efi_path_text((void *)raw, name, sizeof(name)));
}

TEST(efi_places)
{
	struct efi_place place = {.folder = "\\EFI\\BOOT\\"};
	char path[24];

	CHECK_TRUE(efi_place_path(&place, text("sub/Image"), path, sizeof(path)));
	CHECK_STR(path, "\\EFI\\BOOT\\sub\\Image");
	CHECK_TRUE(efi_place_path(&place, text("/Image"), path, sizeof(path)));
	CHECK_STR(path, "\\Image");
	CHECK_TRUE(!efi_place_path(&place, text(""), path, sizeof(path)));
	CHECK_TRUE(!efi_place_path(&place, text("a-long-name-of-a-file"), path, sizeof(path)));
}

TEST(efi_options)
{
	static const uint8_t raw[] = {'a', 0, 0xe9, 0, ' ', 0, 'b', 1, 'c', 0, 'd'};
	char to[16];

	efi_options_text(raw, sizeof(raw), to, sizeof(to));
	CHECK_STR(to, "a? ?c");
	efi_options_text(raw, sizeof(raw), to, 3);
	CHECK_STR(to, "a?");
	efi_options_text(NULL, 20, to, sizeof(to));
	CHECK_STR(to, "");
}

/* A file that the firmware tells lies of ----------------------------------------------------------
 */

static uint64_t file_size, read_limit;
static efi_status read_status;

static efi_status fake_close(struct efi_file *f)
{
	return EFI_SUCCESS;
}

static efi_status fake_read(struct efi_file *f, uint64_t *size, void *to)
{
	*size = MIN(*size, read_limit);
	return read_status;
}

static efi_status fake_get(struct efi_file *f, uint64_t *at)
{
	*at = file_size;
	return EFI_SUCCESS;
}

static efi_status fake_set(struct efi_file *f, uint64_t at)
{
	return file_size == 1 ? EFI_UNSUPPORTED : EFI_SUCCESS;
}

static struct efi_file fake_file = {
    .close = fake_close, .read = fake_read, .get_position = fake_get, .set_position = fake_set};
static bool is_missing;

static efi_status fake_open(struct efi_file *self, struct efi_file **out, const uint16_t *name,
			    uint64_t mode, uint64_t attributes)
{
	*out = &fake_file;
	return is_missing ? EFI_NOT_FOUND : EFI_SUCCESS;
}

static efi_status read_it(bool quiet)
{
	struct efi_file root = {.open = fake_open};
	struct efi_place place = {.root = &root, .folder = "\\"};
	uint64_t at = 0, size;
	efi_status status;

	said[0] = 0;
	pages = NULL;
	status = efi_file_read(&place, text("Image"), 1000, quiet, &at, &size);
	if (!status) {
		CHECK_EQ(size, file_size);
		CHECK_EQ(at, (uintptr_t)pages);
	}
	free(pages);
	return status;
}

TEST(efi_files)
{
	file_size = 100;
	read_limit = 7;
	CHECK_EQ(read_it(false), EFI_SUCCESS);
	read_limit = 0; /* shorter than it says */
	CHECK_EQ(read_it(false), EFI_LOAD_ERROR);
	CHECK_TRUE(said[0]);
	read_limit = 7;
	read_status = EFI_ERROR(7);
	CHECK_EQ(read_it(false), EFI_ERROR(7));
	read_status = 0;
	file_size = 0;
	CHECK_EQ(read_it(false), EFI_LOAD_ERROR);
	CHECK_STR(said, "\\Image is empty");
	file_size = 1001;
	CHECK_EQ(read_it(false), EFI_LOAD_ERROR);
	CHECK_STR(said, "\\Image is too large");
	file_size = 1; /* a folder */
	CHECK_EQ(read_it(false), EFI_UNSUPPORTED);
	is_missing = true;
	CHECK_EQ(read_it(true), EFI_NOT_FOUND);
	CHECK_STR(said, "");
	CHECK_EQ(read_it(false), EFI_NOT_FOUND);
	CHECK_TRUE(said[0]);
}

/* The end of boot services ------------------------------------------------------------------------
 */

/* Firmware whose map has grown, or whose key is stale for a while. */
static struct {
	uint64_t size, each, key;
	unsigned int stale;	  /* exits that fail */
	unsigned int maps, exits; /* calls */
	efi_status map_status, exit_status;
} firmware;

static efi_status fake_map(uint64_t *size, void *map, uint64_t *key, uint64_t *each,
			   uint32_t *version)
{
	uint64_t room = *size;

	firmware.maps++;
	*size = firmware.size;
	*each = firmware.each;
	*version = 1;
	if (room < firmware.size) {
		return EFI_BUFFER_TOO_SMALL;
	}
	memset(map, 0xab, firmware.size);
	*key = ++firmware.key;
	return firmware.map_status;
}

static efi_status fake_exit(void *image, uint64_t key)
{
	firmware.exits++;
	/* The key is the last map's. */
	CHECK_EQ(key, firmware.key);
	if (firmware.stale) {
		firmware.stale--;
		return EFI_INVALID_PARAMETER;
	}
	return firmware.exit_status;
}

/* Nothing else of the firmware may be called: it would be a call of NULL. */
static efi_status leave(uint64_t size, uint64_t each, uint64_t grown, unsigned int stale)
{
	static struct efi_boot_services boot = {.get_memory_map = fake_map,
						.exit_boot_services = fake_exit};
	static struct efi_system system = {.boot = &boot};
	struct efi_map m = {0};
	efi_status status = EFI_OUT_OF_RESOURCES;

	efi_system = &system;
	firmware.size = size;
	firmware.each = each;
	firmware.stale = stale;
	firmware.maps = firmware.exits = 0;
	if (efi_map_room(&m)) {
		firmware.size += grown;
		status = efi_exit(NULL, &m);
		if (!status) {
			CHECK_EQ(m.size, size + grown);
			CHECK_EQ(m.each, each);
		}
		free((void *)(uintptr_t)m.at);
	}
	return status;
}

TEST(efi_exit_boot_services)
{
	CHECK_EQ(leave(4800, 48, 96, 0), EFI_SUCCESS);
	CHECK_EQ(firmware.exits, 1);
	CHECK_EQ(leave(4800, 48, 0, 3), EFI_SUCCESS);
	CHECK_EQ(firmware.exits, 4);
	CHECK_EQ(firmware.maps, 5);
	/* Not for ever. */
	CHECK_EQ(leave(4800, 48, 0, 1000), EFI_INVALID_PARAMETER);
	CHECK_TRUE(firmware.exits < 20);
	CHECK_EQ(leave(4800, 48, 48 * 64, 0), EFI_BUFFER_TOO_SMALL);
	CHECK_EQ(firmware.exits, 0);
	CHECK_EQ(leave(4800, 32, 0, 0), EFI_UNSUPPORTED);
	CHECK_EQ(leave(4800, EFI_DESCRIPTOR_MAX + 8, 0, 0), EFI_UNSUPPORTED);
	CHECK_EQ(leave(EFI_MAP_SIZE_MAX, 48, 0, 0), EFI_OUT_OF_RESOURCES);
	CHECK_EQ(leave(~0ULL, 48, 0, 0), EFI_OUT_OF_RESOURCES);
	firmware.exit_status = EFI_UNSUPPORTED;
	CHECK_EQ(leave(4800, 48, 0, 0), EFI_UNSUPPORTED);
	CHECK_EQ(firmware.exits, 1);
	firmware.exit_status = 0;
	firmware.map_status = EFI_LOAD_ERROR;
	CHECK_EQ(leave(4800, 48, 0, 0), EFI_LOAD_ERROR);
	CHECK_EQ(firmware.exits, 0);
	firmware.map_status = 0;
}

/* The tree ----------------------------------------------------------------------------------------
 */

static struct fdt_writer w;

static void put_module(const char *name, const char *kind, uint32_t len)
{
	static const uint32_t reg[] = {0, 0x50000000, 0, 0x1000};

	fdt_node(&w, name);
	fdt_put(&w, "compatible", kind, (uint32_t)strlen(kind) + 1);
	fdt_put_cells(&w, "reg", reg, len);
	/* as GRUB leaves it */
	fdt_put(&w, "bootargs", "console=hvc0\0\0\0", 16);
	fdt_end_node(&w);
}

static struct fdt base_tree(bool chosen, bool modules)
{
	struct fdt t;
	uint32_t size;

	fdt_begin(&w, tree_space[0], CAPACITY);
	fdt_reserve(&w, 0x1000, 0x2000);
	fdt_reserve(&w, 0, 0x1000);
	fdt_node(&w, "");
	fdt_put_string(&w, "model", "m");
	if (chosen) {
		fdt_node(&w, "chosen");
		fdt_put_string(&w, "bootargs", "old");
		fdt_put_string(&w, "stdout-path", "/uart");
		fdt_put_u32(&w, "#address-cells", 1);
		fdt_put_u32(&w, "linux,uefi-mmap-size", 99);
		fdt_node(&w, "other");
		fdt_end_node(&w);
		if (modules) {
			put_module("module@50000000", "multiboot,module", 4);
			put_module("module@1", "multiboot,ramdisk", 3);
		}
		fdt_end_node(&w);
	}
	fdt_node(&w, "memory@0");
	fdt_put_u32(&w, "kept", 3);
	fdt_end_node(&w);
	fdt_end_node(&w);
	size = fdt_finish(&w, 1);
	CHECK_TRUE(size);
	CHECK_TRUE(!fdt_check(tree_space[0], size, &t));
	return t;
}

static struct efi_tree plan_of(const struct fdt *t, bool own)
{
	return (struct efi_tree){
	    .base = t,
	    .own = own,
	    .options = {"console=dtuart x", 14},
	    .modules = {{true, 0x140000000, 0x2000, {"root=/dev/vda", 13}},
			{false, 0x60000000, 0x1000, {"", 0}}},
	    .module_count = 2,
	    .system = 0x1122334455667788,
	    .map = {.at = 0x99aabbccdd, .size = 4800, .each = 48, .version = 1},
	};
}

static struct fdt written(const struct efi_tree *e)
{
	uint32_t size = efi_tree_write(e, tree_space[1], CAPACITY);
	struct fdt t;
	uint64_t at, bytes;

	CHECK_TRUE(size);
	CHECK_TRUE(!fdt_check(tree_space[1], size, &t));
	CHECK_TRUE(fdt_reserved(&t, 0, &at, &bytes) && at == 0x1000 && bytes == 0x2000);
	CHECK_TRUE(fdt_reserved(&t, 1, &at, &bytes) && at == 0 && bytes == 0x1000);
	CHECK_TRUE(!fdt_reserved(&t, 2, &at, &bytes));
	CHECK_EQ(fdt_get_u32(&t, fdt_find(&t, "/memory"), "kept", 0), 3);
	CHECK_STR(fdt_get_string(&t, fdt_root(&t), "model"), "m");
	CHECK_EQ(fdt_get_u32(&t, fdt_find(&t, "/chosen"), "linux,uefi-mmap-size", 0), 4800);
	return t;
}

TEST(efi_tree_with_own_modules)
{
	struct fdt base = base_tree(true, true), t;
	struct efi_tree e = plan_of(&base, true);
	uint64_t at, size;
	int chosen;

	t = written(&e);
	chosen = fdt_find(&t, "/chosen");
	CHECK_STR(fdt_get_string(&t, chosen, "xen,xen-bootargs"), "console=dtuart");
	CHECK_TRUE(!fdt_has(&t, chosen, "bootargs"));
	CHECK_EQ(fdt_get_u32(&t, chosen, "#address-cells", 0), 2);
	CHECK_STR(fdt_get_string(&t, chosen, "stdout-path"), "/uart");
	CHECK_TRUE(fdt_find(&t, "/chosen/other") >= 0);
	CHECK_TRUE(efi_tree_module(&t, 0, &at, &size) && at == 0x140000000 && size == 0x2000);
	CHECK_TRUE(efi_tree_module(&t, 1, &at, &size) && at == 0x60000000);
	CHECK_TRUE(!efi_tree_module(&t, 2, &at, &size));
	CHECK_STR(fdt_get_string(&t, fdt_find(&t, "/chosen/module@140000000"), "bootargs"),
		  "root=/dev/vda");
	base = base_tree(false, false);
	t = written(&e);
	CHECK_TRUE(efi_tree_has_modules(&t));
}

TEST(efi_tree_of_a_boot_loader)
{
	struct fdt base = base_tree(true, true), t;
	struct efi_tree e = plan_of(&base, false);
	uint64_t at, size;
	int chosen;

	CHECK_TRUE(efi_tree_has_modules(&base));
	t = written(&e);
	chosen = fdt_find(&t, "/chosen");
	CHECK_STR(fdt_get_string(&t, chosen, "bootargs"), "old");
	CHECK_EQ(fdt_get_u32(&t, chosen, "#address-cells", 0), 1);
	CHECK_STR(fdt_get_string(&t, fdt_find(&t, "/chosen/module@50000000"), "bootargs"),
		  "console=hvc0");
	CHECK_TRUE(efi_tree_module(&t, 0, &at, &size) && at == 0x50000000 && size == 0x1000);
	CHECK_TRUE(efi_tree_module(&t, 1, &at, &size) && size == 0);
	base = base_tree(true, false);
	CHECK_TRUE(!efi_tree_has_modules(&base));
	CHECK_TRUE(!efi_tree_write(&e, tree_space[1], 300));
}

TEST(efi_tree_damaged)
{
	struct unit_random r = {.state = 0x7ee};
	struct fdt base = base_tree(true, true), t;
	struct efi_tree e = plan_of(&t, false);
	unsigned int written_count = 0;

	for (unsigned int i = 0; i < 20000; i++) {
		uint8_t *bad = (uint8_t *)exact(base.base, base.size);

		for (unsigned int k = (unsigned int)(unit_random(&r) % 4); k; k--) {
			bad[40 + unit_random(&r) % (base.size - 40)] = (uint8_t)unit_random(&r);
		}
		if (!fdt_check(bad, base.size, &t)) {
			uint64_t at, size;
			uint32_t len;

			e.own = i & 1;
			len = efi_tree_write(&e, tree_space[1], CAPACITY);
			for (unsigned int k = 0; efi_tree_module(&t, k, &at, &size); k++) {
			}
			if (len) {
				struct fdt out;

				written_count++;
				CHECK_TRUE(!fdt_check(tree_space[1], len, &out));
			}
		}
		free(bad);
	}
	CHECK_TRUE(written_count > 1000);
}
