/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Flattened device trees (drivers/fdt.c, drivers/fdt_write.c): Devicetree Specification 0.4,
 * chapter 5. fdt_check walks the whole tree once; afterwards every other call may trust its
 * structure, but never the contents of a property.
 * A node is the offset of its FDT_BEGIN_NODE in the structure block; negative: none.
 */
#include <hv/types.h>

#define FDT_DEPTH_MAX	32
#define FDT_SIZE_MAX	MIB(2)
#define FDT_NAME_MAX	64	/* of a node with its unit address; real trees have some above 31 */

struct fdt {
	const uint8_t *base;
	uint32_t size;			/* totalsize */
	uint32_t struct_off, struct_size;
	uint32_t strings_off, strings_size;
	uint32_t reserve_off;
	uint32_t boot_cpu;
};

struct fdt_prop {
	const char *name;
	const uint8_t *data;		/* may be unaligned */
	uint32_t len;
	uint32_t next;			/* offset of the token behind it */
};

static inline uint32_t fdt_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t fdt_u64(const uint8_t *p)
{
	return (uint64_t)fdt_u32(p) << 32 | fdt_u32(p + 4);
}

/* NULL when the available bytes at p hold a sound tree; else what is wrong with it. */
const char *fdt_check(const void *p, size_t available, struct fdt *out);

int fdt_root(const struct fdt *t);
int fdt_first_child(const struct fdt *t, int node);
int fdt_next_sibling(const struct fdt *t, int node);
int fdt_parent(const struct fdt *t, int node);
/* The node after this one in the order of the file (parents first), or negative; depth (may be NULL) follows. */
int fdt_next_node(const struct fdt *t, int node, int *depth);
/* With its unit address; lives as long as the tree. */
const char *fdt_name(const struct fdt *t, int node);
/* Child by name: exact, or without unit address when name has none. */
int fdt_child(const struct fdt *t, int node, const char *name);
/* "/soc/serial@1000"; without a leading "/" the first component is an alias. */
int fdt_find(const struct fdt *t, const char *path);
int fdt_by_phandle(const struct fdt *t, uint32_t phandle);

/* Iteration: for (p = {0}; fdt_each_prop(t, node, &p);) */
bool fdt_each_prop(const struct fdt *t, int node, struct fdt_prop *p);
/* False when there is no such property. */
bool fdt_get(const struct fdt *t, int node, const char *name, struct fdt_prop *out);
bool fdt_has(const struct fdt *t, int node, const char *name);
/* One cell; fallback when it is missing or of another size. */
uint32_t fdt_get_u32(const struct fdt *t, int node, const char *name, uint32_t fallback);
/* A property that is one NUL-terminated string, or NULL. */
const char *fdt_get_string(const struct fdt *t, int node, const char *name);
/* Is text one of the strings of a list (compatible)? */
bool fdt_list_has(const struct fdt *t, int node, const char *name, const char *text);
static inline bool fdt_compatible(const struct fdt *t, int node, const char *text)
{
	return fdt_list_has(t, node, "compatible", text);
}
/* Not disabled by its status. */
bool fdt_available(const struct fdt *t, int node);

/* Cells of addresses and sizes below node: 2 and 1 where it does not say; false when they are not 1 or 2 (0: no size). */
bool fdt_cells(const struct fdt *t, int node, unsigned int *address, unsigned int *size);
/*
 * Entry i of reg, as the CPU sees it: through the ranges of all buses above. False: there is none, it
 * wraps, or a bus does not pass it on.
 */
bool fdt_reg(const struct fdt *t, int node, unsigned int i, uint64_t *base, uint64_t *size);
/* Interrupt i of a node. False: there is none, or its controller or its length cannot be told. */
struct fdt_irq {
	int parent;			/* the controller; -1: none named */
	const uint8_t *spec;		/* the tree's */
	uint32_t cells;			/* of it, at least 1; 3 without a controller */
};
bool fdt_irq(const struct fdt *t, int node, unsigned int i, struct fdt_irq *out);
/*
 * Interrupt i of a node whose parent is a GIC (3 cells): its INTID (SPIs from 32, PPIs from 16) and
 * flags. False: there is none or it is none of these.
 */
bool fdt_gic_irq(const struct fdt *t, int node, unsigned int i, uint32_t *intid, uint32_t *flags);
/* Entry i of the memory reservation block. */
bool fdt_reserved(const struct fdt *t, unsigned int i, uint64_t *base, uint64_t *size);

/* Writing ----------------------------------------------------------------------------------------- */

#define FDT_STRINGS_MAX	16384u

/* A tree under construction, in the order of the file. An overflow is remembered and told at the end. */
struct fdt_writer {
	uint8_t *base;
	uint32_t capacity;
	uint32_t at;			/* end of the structure block so far */
	uint32_t struct_start;		/* and behind the reservations */
	uint32_t strings_size;
	int depth;
	bool failed;
	char strings[FDT_STRINGS_MAX];
};

void fdt_begin(struct fdt_writer *w, void *to, uint32_t capacity);
/* Before the first node: an entry of the memory reservation block. */
void fdt_reserve(struct fdt_writer *w, uint64_t base, uint64_t size);
void fdt_node(struct fdt_writer *w, const char *name);
void fdt_end_node(struct fdt_writer *w);
void fdt_put(struct fdt_writer *w, const char *name, const void *data, uint32_t len);
void fdt_put_u32(struct fdt_writer *w, const char *name, uint32_t v);
void fdt_put_string(struct fdt_writer *w, const char *name, const char *s);
void fdt_put_cells(struct fdt_writer *w, const char *name, const uint32_t *cells, unsigned int count);
/* Size of the finished tree; 0: it did not fit, or is not balanced. */
uint32_t fdt_finish(struct fdt_writer *w, uint32_t boot_cpu);
