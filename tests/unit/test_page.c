/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames: the buddy allocator, ownership and references, small objects. */
#include "unit.h"
#include <asm/fake.h>
#include <hv/errno.h>
#include <hv/lib.h>

static bool all_zero(const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++) {
		if (b[i]) {
			return false;
		}
	}
	return true;
}

TEST(page_alloc_orders)
{
	uint64_t before;

	fake_memory_init();
	before = page_free_count();
	for (unsigned int order = 0; order <= ORDER_2M; order++) {
		struct page_info *pg = page_alloc(order, ALLOC_ZERO);

		CHECK_TRUE(pg);
		CHECK_TRUE(IS_ALIGNED(page_to_mfn(pg).v, 1UL << order));
		CHECK_EQ(page_free_count(), before - (1UL << order));
		CHECK_TRUE(all_zero(page_to_virt(pg), PAGE_SIZE << order));
		memset(page_to_virt(pg), 0xee, PAGE_SIZE << order);
		page_free(pg, order);
		CHECK_EQ(page_free_count(), before);
	}
	CHECK_TRUE(!page_alloc(ORDER_1G, 0));
}

TEST(page_alloc_everything_and_back)
{
	static struct page_info *all[FAKE_FRAME_COUNT];
	struct unit_random r = { 5 };
	uint64_t before;
	unsigned int n = 0;

	fake_memory_init();
	before = page_free_count();
	while ((all[n] = page_alloc(0, ALLOC_NO_SCRUB)) != NULL) {
		*(uint32_t *)page_to_virt(all[n]) = n + 1;
		n++;
	}
	CHECK_EQ(n, before);
	CHECK_EQ(page_free_count(), 0);
	for (unsigned int i = 0; i < n; i++) {
		CHECK_EQ(*(uint32_t *)page_to_virt(all[i]), i + 1);
	}
	for (unsigned int i = n; i > 0; i--) {
		unsigned int k = unit_random(&r) % i;

		page_free(all[k], 0);
		all[k] = all[i - 1];
	}
	CHECK_EQ(page_free_count(), before);
	/* Blocks have merged again. */
	all[0] = page_alloc(ORDER_2M, ALLOC_NO_SCRUB);
	CHECK_TRUE(all[0]);
	page_free(all[0], ORDER_2M);
}

TEST(page_scrubs_what_others_wrote)
{
	struct page_info *pg;
	uint64_t dirty;

	fake_memory_init();
	pg = page_alloc(0, ALLOC_ZERO);
	memset(page_to_virt(pg), 0xaa, PAGE_SIZE);
	page_free(pg, 0);
	dirty = page_scrub_pending();
	CHECK_TRUE(dirty >= 1);
	/* A call may find nothing where it looks first; a few more must not. */
	for (unsigned int i = 0; i < 1000 && page_scrub_pending(); i++) {
		page_scrub_some(1000);
	}
	CHECK_EQ(page_scrub_pending(), 0);
	CHECK_TRUE(all_zero(page_to_virt(pg), PAGE_SIZE));
}

TEST(page_owner_and_limit)
{
	struct domain *d, *other;
	struct page_info *pg;
	uint64_t before;

	fake_memory_init();
	before = page_free_count();
	d = fake_domain_create(1, 1);
	other = fake_domain_create(2, 1);
	d->max_pages = 3;
	pg = page_alloc_domain(d, 1, 0);
	CHECK_TRUE(pg && pg[0].owner == d && pg[1].owner == d);
	CHECK_EQ(d->tot_pages, 2);
	CHECK_TRUE(!page_alloc_domain(d, 1, 0));
	CHECK_TRUE(page_get(pg, d) && !page_get(pg, other) && page_get(pg, NULL));
	CHECK_EQ(pg->refs, 3);
	CHECK_TRUE(page_release_allocation(pg));
	CHECK_TRUE(!page_release_allocation(pg));
	CHECK_EQ(d->tot_pages, 2);
	page_put(pg);
	page_put(pg);
	CHECK_EQ(d->tot_pages, 1);
	CHECK_TRUE(!page_get(pg, NULL));
	d->dying = DOMAIN_DYING;
	CHECK_TRUE(!page_alloc_domain(d, 0, 0));
	/* A frame that somebody still holds outlives its owner. */
	CHECK_TRUE(page_get(pg + 1, d));
	fake_domain_destroy(d);
	CHECK_TRUE(pg[1].owner == NULL);
	page_put(pg + 1);
	fake_domain_destroy(other);
	CHECK_EQ(page_free_count(), before);
}

TEST(page_claims)
{
	struct domain *d, *other;
	struct page_info *pg;
	uint64_t free;

	fake_memory_init();
	d = fake_domain_create(1, 1);
	other = fake_domain_create(2, 1);
	d->max_pages = other->max_pages = FAKE_FRAME_COUNT * 2;
	free = page_free_count();
	CHECK_EQ(page_claim(d, free + 1), -ENOMEM);
	CHECK_EQ(page_claim(d, free - 10), 0);
	CHECK_EQ(page_claimed_count(), free - 10);
	CHECK_TRUE(!page_alloc_domain(other, 4, 0));
	CHECK_TRUE(page_alloc_domain(d, 4, 0));
	CHECK_EQ(page_claimed_count(), free - 26);
	pg = page_alloc_domain(other, 3, 0);
	CHECK_TRUE(pg);
	CHECK_EQ(page_claim(d, 0), 0);
	CHECK_EQ(page_claimed_count(), 0);
	CHECK_TRUE(page_alloc_domain(other, 4, 0));
	fake_domain_destroy(d);
	fake_domain_destroy(other);
}

TEST(page_small_objects)
{
	static uint8_t *objects[400];
	uint64_t before;

	fake_memory_init();
	before = page_free_count();
	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++) {
		size_t size = 1 + i * 13;

		objects[i] = hv_alloc(size);
		CHECK_TRUE(objects[i] && all_zero(objects[i], size));
		if (size >= 64) {
			CHECK_TRUE(IS_ALIGNED((uintptr_t)objects[i], 64));
		}
		memset(objects[i], (int)i, size);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++) {
		size_t size = 1 + i * 13;

		CHECK_TRUE(objects[i][0] == (uint8_t)i && objects[i][size - 1] == (uint8_t)i);
		hv_free(objects[i]);
	}
	CHECK_TRUE(!hv_alloc(MIB(2) + 1));
	hv_free(NULL);
	CHECK_EQ(page_free_count(), before);
}

static void free_it(void *p)
{
	hv_free(p);
}

TEST(page_double_free_is_noticed)
{
	void *keep, *p;

	fake_memory_init();
	keep = hv_alloc(100);
	p = hv_alloc(100);
	hv_free(p);
	CHECK_PANICS(free_it, p);
	/* The class's lock is lost with the panic: leave the class alone from here on. */
	CHECK_TRUE(keep);
}

/* Threads allocate, mark, check and free. ----------------------------------------------------------- */

static void churn(void *arg)
{
	struct unit_random r = { (uintptr_t)arg };
	struct page_info *held[16] = { NULL };
	unsigned int orders[16];

	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t x = unit_random(&r);
		unsigned int n = x % 16;

		if (held[n]) {
			if (*(uint64_t *)page_to_virt(held[n]) != (uintptr_t)arg) {
				unit_fail(__FILE__, __LINE__, "a block has two users");
			}
			page_free(held[n], orders[n]);
			held[n] = NULL;
			continue;
		}
		orders[n] = (x >> 8) % 5;
		held[n] = page_alloc(orders[n], ALLOC_NO_SCRUB);
		if (held[n]) {
			*(uint64_t *)page_to_virt(held[n]) = (uintptr_t)arg;
		}
	}
	for (unsigned int n = 0; n < 16; n++) {
		if (held[n]) {
			page_free(held[n], orders[n]);
		}
	}
}

TEST(page_race)
{
	uint64_t before;

	fake_memory_init();
	before = page_free_count();
	unit_thread_start(0, churn, (void *)1);
	unit_thread_start(1, churn, (void *)2);
	unit_thread_start(2, churn, (void *)3);
	for (unsigned int i = 0; i < 3; i++) {
		unit_thread_join(i);
	}
	CHECK_EQ(page_free_count(), before);
}
