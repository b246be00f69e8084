// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page tables that devices walk. They are not the ones of the CPUs: the formats do not agree in
 * all bits, and devices must not see what only the CPU may touch (device memory).
 *
 * Locks: none here; the caller holds iommu_domain->lock. Hardware reads the tables at any time, so
 * an entry is written once and whole, a new table is filled before it is linked, and a table that
 * leaves the tree lives until the units have forgotten it (the stale list).
 */
#include <hv/errno.h>
#include <hv/iommu_impl.h>
#include <hv/lib.h>
#include <hv/page.h>

#define ENTRIES 512

static unsigned int index_at(uint64_t dfn, unsigned int level)
{
	return (unsigned int)(dfn >> (9 * (level - 1))) & (ENTRIES - 1);
}

/* Frames that one entry of the level covers. */
static uint64_t span(unsigned int level)
{
	return BIT(9 * (level - 1));
}

void iommu_table_clean(const struct iommu_table *t, const void *p, size_t len)
{
	if (t->clean) {
		arch_cache_clean(p, len);
	}
}

static bool is_present(const struct iommu_table *t, uint64_t e)
{
	return e & t->format->present;
}

static bool is_leaf(const struct iommu_table *t, uint64_t e, unsigned int level)
{
	return level == 1 || (e & t->format->type_mask) == t->format->leaf_type;
}

static uint64_t *table_of(const struct iommu_table *t, uint64_t e)
{
	return hpa_to_virt(hpa(e & t->format->address_mask));
}

static uint64_t rights(const struct iommu_table *t, unsigned int rw)
{
	const struct iommu_format *f = t->format;

	return (rw & IOMMU_READ ? f->read : 0) | (rw & IOMMU_WRITE ? f->write : f->read_only);
}

/* What make_leaf was told. */
static unsigned int rights_of(const struct iommu_table *t, uint64_t e, unsigned int level)
{
	const struct iommu_format *f = t->format;
	bool write = f->read_only ? !(e & f->read_only) : (e & f->write) != 0;
	bool device = f->device && ((e ^ f->leaf[level]) & f->device);

	return (e & f->read ? IOMMU_READ : 0) | (write ? IOMMU_WRITE : 0) |
	       (device ? IOMMU_DEVICE : 0);
}

static uint64_t make_leaf(const struct iommu_table *t, uint64_t m, unsigned int level,
			  unsigned int rw)
{
	uint64_t e = (m << PAGE_SHIFT) | t->format->leaf[level] | t->leaf_extra | rights(t, rw);

	return rw & IOMMU_DEVICE ? e ^ t->format->device : e;
}

static void write_entry(const struct iommu_table *t, uint64_t *e, uint64_t value)
{
	WRITE_ONCE(*e, value);
	iommu_table_clean(t, e, sizeof(*e));
}

static uint64_t *new_table(struct iommu_table *t)
{
	uint64_t *p = page_alloc_virt();

	if (!p) {
		return NULL;
	}
	if (t->format->absent) {
		for (unsigned int i = 0; i < ENTRIES; i++) {
			p[i] = t->format->absent;
		}
	}
	t->page_count++;
	return p;
}

int iommu_table_init(struct iommu_table *t)
{
	list_init(&t->stale);
	t->page_count = 0;
	t->root = new_table(t);
	if (!t->root) {
		return -ENOMEM;
	}
	iommu_table_clean(t, t->root, PAGE_SIZE);
	return 0;
}

/* Puts a table that was cut off at an entry of the level above it, and all below it, on the stale
 * list. */
static void retire(struct iommu_table *t, uint64_t *table, unsigned int level)
{
	for (unsigned int i = 0; level > 1 && i < ENTRIES; i++) {
		if (is_present(t, table[i]) && !is_leaf(t, table[i], level)) {
			retire(t, table_of(t, table[i]), level - 1);
		}
	}
	list_add(&virt_to_page(table)->list, &t->stale);
}

void iommu_table_free_stale(struct iommu_table *t)
{
	struct page_info *pg, *next;

	list_for_each_safe(pg, next, &t->stale, list)
	{
		list_del(&pg->list);
		t->page_count--;
		page_free_virt(page_to_virt(pg));
	}
}

void iommu_table_destroy(struct iommu_table *t)
{
	if (!t->root) {
		return;
	}
	retire(t, t->root, t->levels);
	t->root = NULL;
	iommu_table_free_stale(t);
}

/* Links an empty table below the entry. */
static uint64_t *grow(struct iommu_table *t, uint64_t *e, unsigned int level)
{
	uint64_t *table = new_table(t);

	if (table) {
		iommu_table_clean(t, table, PAGE_SIZE);
		write_entry(t, e, virt_to_hpa(table).v | t->format->table[level]);
	}
	return table;
}

/* Turns the large page at an entry into a table of smaller ones that says the same. */
static uint64_t *split(struct iommu_table *t, uint64_t *e, unsigned int level)
{
	const struct iommu_format *f = t->format;
	uint64_t m = (*e & f->address_mask) >> PAGE_SHIFT;
	unsigned int rw = rights_of(t, *e, level);
	uint64_t *table = new_table(t);

	if (!table) {
		return NULL;
	}
	for (unsigned int i = 0; i < ENTRIES; i++) {
		table[i] = make_leaf(t, m + i * span(level - 1), level - 1, rw);
	}
	iommu_table_clean(t, table, PAGE_SIZE);
	write_entry(t, e, virt_to_hpa(table).v | f->table[level]);
	return table;
}

/* The largest level whose pages fit the place, and when mapping the frame, and that count fills. */
static unsigned int level_for(const struct iommu_table *t, uint64_t dfn, uint64_t m, uint64_t count,
			      unsigned int rw)
{
	uint64_t align = rw ? dfn | m : dfn;
	unsigned int level = rw ? t->leaf_level : MIN(t->levels, 3U);

	while (level > 1 && (count < span(level) || (align & (span(level) - 1)))) {
		level--;
	}
	return level;
}

/* Replaces what stands at one entry of the level. */
static void set_entry(struct iommu_table *t, uint64_t *e, unsigned int level, uint64_t value,
		      bool *flush)
{
	uint64_t old = *e;

	if (old == value) {
		return;
	}
	write_entry(t, e, value);
	if (is_present(t, old)) {
		*flush = true;
		if (!is_leaf(t, old, level)) {
			retire(t, table_of(t, old), level - 1);
		}
	}
}

/*
 * Goes down to the table that holds dfn's entry of the wanted level; *got may be higher, when it
 * removes and there is nothing below. NULL: no memory.
 */
static uint64_t *descend(struct iommu_table *t, uint64_t dfn, unsigned int wanted, bool removing,
			 bool *flush, unsigned int *got)
{
	uint64_t *table = t->root;
	unsigned int level = t->levels;

	for (; level > wanted && table; level--) {
		uint64_t *e = &table[index_at(dfn, level)];

		if (!is_present(t, *e)) {
			if (removing) {
				break;
			}
			table = grow(t, e, level);
		} else if (is_leaf(t, *e, level)) {
			table = split(t, e, level);
			*flush = true;
		} else {
			table = table_of(t, *e);
		}
	}
	*got = level;
	return table;
}

int iommu_table_set(struct iommu_table *t, uint64_t dfn, uint64_t m, uint64_t count,
		    unsigned int rw, bool *flush)
{
	while (count) {
		unsigned int wanted = level_for(t, dfn, m, count, rw), level;
		uint64_t *table = descend(t, dfn, wanted, !rw, flush, &level);
		uint64_t step;

		if (!table) {
			return -ENOMEM;
		}
		if (level > wanted) { /* nothing is there as far as this entry reaches */
			step = MIN(span(level) - (dfn & (span(level) - 1)), count);
			dfn += step;
			m += step;
			count -= step;
			continue;
		}
		/* As many neighbours in this table as the range has. */
		for (unsigned int i = index_at(dfn, level); i < ENTRIES; i++) {
			set_entry(t, &table[i], level,
				  rw ? make_leaf(t, m, level, rw) : t->format->absent, flush);
			dfn += span(level);
			m += span(level);
			count -= span(level);
			if (count < span(level) || level_for(t, dfn, m, count, rw) != level) {
				break;
			}
		}
	}
	return 0;
}

bool iommu_table_lookup(const struct iommu_table *t, uint64_t dfn, uint64_t *m, unsigned int *rw)
{
	const uint64_t *table = t->root;

	for (unsigned int level = t->levels; level >= 1; level--) {
		uint64_t e = table[index_at(dfn, level)];

		if (!is_present(t, e)) {
			return false;
		}
		if (is_leaf(t, e, level)) {
			*m = ((e & t->format->address_mask) >> PAGE_SHIFT) +
			     (dfn & (span(level) - 1));
			*rw = rights_of(t, e, level);
			return *rw & (IOMMU_READ | IOMMU_WRITE);
		}
		table = table_of(t, e);
	}
	return false;
}
