/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page tables of devices, in all formats, against a plain array. */
#include "unit.h"
#include <asm/fake.h>
#include <hv/errno.h>
#include <hv/iommu_impl.h>
#include <stdlib.h>

/* The formats' own values are checked against the vendors' documents here, bit by bit. */
extern const struct iommu_format amd_format, vtd_format, smmu_stage1_format, smmu_stage2_format;

static unsigned int cleaned;

void arch_cache_clean(const void *p, size_t len)
{
	cleaned++;
}

static void init(struct iommu_table *t, const struct iommu_format *f, unsigned int levels,
		 unsigned int leaf_level)
{
	fake_memory_init();
	*t = (struct iommu_table){.format = f, .levels = levels, .leaf_level = leaf_level};
	CHECK_EQ(iommu_table_init(t), 0);
}

static uint64_t set(struct iommu_table *t, uint64_t dfn, uint64_t m, uint64_t count,
		    unsigned int rw)
{
	bool flush = false;

	CHECK_EQ(iommu_table_set(t, dfn, m, count, rw, &flush), 0);
	if (flush) {
		iommu_table_free_stale(t);
	}
	return flush;
}

static uint64_t behind(struct iommu_table *t, uint64_t dfn)
{
	unsigned int rw;
	uint64_t m;

	return iommu_table_lookup(t, dfn, &m, &rw) ? m << 2 | rw : 0;
}

/* Walks as the AMD unit does; returns the leaf entry and its level. */
static uint64_t walk_amd(struct iommu_table *t, uint64_t dfn, unsigned int *level)
{
	uint64_t *table = t->root;

	for (*level = t->levels;;) {
		uint64_t e = table[dfn >> (9 * (*level - 1)) & 511];
		unsigned int next = e >> 9 & 7;

		if (!(e & 1) || next == 0) {
			return e;
		}
		CHECK_EQ(next, *level - 1);
		CHECK_EQ(e >> 61 & 3, 3);
		table = hpa_to_virt(hpa(e & 0x000ffffffffff000));
		*level = next;
	}
}

static uint64_t walk_vtd(struct iommu_table *t, uint64_t dfn, unsigned int *level)
{
	uint64_t *table = t->root;

	for (*level = t->levels;; (*level)--) {
		uint64_t e = table[dfn >> (9 * (*level - 1)) & 511];

		if (!(e & 3) || *level == 1 || (e & 0x80)) {
			return e;
		}
		CHECK_EQ(e & 0xfff, 3);
		table = hpa_to_virt(hpa(e & 0x000ffffffffff000));
	}
}

TEST(iommu_amd_bits)
{
	struct iommu_table t;
	unsigned int level;

	init(&t, &amd_format, 4, 3);
	set(&t, 0x40000, 0x80000, 1UL << 18, 3);
	CHECK_EQ(walk_amd(&t, 0x40123, &level), 0x7000000080000001);
	CHECK_EQ(level, 3);
	set(&t, 0x200, 0x600, 512, 1);
	CHECK_EQ(walk_amd(&t, 0x201, &level), 0x3000000000600001);
	CHECK_EQ(level, 2);
	set(&t, 5, 7, 1, 2);
	CHECK_EQ(walk_amd(&t, 5, &level), 0x5000000000007001);
	CHECK_EQ(level, 1);
	CHECK_EQ(walk_amd(&t, 6, &level) & 1, 0);
	CHECK_TRUE(walk_amd(&t, 6, &level) != 0); /* QEMU records faults at such entries only */
	iommu_table_destroy(&t);
}

TEST(iommu_vtd_bits)
{
	struct iommu_table t;
	unsigned int level;

	init(&t, &vtd_format, 3, 3);
	set(&t, 0x40000, 0x80000, 1UL << 18, 3);
	CHECK_EQ(walk_vtd(&t, 0x40123, &level), 0x80000083);
	CHECK_EQ(level, 3);
	set(&t, 0x200, 0x600, 512, 1);
	CHECK_EQ(walk_vtd(&t, 0x201, &level), 0x600081);
	CHECK_EQ(level, 2);
	set(&t, 5, 7, 1, 2);
	CHECK_EQ(walk_vtd(&t, 5, &level), 0x7002);
	CHECK_EQ(level, 1);
	CHECK_EQ(walk_vtd(&t, 6, &level), 0);
	t.leaf_extra = 1 << 11;
	set(&t, 9, 9, 1, 3);
	CHECK_EQ(walk_vtd(&t, 9, &level), 0x9803);
	iommu_table_destroy(&t);
}

TEST(iommu_largest_pages)
{
	struct iommu_table t;
	unsigned int level;

	init(&t, &vtd_format, 4, 2);
	set(&t, 0, 0, 1UL << 18, 3); /* 1 GiB in 2M pages: the unit has no larger */
	walk_vtd(&t, 0x12345, &level);
	CHECK_EQ(level, 2);
	CHECK_EQ(t.page_count, 3);
	set(&t, 1UL << 20, 1, 512, 3); /* frames not aligned: 4K */
	walk_vtd(&t, 1UL << 20, &level);
	CHECK_EQ(level, 1);
	iommu_table_destroy(&t);
}

TEST(iommu_split_and_replace)
{
	struct iommu_table t;

	init(&t, &amd_format, 4, 3);
	CHECK_TRUE(!set(&t, 0, 0x40000, 1UL << 18, 3));
	CHECK_EQ(t.page_count, 2);
	CHECK_TRUE(set(&t, 0x777, 0, 1, 0)); /* one frame out of 1 GiB */
	CHECK_EQ(t.page_count, 4);
	CHECK_EQ(behind(&t, 0x777), 0);
	CHECK_EQ(behind(&t, 0x776), 0x40776UL << 2 | 3);
	CHECK_EQ(behind(&t, 0x778), 0x40778UL << 2 | 3);
	CHECK_EQ(behind(&t, 0x3ffff), 0x7ffffUL << 2 | 3);
	CHECK_TRUE(set(&t, 0, 0x40000, 1UL << 18, 3)); /* whole again: the tables below go */
	CHECK_EQ(t.page_count, 2);
	CHECK_EQ(behind(&t, 0x777), 0x40777UL << 2 | 3);
	CHECK_TRUE(set(&t, 0, 0, 1UL << 18, 0));
	CHECK_EQ(behind(&t, 0x777), 0);
	CHECK_TRUE(!set(&t, 0, 0, 1UL << 30, 0)); /* nothing there: nothing to forget */
	iommu_table_destroy(&t);
}

TEST(iommu_stale_tables_live_until_flushed)
{
	struct iommu_table t;
	uint64_t before;
	bool flush = false;

	init(&t, &vtd_format, 4, 3);
	set(&t, 0x200, 0x200, 511, 3);
	before = page_free_count();
	CHECK_EQ(iommu_table_set(&t, 0x200, 0, 512, 0, &flush), 0);
	CHECK_TRUE(flush);
	CHECK_EQ(page_free_count(), before);
	iommu_table_free_stale(&t);
	CHECK_EQ(page_free_count(), before + 1);
	iommu_table_destroy(&t);
}

TEST(iommu_clean_when_not_coherent)
{
	struct iommu_table t;

	init(&t, &vtd_format, 3, 3);
	cleaned = 0;
	set(&t, 1, 1, 1, 3);
	CHECK_EQ(cleaned, 0);
	t.clean = true;
	set(&t, 2, 2, 1, 3);
	CHECK_EQ(cleaned, 1);
	set(&t, 0x4000000, 2, 1, 3); /* with two new tables */
	CHECK_TRUE(cleaned >= 6);
	iommu_table_destroy(&t);
}

TEST(iommu_no_memory)
{
	struct iommu_table t;
	struct page_info *pg, *all = NULL;
	bool flush = false;

	init(&t, &amd_format, 4, 3);
	set(&t, 0, 0, 512, 3);
	while ((pg = page_alloc(0, ALLOC_NO_SCRUB))) {
		*(struct page_info **)page_to_virt(pg) = all;
		all = pg;
	}
	CHECK_EQ(iommu_table_set(&t, 7, 0, 1, 0, &flush), -ENOMEM); /* has to split */
	CHECK_EQ(behind(&t, 7), 7UL << 2 | 3);
	CHECK_EQ(iommu_table_set(&t, 0x100000, 0, 1, 3, &flush), -ENOMEM);
	CHECK_EQ(behind(&t, 0x100000), 0);
	CHECK_EQ(iommu_table_set(&t, 0, 0, 512, 0, &flush), 0); /* needs none */
	while (all) {
		pg = all;
		all = *(struct page_info **)page_to_virt(pg);
		page_free(pg, 0);
	}
	iommu_table_destroy(&t);
}

#define FRAMES 4096

/* Random ranges, mapped and taken out; the array says what must be there. No page may be lost. */
static void compare(const struct iommu_format *f, unsigned int leaf_level, uint64_t seed)
{
	struct unit_random r = {seed};
	static uint64_t want[FRAMES];
	struct iommu_table t;
	uint64_t before, shift = 1UL << 18; /* the ranges straddle a 1G boundary */

	fake_memory_init();
	before = page_free_count();
	init(&t, f, 3, leaf_level);
	for (unsigned int i = 0; i < FRAMES; i++) {
		want[i] = 0;
	}
	for (unsigned int n = 0; n < 3000; n++) {
		unsigned int order = unit_random(&r) % 11, rw = unit_random(&r) % 4;
		uint64_t first = unit_random(&r) % FRAMES, count = 1UL << order, m;

		first &= unit_random(&r) % 3 ? ~(count - 1) : ~0UL;
		count = MIN(count, FRAMES - first);
		m = (unit_random(&r) % 2 ? first : unit_random(&r) % 100000) + 0x100000;
		set(&t, shift - FRAMES / 2 + first, m, count, rw);
		for (uint64_t i = 0; i < count; i++) {
			want[first + i] = rw ? (m + i) << 2 | rw : 0;
		}
		for (unsigned int i = n % 7; i < FRAMES; i += 7) {
			CHECK_EQ(behind(&t, shift - FRAMES / 2 + i), want[i]);
		}
	}
	iommu_table_destroy(&t);
	CHECK_EQ(page_free_count(), before);
	CHECK_EQ(t.page_count, 0);
}

TEST(iommu_random_amd)
{
	compare(&amd_format, 3, 1);
	compare(&amd_format, 1, 2);
}

TEST(iommu_random_vtd)
{
	compare(&vtd_format, 3, 3);
	compare(&vtd_format, 2, 4);
}

TEST(iommu_random_smmu)
{
	compare(&smmu_stage1_format, 3, 5);
	compare(&smmu_stage2_format, 1, 6);
}
