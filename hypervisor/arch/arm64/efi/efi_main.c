/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image as an EFI application: from the firmware to the entry that boot loaders of the Image
 * protocol use. Either a boot loader has put kernel and initrd into the device tree (GRUB's
 * xen_hypervisor and xen_module), or a configuration file beside the image names them. What cannot
 * work is said in one line, and the firmware goes on.
 */
#include "efi.h"
#include <asm/boot.h>
#include <asm/processor.h>

#define EL2	      2u
#define PAGE	      4096u
#define IMAGE_ALIGN   MIB(2)
#define ANY_PAGES     0u
#define TREE_CAPACITY ((uint32_t)MIB(2)) /* of the boot protocol */
#define KERNEL_MAX    GIB(1)
#define RAMDISK_MAX   GIB(4)

extern char _load_end[];

struct efi_system *efi_system;

/* All that is found out before the firmware goes. */
struct plan {
	void *image;
	const struct efi_loaded_image *loaded;
	struct fdt base;
	struct efi_tree tree;
	uint64_t tree_at;  /* where it is written */
	uint64_t image_at; /* where the image is copied to */
	char options[EFI_OPTIONS_MAX];
};

static struct plan plan;
static struct {
	uint64_t at, pages;
} taken[8]; /* configuration, tree and two modules; map, tree and image */
static unsigned int taken_count;
static struct efi_place place;
static struct efi_config config;

void efi_say(const char *fmt, ...)
{
	const char head[] = "Mullion: ";
	char text[512];
	uint16_t wide[sizeof(head) + sizeof(text) + 2];
	size_t n = 0;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (const char *c = head; *c; c++) {
		wide[n++] = (uint8_t)*c;
	}
	for (const char *c = text; *c; c++) {
		wide[n++] = (uint8_t)*c;
	}
	wide[n++] = '\r';
	wide[n++] = '\n';
	wide[n] = 0;
	if (efi_system->out) {
		efi_system->out->output_string(efi_system->out, wide);
	}
}

uint64_t efi_pages(uint64_t size, uint64_t align)
{
	uint64_t at = 0, pages = (size + align + PAGE - 1) / PAGE;

	if (taken_count == ARRAY_SIZE(taken) ||
	    efi_system->boot->allocate_pages(ANY_PAGES, EFI_LOADER_DATA, pages, &at)) {
		return 0;
	}
	taken[taken_count].at = at;
	taken[taken_count++].pages = pages;
	return align ? ROUND_UP(at, align) : at;
}

static void give_back(void)
{
	while (taken_count) {
		taken_count--;
		efi_system->boot->free_pages(taken[taken_count].at, taken[taken_count].pages);
	}
}

/* The firmware's tree, if it has one
 * ----------------------------------------------------------------
 */

static const void *find_table(const struct efi_guid *which)
{
	for (uint64_t i = 0; i < efi_system->table_count; i++) {
		if (!memcmp(&efi_system->tables[i].which, which, sizeof(*which))) {
			return efi_system->tables[i].at;
		}
	}
	return NULL;
}

/* NULL: none. It says itself how long it is. */
static const void *firmware_tree(size_t *size)
{
	const struct efi_guid guid = {
	    0xb1b621d5, 0xf19c, 0x41a5, {0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0}};
	const uint8_t *tree = find_table(&guid);

	*size = tree ? MIN(fdt_u32(tree + 4), FDT_SIZE_MAX) : 0;
	return tree;
}

static efi_status take_tree(const void *tree, size_t size, const char *whose)
{
	const char *why = fdt_check(tree, size, &plan.base);

	if (why) {
		efi_say("the device tree of %s %s", whose, why);
		return EFI_LOAD_ERROR;
	}
	plan.tree.base = &plan.base;
	return EFI_SUCCESS;
}

static efi_status check_machine(const char *remedy)
{
	if (plan.tree.base && efi_tree_has_machine(&plan.base)) {
		return EFI_SUCCESS;
	}
	efi_say("no device tree from the firmware. ACPI is not supported: switch it to device tree "
		"(QEMU: -M virt,acpi=off)%s",
		remedy);
	return EFI_UNSUPPORTED;
}

/* The configuration file
 * ----------------------------------------------------------------------------
 */

/* NAME.cfg, and with fewer parts of the name, as Xen has it: xen-4.17.efi, xen-4.17.cfg, xen-4.cfg,
 * xen.cfg. */
static efi_status find_config(uint64_t *at, uint64_t *size)
{
	char name[EFI_NAME_MAX + 4];
	size_t len = strlen(place.name);
	efi_status status = EFI_NOT_FOUND;

	while (status == EFI_NOT_FOUND && len) {
		while (len && !strchr(".-_", place.name[len - 1])) {
			len--;
		}
		len -= len > 0;
		if (len) {
			snprintf(name, sizeof(name), "%.*s.cfg", (int)len, place.name);
			status = efi_file_read(&place, efi_text_of(name), EFI_CONFIG_MAX, true, at,
					       size);
		}
	}
	if (status == EFI_NOT_FOUND) {
		efi_say("no configuration file in %s: it has the name of the image with .cfg for "
			".efi, or is named by -cfg=FILE",
			place.folder);
	}
	return status;
}

/* What was said on the command line: [NAME] [-cfg=FILE] [SECTION]. */
static void parse_options(struct efi_text *file, struct efi_text *section)
{
	struct efi_text line = efi_text_of(plan.options);

	if (line.len && line.at[0] != '-') {
		(void)efi_word(&line);
	}
	while (line.len) {
		struct efi_text word = efi_word(&line);

		if (word.len > 5 && !memcmp(word.at, "-cfg=", 5)) {
			*file = (struct efi_text){word.at + 5, word.len - 5};
		} else if (word.len && word.at[0] == '-') {
			efi_say("option %.*s is not known here: left out", (int)word.len, word.at);
		} else if (word.len) {
			*section = word;
		}
	}
}

static bool is_known(struct efi_text key, bool global)
{
	return efi_text_is(key, "options") || efi_text_is(key, "kernel") ||
	       efi_text_is(key, "ramdisk") || efi_text_is(key, "dtb") ||
	       (global && efi_text_is(key, "default"));
}

/* Said, for it will be missed: Xen has some more (xsm, ucode, video, chain). */
static void say_unknown(struct efi_text section)
{
	struct efi_config_line line = {0};

	while (efi_config_next(&config, &line)) {
		bool global = efi_text_is(line.section, "global");
		bool ours = global || !section.len ||
			    (line.section.len == section.len &&
			     !memcmp(line.section.at, section.at, section.len));

		if (line.key.len && ours && !is_known(line.key, global)) {
			efi_say("configuration file, line %u: '%.*s' is not known here: left out",
				line.number, (int)line.key.len, line.key.at);
		}
	}
}

static efi_status choose_section(struct efi_text *section)
{
	struct efi_text global = efi_text_of("global");

	if (!section->len && efi_config_has_section(&config, global)) {
		(void)efi_config_get(&config, global, "default", section);
	}
	if (section->len && !efi_config_has_section(&config, *section)) {
		efi_say("the configuration file has no section [%.*s]", (int)section->len,
			section->at);
		return EFI_NOT_FOUND;
	}
	say_unknown(*section);
	return EFI_SUCCESS;
}

static efi_status load_module(struct efi_text line, bool kernel)
{
	struct efi_module *m = &plan.tree.modules[plan.tree.module_count];
	struct efi_text name = efi_word(&line);
	efi_status status =
	    efi_file_read(&place, name, kernel ? KERNEL_MAX : RAMDISK_MAX, false, &m->at, &m->size);

	if (!status) {
		m->kernel = kernel;
		m->line = line;
		plan.tree.module_count++;
	}
	return status;
}

static efi_status load_modules(struct efi_text section)
{
	struct efi_text line;
	efi_status status;

	(void)efi_config_get(&config, section, "options", &plan.tree.options);
	if (!efi_config_get(&config, section, "kernel", &line) || !line.len) {
		efi_say("the configuration file names no kernel%s%.*s: add kernel=FILE [OPTIONS]",
			section.len ? " in section " : "", (int)section.len, section.at);
		return EFI_NOT_FOUND;
	}
	status = load_module(line, true);
	if (!status && efi_config_get(&config, section, "ramdisk", &line)) {
		status = load_module(line, false);
	}
	return status;
}

static efi_status load_tree(struct efi_text section)
{
	uint64_t at, size;
	struct efi_text name;
	efi_status status;

	if (!efi_config_get(&config, section, "dtb", &name)) {
		return EFI_SUCCESS;
	}
	status = efi_file_read(&place, name, FDT_SIZE_MAX, false, &at, &size);
	return status ? status : take_tree((const void *)(uintptr_t)at, size, "the file");
}

static efi_status read_config(struct efi_text file)
{
	unsigned int number;
	uint64_t at, size;
	const char *why;
	efi_status status = file.len
				? efi_file_read(&place, file, EFI_CONFIG_MAX, false, &at, &size)
				: find_config(&at, &size);

	if (status) {
		return status;
	}
	why = efi_config_check((const char *)(uintptr_t)at, size, &config, &number);
	if (why) {
		efi_say("configuration file, line %u %s", number, why);
		return EFI_LOAD_ERROR;
	}
	return EFI_SUCCESS;
}

static efi_status by_config(void)
{
	struct efi_text file = efi_text_of(""), section = efi_text_of("");
	efi_status status = efi_place_find(plan.loaded, &place);

	plan.tree.own = true;
	plan.tree.options = section;
	parse_options(&file, &section);
	status = status ? status : read_config(file);
	status = status ? status : choose_section(&section);
	status = status ? status : load_tree(section);
	status = status ? status : check_machine(", or name one by dtb=FILE");
	return status ? status : load_modules(section);
}

/* The end of boot services
 * --------------------------------------------------------------------------
 */

/* Everything that needs memory of the firmware's. */
static efi_status prepare(void)
{
	plan.tree.system = (uintptr_t)efi_system;
	if (!efi_map_room(&plan.tree.map)) {
		efi_say("the firmware's memory map has too many pieces");
		return EFI_UNSUPPORTED;
	}
	plan.tree_at = efi_pages(TREE_CAPACITY, 0);
	plan.image_at = efi_pages((uint64_t)(_image_end - _image_start), IMAGE_ALIGN);
	if (!plan.tree_at || !plan.image_at) {
		efi_say("no memory for the hypervisor");
		return EFI_OUT_OF_RESOURCES;
	}
	/* Its size does not depend on what is not known yet. */
	if (!efi_tree_write(&plan.tree, (void *)(uintptr_t)plan.tree_at, TREE_CAPACITY)) {
		efi_say("the device tree with what is added to it is too large");
		return EFI_LOAD_ERROR;
	}
	return EFI_SUCCESS;
}

static void clean(uint64_t at, uint64_t size)
{
	uint64_t line = (uint64_t)4 << ((read_sysreg(ctr_el0) >> 16) & 15);

	for (uint64_t a = ROUND_DOWN(at, line); a < at + size; a += line) {
		__asm__ volatile("dc civac, %0" ::"r"(a) : "memory");
	}
	dsb(sy);
}

/* What is not memory must not be touched, and is not by the hypervisor. */
static bool is_memory(uint64_t at, uint64_t size)
{
	struct efi_memory m;
	const struct efi_map *map = &plan.tree.map;

	for (unsigned int i = 0;
	     size && at + size > at &&
	     efi_memory_get((const void *)(uintptr_t)map->at, map->size, map->each, i, &m) > 0;
	     i++) {
		if (efi_memory_use(&m) == EFI_USE_RAM && at >= m.start && size <= m.pages * PAGE &&
		    at - m.start <= m.pages * PAGE - size) {
			return true;
		}
	}
	return false;
}

static void clean_modules(void)
{
	uint64_t at, size;

	for (unsigned int i = 0; i < plan.tree.module_count; i++) {
		clean(plan.tree.modules[i].at, plan.tree.modules[i].size);
	}
	for (unsigned int i = 0; !plan.tree.own && efi_tree_module(&plan.base, i, &at, &size);
	     i++) {
		if (is_memory(at, size)) {
			clean(at, size);
		}
	}
}

/* The firmware has gone: there is nobody to tell of an error any more. */
static void __noreturn start(void)
{
	uint64_t loaded = (uint64_t)(_load_end - _image_start);
	uint32_t size;

	size = efi_tree_write(&plan.tree, (void *)(uintptr_t)plan.tree_at, TREE_CAPACITY);
	memcpy((void *)(uintptr_t)plan.image_at, _image_start, loaded);
	clean(plan.image_at, loaded);
	clean((uintptr_t)_image_start, loaded);
	clean(plan.tree_at, size);
	clean(plan.tree.map.at, plan.tree.map.size);
	clean_modules();
	efi_leave(plan.tree_at, plan.image_at);
}

static efi_status choose(void)
{
	size_t size;
	const void *tree = firmware_tree(&size);
	efi_status status = tree ? take_tree(tree, size, "the firmware") : EFI_SUCCESS;

	if (status) {
		return status;
	}
	if (tree && efi_tree_has_modules(&plan.base)) {
		return check_machine("");
	}
	return by_config();
}

efi_status efi_main(void *image, struct efi_system *system)
{
	const struct efi_guid loaded_guid = {
	    0x5b1b31a1, 0x9562, 0x11d2, {0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
	unsigned int level = (unsigned int)(read_sysreg(CurrentEL) >> 2) & 3;
	void *loaded = NULL;
	efi_status status;

	efi_system = system;
	plan.image = image;
	if (level != EL2) {
		efi_say("started at EL%u, but a hypervisor needs EL2: switch virtualization on in "
			"the firmware (QEMU: -M virt,virtualization=on)",
			level);
		return EFI_UNSUPPORTED;
	}
	status = system->boot->handle_protocol(image, &loaded_guid, &loaded);
	if (status) {
		return status;
	}
	plan.loaded = loaded;
	efi_options_text(plan.loaded->options, plan.loaded->options_size, plan.options,
			 sizeof(plan.options));
	status = choose();
	status = status ? status : prepare();
	if (status) {
		give_back();
		return status;
	}
	efi_say("version " MULLION_VERSION " starts");
	status = efi_exit(plan.image, &plan.tree.map);
	if (status) {
		efi_say("the firmware does not go: error %" PRIu64, status & ~BIT(63));
		return status;
	}
	start();
}
