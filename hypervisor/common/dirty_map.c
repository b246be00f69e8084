/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The set of written frames: an array of roots, two levels of tables of 512 pointers, pages of
 * bits.
 *
 * No locks. A table or page, once linked, stays, and of two that want to link one wins; so a
 * pointer that was read is good for as long as the map is.
 */
#include <hv/bitops.h>
#include <hv/dirty_map.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/page.h>

#define TABLE_BITS   9
#define MIDDLE_SHIFT (DIRTY_LEAF_SHIFT + TABLE_BITS)
#define TOP_SHIFT    (MIDDLE_SHIFT + TABLE_BITS)
#define WORD_BITS    64
#define LEAF_WORDS   (DIRTY_LEAF_FRAMES / WORD_BITS)

static_assert(LEAF_WORDS * sizeof(uint64_t) == PAGE_SIZE, "a leaf is a page");
static_assert(sizeof(void *) << TABLE_BITS <= PAGE_SIZE, "a table fits into one");

static unsigned int index_at(uint64_t frame, unsigned int shift)
{
	return (unsigned int)(frame >> shift) & ((1u << TABLE_BITS) - 1);
}

/* What the slot holds; with make a page that was not there is put into it. */
static void *next_level(void **slot, bool make)
{
	void *p = __atomic_load_n(slot, __ATOMIC_ACQUIRE), *none = NULL;

	if (likely(p) || !make) {
		return p;
	}
	p = page_alloc_virt();
	if (p && !__atomic_compare_exchange_n(slot, &none, p, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE)) {
		page_free_virt(p);
		p = none;
	}
	return p;
}

/* The page of bits that has the frame, or NULL. */
static uint64_t *leaf_of(struct dirty_map *m, uint64_t frame, bool make)
{
	void **table;

	if (frame >> DIRTY_FRAME_BITS) {
		return NULL;
	}
	table = next_level(&m->top[frame >> TOP_SHIFT], make);
	if (table) {
		table = next_level(&table[index_at(frame, MIDDLE_SHIFT)], make);
	}
	return table ? next_level(&table[index_at(frame, DIRTY_LEAF_SHIFT)], make) : NULL;
}

static uint64_t *word_of(const struct dirty_map *m, uint64_t frame)
{
	uint64_t *leaf = leaf_of((struct dirty_map *)m, frame, false);

	return leaf ? &leaf[(frame / WORD_BITS) % LEAF_WORDS] : NULL;
}

void dirty_map_put(struct dirty_map *m, uint64_t first, uint64_t bits)
{
	uint64_t *leaf = leaf_of(m, first, true), old;

	if (unlikely(!leaf)) {
		WRITE_ONCE(m->failed, true);
		return;
	}
	old = __atomic_fetch_or(&leaf[(first / WORD_BITS) % LEAF_WORDS], bits, __ATOMIC_SEQ_CST);
	if (bits & ~old) {
		__atomic_add_fetch(&m->count, popcount(bits & ~old), __ATOMIC_RELAXED);
	}
}

void dirty_map_add(struct dirty_map *m, uint64_t first, uint64_t count)
{
	while (count && !(first >> DIRTY_FRAME_BITS)) {
		unsigned int at = first % WORD_BITS;
		unsigned int n = (unsigned int)MIN(count, (uint64_t)WORD_BITS - at);

		dirty_map_put(m, first - at, (n == WORD_BITS ? ~0ULL : BIT(n) - 1) << at);
		first += n;
		count -= n;
	}
}

uint64_t dirty_map_peek(const struct dirty_map *m, uint64_t first)
{
	const uint64_t *word = word_of(m, first);

	return word ? READ_ONCE(*word) : 0;
}

uint64_t dirty_map_take(struct dirty_map *m, uint64_t first)
{
	uint64_t *word = word_of(m, first), bits;

	/* Most words are empty, and a look leaves the cache line shared. */
	if (!word || !READ_ONCE(*word)) {
		return 0;
	}
	bits = __atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST);
	__atomic_sub_fetch(&m->count, popcount(bits), __ATOMIC_RELAXED);
	return bits;
}

bool dirty_map_clear_some(struct dirty_map *m, uint64_t *first)
{
	while (!(*first >> DIRTY_FRAME_BITS)) {
		void **middle = m->top[*first >> TOP_SHIFT], **low;
		unsigned int shift = TOP_SHIFT;

		if (middle) {
			low = middle[index_at(*first, MIDDLE_SHIFT)];
			shift = low ? DIRTY_LEAF_SHIFT : MIDDLE_SHIFT;
			if (low && low[index_at(*first, DIRTY_LEAF_SHIFT)]) {
				for (unsigned int i = 0; i < LEAF_WORDS; i++) {
					dirty_map_take(m, (*first & ~(DIRTY_LEAF_FRAMES - 1)) +
							      i * WORD_BITS);
				}
				*first = ((*first >> shift) + 1) << shift;
				return true;
			}
		}
		*first = ((*first >> shift) + 1) << shift;
	}
	return false;
}

static void free_table(void **table, unsigned int level)
{
	for (unsigned int i = 0; level && i < 1u << TABLE_BITS; i++) {
		if (table[i]) {
			free_table(table[i], level - 1);
		}
	}
	page_free_virt(table);
}

void dirty_map_destroy(struct dirty_map *m)
{
	for (unsigned int i = 0; i < DIRTY_TOP_COUNT; i++) {
		if (m->top[i]) {
			free_table(m->top[i], 2);
			m->top[i] = NULL;
		}
	}
	m->count = 0;
	m->failed = false;
}
