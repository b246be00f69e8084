/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree that the hypervisor gets: a copy of the firmware's (or a boot loader's), with the memory
 * map named in /chosen as Linux has it (Documentation/arm/uefi.rst) and with the modules that our
 * own configuration file named. The hypervisor checks what stands in it as it does any tree.
 */
#include "efi.h"

static struct fdt_writer writer;

static bool is_module(const struct fdt *t, int node)
{
	return fdt_compatible(t, node, "multiboot,module") ||
	       fdt_compatible(t, node, "multiboot,kernel") ||
	       fdt_compatible(t, node, "multiboot,ramdisk");
}

/* The module after this one; -1 as the first: from the start. */
static int next_module(const struct fdt *t, int node)
{
	int chosen = fdt_child(t, fdt_root(t), "chosen");

	if (chosen < 0) {
		return -1;
	}
	node = node < 0 ? fdt_first_child(t, chosen) : fdt_next_sibling(t, node);
	while (node >= 0 && !is_module(t, node)) {
		node = fdt_next_sibling(t, node);
	}
	return node;
}

bool efi_tree_has_modules(const struct fdt *t)
{
	return next_module(t, -1) >= 0;
}

bool efi_tree_has_machine(const struct fdt *t)
{
	int node = fdt_first_child(t, fdt_root(t));

	while (node >= 0 && !strcmp(fdt_name(t, node), "chosen")) {
		node = fdt_next_sibling(t, node);
	}
	return node >= 0;
}

bool efi_tree_module(const struct fdt *t, unsigned int i, uint64_t *at, uint64_t *size)
{
	int node = next_module(t, -1);
	struct fdt_prop reg;

	for (; node >= 0 && i; i--) {
		node = next_module(t, node);
	}
	if (node < 0) {
		return false;
	}
	/* Two cells each is what boot loaders write, whatever /chosen says of cells. */
	*size = 0;
	if (fdt_get(t, node, "reg", &reg) && reg.len == 16) {
		*at = fdt_u64(reg.data);
		*size = fdt_u64(reg.data + 8);
	}
	return true;
}

static void put_text(const char *name, struct efi_text t)
{
	/* A copy, for what is given is not terminated. */
	static char text[2048];
	size_t len = MIN(t.len, sizeof(text) - 1);

	writer.failed |= len != t.len;
	memcpy(text, t.at, len);
	text[len] = 0;
	fdt_put_string(&writer, name, text);
}

static void put_u64(const char *name, uint64_t v)
{
	const uint32_t cells[2] = {(uint32_t)(v >> 32), (uint32_t)v};

	fdt_put_cells(&writer, name, cells, 2);
}

static bool is_one_of(const char *name, const char *a, const char *b, const char *c, const char *d)
{
	return !strcmp(name, a) || !strcmp(name, b) || !strcmp(name, c) || !strcmp(name, d);
}

/* GRUB makes the property as long as its buffer, and fills it with zeroes. */
static bool is_line(const char *name)
{
	return is_one_of(name, "bootargs", "xen,xen-bootargs", "xen,dom0-bootargs", "stdout-path");
}

static void copy_prop(const struct fdt_prop *p)
{
	size_t len = strnlen((const char *)p->data, p->len);

	if (is_line(p->name) && len < p->len) {
		fdt_put(&writer, p->name, p->data, (uint32_t)len + 1);
	} else {
		fdt_put(&writer, p->name, p->data, p->len);
	}
}

static void put_modules(const struct efi_tree *e)
{
	char name[32];

	for (unsigned int i = 0; i < e->module_count; i++) {
		const struct efi_module *m = &e->modules[i];
		const uint32_t reg[4] = {(uint32_t)(m->at >> 32), (uint32_t)m->at,
					 (uint32_t)(m->size >> 32), (uint32_t)m->size};
		static const char kernel[] = "multiboot,kernel\0multiboot,module";
		static const char ramdisk[] = "multiboot,ramdisk\0multiboot,module";

		snprintf(name, sizeof(name), "module@%" PRIx64, m->at);
		fdt_node(&writer, name);
		fdt_put(&writer, "compatible", m->kernel ? kernel : ramdisk,
			m->kernel ? sizeof(kernel) : sizeof(ramdisk));
		fdt_put_cells(&writer, "reg", reg, 4);
		if (m->line.len) {
			put_text("bootargs", m->line);
		}
		fdt_end_node(&writer);
	}
}

static void copy_node(const struct fdt *t, int node);

static void copy_children(const struct fdt *t, int node, bool modules)
{
	int child;

	for (child = fdt_first_child(t, node); child >= 0; child = fdt_next_sibling(t, child)) {
		if (!modules && is_module(t, child)) {
			continue;
		}
		fdt_node(&writer, fdt_name(t, child));
		copy_node(t, child);
		fdt_end_node(&writer);
	}
}

/* Depth is bounded by fdt_check. */
static void copy_node(const struct fdt *t, int node)
{
	struct fdt_prop p = {0};

	while (fdt_each_prop(t, node, &p)) {
		copy_prop(&p);
	}
	copy_children(t, node, true);
}

/* Of /chosen, what is written anew. */
static bool is_replaced(const struct efi_tree *e, const char *name)
{
	return !strncmp(name, "linux,uefi-", 11) ||
	       (e->own && (is_one_of(name, "bootargs", "xen,xen-bootargs", "xen,dom0-bootargs",
				     "#address-cells") ||
			   !strcmp(name, "#size-cells")));
}

static void put_chosen(const struct efi_tree *e, int node)
{
	struct fdt_prop p = {0};

	fdt_node(&writer, "chosen");
	while (node >= 0 && fdt_each_prop(e->base, node, &p)) {
		if (!is_replaced(e, p.name)) {
			copy_prop(&p);
		}
	}
	if (e->own) {
		fdt_put_u32(&writer, "#address-cells", 2);
		fdt_put_u32(&writer, "#size-cells", 2);
		put_text("xen,xen-bootargs", e->options);
	}
	put_u64("linux,uefi-system-table", e->system);
	put_u64("linux,uefi-mmap-start", e->map.at);
	fdt_put_u32(&writer, "linux,uefi-mmap-size", e->map.size);
	fdt_put_u32(&writer, "linux,uefi-mmap-desc-size", e->map.each);
	fdt_put_u32(&writer, "linux,uefi-mmap-desc-ver", e->map.version);
	if (e->own) {
		put_modules(e);
	}
	if (node >= 0) {
		copy_children(e->base, node, !e->own);
	}
	fdt_end_node(&writer);
}

uint32_t efi_tree_write(const struct efi_tree *e, void *to, uint32_t capacity)
{
	const struct fdt *t = e->base;
	int root = fdt_root(t), chosen = fdt_child(t, root, "chosen"), child;
	struct fdt_prop p = {0};
	uint64_t base, size;

	fdt_begin(&writer, to, capacity);
	for (unsigned int i = 0; fdt_reserved(t, i, &base, &size); i++) {
		fdt_reserve(&writer, base, size);
	}
	fdt_node(&writer, "");
	while (fdt_each_prop(t, root, &p)) {
		copy_prop(&p);
	}
	put_chosen(e, chosen);
	for (child = fdt_first_child(t, root); child >= 0; child = fdt_next_sibling(t, child)) {
		if (child != chosen) {
			fdt_node(&writer, fdt_name(t, child));
			copy_node(t, child);
			fdt_end_node(&writer);
		}
	}
	fdt_end_node(&writer);
	return fdt_finish(&writer, t->boot_cpu);
}
