/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARM's stage-2 tables beside a CPU that caches all that it sees: an entry that is valid never
 * turns into another valid one without an invalidation in between, and contiguous bits stand on
 * whole groups (DDI 0487 D8.6.1, D8.14.1).
 */
#include "unit.h"
#include "../../hypervisor/arch/arm-common/p2m_dma.h"
#include <asm/fake.h>
#include <asm/p2m.h>
#include <asm/paging.h>
#include <asm/stage2.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/hypercall.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/page.h>

#define GFNS	   0x4000u /* that the test uses */
#define GROUP	   16u
#define LARGE	   512u
#define LARGE_MFN  0x2000u /* aligned for a group of large leaves, of which it has one */
#define VALID	   BIT(0)
#define TABLE	   BIT(1)
#define CONTIGUOUS BIT(52)
#define ADDR	   0x0000fffffffff000UL

static struct domain dom;
static struct cpu cpu;
static unsigned int flushes;
static struct {
	uint64_t m;
	unsigned int level;
	bool known, contiguous;
} tlb[GFNS];
static uint64_t model[GFNS]; /* frame, 0: none */

_Thread_local bool fake_irqs_off;

struct cpu *this_cpu(void)
{
	return &cpu;
}

bool hypercall_should_preempt(void)
{
	return false;
}

void cache_clean_invalidate_range(const void *p, size_t len)
{
}

/* No devices. */
int p2m_dma_init(struct domain *d)
{
	return 0;
}

void p2m_dma_destroy(struct domain *d)
{
}

int p2m_dma_follow(struct domain *d, uint64_t g, uint64_t m, unsigned int order, enum p2m_type t,
		   bool *flush)
{
	return 0;
}

int p2m_dma_grant(struct domain *d, uint64_t m, enum p2m_type t, bool *flush)
{
	return 0;
}

void p2m_dma_ungrant(struct domain *d, uint64_t m, enum p2m_type t, bool *flush)
{
}

int iommu_unmap(struct domain *d, uint64_t dfn, unsigned int order)
{
	return 0;
}

void iommu_flush(struct domain *d)
{
}

/* The entry that the CPU's walk of g ends in, and its neighbours; *level as in p2m.c. */
static const uint64_t *hardware_walk(uint64_t g, unsigned int *level)
{
	const uint64_t *slot = (const uint64_t *)hpa_to_virt(p2m_root(&dom)) + (g >> 18);

	for (*level = 3; *level > 1 && (*slot & VALID) && (*slot & TABLE); --*level) {
		slot = (const uint64_t *)hpa_to_virt(hpa(*slot & ADDR)) +
		       (g >> (9 * (*level - 2)) & 511);
	}
	return slot;
}

static void check_group(const uint64_t *slot, unsigned int level)
{
	const uint64_t *first =
	    (const uint64_t *)((uintptr_t)slot & ~(uintptr_t)(GROUP * sizeof(*slot) - 1));
	uint64_t step = BIT(9 * (level - 1)) << PAGE_SHIFT;

	CHECK_TRUE(level <= 2);
	CHECK_TRUE(IS_ALIGNED(*first & ADDR, GROUP * step));
	for (unsigned int i = 0; i < GROUP; i++) {
		CHECK_EQ(first[i], *first + i * step);
	}
}

/* The CPU looks at everything and keeps it. */
static void look(void)
{
	for (uint64_t g = 0; g < GFNS;) {
		unsigned int level;
		const uint64_t *slot = hardware_walk(g, &level);
		uint64_t e = *slot, width = BIT(9 * (level - 1));

		if ((e & VALID) && (e & CONTIGUOUS)) {
			check_group(slot, level);
		}
		for (uint64_t i = g & (width - 1); i < width && g < GFNS; i++, g++) {
			uint64_t m = ((e & ADDR) >> PAGE_SHIFT) + i;

			if (!(e & VALID)) {
				continue;
			}
			CHECK_TRUE(!tlb[g].known || (tlb[g].m == m && tlb[g].level == level &&
						     tlb[g].contiguous == !!(e & CONTIGUOUS)));
			tlb[g].m = m;
			tlb[g].level = level;
			tlb[g].contiguous = e & CONTIGUOUS;
			tlb[g].known = true;
		}
	}
}

void stage2_flush(uint64_t vttbr)
{
	flushes++;
	if (dom.p2m) {
		look();
	}
	memset(tlb, 0, sizeof(tlb));
}

/* What is mapped is what was asked for, and nothing that is gone is still in use. */
static void compare(void)
{
	look();
	for (uint64_t g = 0; g < GFNS; g++) {
		enum p2m_type t;
		mfn_t m = p2m_lookup(&dom, gfn(g), &t, NULL);

		CHECK_EQ(t, model[g] ? P2M_RAM_RW : P2M_INVALID);
		CHECK_TRUE(!model[g] || m.v == model[g]);
		CHECK_EQ(tlb[g].known, model[g] != 0);
		CHECK_TRUE(!model[g] || tlb[g].m == model[g]);
	}
}

static void map(uint64_t g, uint64_t m, unsigned int order)
{
	CHECK_EQ(p2m_set(&dom, gfn(g), mfn(m), order, P2M_RAM_RW), 0);
	for (uint64_t i = 0; i < BIT(order); i++) {
		model[g + i] = m + i;
	}
}

static void unmap(uint64_t g, unsigned int order)
{
	CHECK_EQ(p2m_set(&dom, gfn(g), INVALID_MFN, order, P2M_INVALID), 0);
	memset(&model[g], 0, sizeof(model[0]) << order);
}

static bool contiguous(uint64_t g)
{
	unsigned int level;

	return *hardware_walk(g, &level) & CONTIGUOUS;
}

static void start(void)
{
	fake_memory_init();
	memset(&dom, 0, sizeof(dom));
	memset(tlb, 0, sizeof(tlb));
	memset(model, 0, sizeof(model));
	CHECK_EQ(p2m_init(&dom), 0);
	flushes = 0;
}

static void end(void)
{
	CHECK_EQ(p2m_teardown(&dom), 0);
}

TEST(p2m_arm_pages_in_a_row)
{
	start();
	for (uint64_t i = 0; i < GROUP; i++) {
		CHECK_TRUE(!contiguous(0x40));
		map(0x40 + i, 0x800 + i, 0);
		compare();
	}
	CHECK_TRUE(contiguous(0x40) && contiguous(0x4f));
	/* one of them goes, and comes back */
	unmap(0x47, 0);
	compare();
	CHECK_TRUE(!contiguous(0x40) && !contiguous(0x4f));
	map(0x47, 0x807, 0);
	compare();
	CHECK_TRUE(contiguous(0x47));
	/* the same again is no change */
	flushes = 0;
	map(0x47, 0x807, 0);
	CHECK_EQ(flushes, 0);
	map(0x47, 0x900, 0);
	compare();
	CHECK_TRUE(!contiguous(0x40));
	end();
}

TEST(p2m_arm_pages_that_are_no_row)
{
	start();
	/* not aligned in the machine; one in the wrong place; one that may not be written */
	map(0x40, 0x801, 4);
	CHECK_TRUE(!contiguous(0x40));
	map(0x80, 0x810, 3);
	map(0x88, 0x819, 0);
	map(0x89, 0x818, 0);
	map(0x8a, 0x81a, 1);
	map(0x8c, 0x81c, 2);
	CHECK_TRUE(!contiguous(0x80));
	map(0xc0, 0x820, 4);
	CHECK_TRUE(contiguous(0xc0));
	CHECK_EQ(p2m_set(&dom, gfn(0xc3), mfn(0x823), 0, P2M_RAM_RO), 0);
	CHECK_TRUE(!contiguous(0xc0));
	look();
	end();
}

TEST(p2m_arm_large_leaves_in_a_row)
{
	start();
	for (uint64_t i = 0; i < GROUP; i++) {
		map(i * LARGE, LARGE_MFN + i * LARGE, 9);
	}
	compare();
	CHECK_TRUE(contiguous(0) && contiguous(GROUP * LARGE - 1));
	/* a page of one: its leaf becomes a table, whose other pages are in rows */
	map(5 * LARGE + 20, 0x777, 0);
	compare();
	CHECK_TRUE(!contiguous(0) && !contiguous(6 * LARGE));
	CHECK_TRUE(contiguous(5 * LARGE) && !contiguous(5 * LARGE + 16) &&
		   contiguous(5 * LARGE + 32));
	end();
}

TEST(p2m_arm_random_changes)
{
	static const uint8_t orders[] = {0, 0, 0, 1, 2, 4, 5, 9, 9, 10};
	struct unit_random r = {7};

	start();
	for (unsigned int i = 0; i < 400; i++) {
		unsigned int order = orders[unit_random(&r) % ARRAY_SIZE(orders)];
		uint64_t span = order >= 9 ? GFNS : 2 * LARGE;
		uint64_t g = (unit_random(&r) % span) & ~(BIT(order) - 1);
		uint64_t shift = unit_random(&r) % 4 ? 0 : 1 + unit_random(&r) % 40;

		if (unit_random(&r) % 3) {
			/* mostly where it would be in a row with its neighbours */
			uint64_t m = LARGE_MFN + (g & (0x1fff & ~(BIT(order) - 1))) + shift;

			map(g, MIN(m, FAKE_FIRST_MFN + FAKE_FRAME_COUNT - BIT(order)), order);
		} else {
			unmap(g, order);
		}
		compare();
	}
	end();
}

/* Between the removal and its flush another vCPU maps something there. */
TEST(p2m_arm_removed_and_not_flushed)
{
	bool flush = false;

	start();
	map(0x40, 0x800, 0);
	compare();
	CHECK_EQ(p2m_remove_if_noflush(&dom, gfn(0x40), mfn(0x800), P2M_RAM_RW, &flush), 0);
	CHECK_TRUE(flush);
	map(0x40, 0x900, 0);
	compare();
	flushes = 0;
	p2m_flush(&dom);
	CHECK_EQ(flushes, 1);
	/* nothing is left: no flush for what comes next */
	flushes = 0;
	map(0x41, 0x901, 0);
	CHECK_EQ(flushes, 0);
	/* a table in the place of a large leaf */
	map(LARGE, LARGE_MFN, 9);
	look();
	flush = false;
	CHECK_EQ(p2m_set_noflush(&dom, gfn(LARGE), INVALID_MFN, 9, P2M_INVALID, &flush), 0);
	CHECK_TRUE(flush);
	memset(&model[LARGE], 0, sizeof(model[0]) * LARGE);
	map(LARGE + 3, 0x902, 0);
	compare();
	end();
}

TEST(p2m_arm_changes_while_it_goes)
{
	start();
	map(0x40, 0x800, 4);
	map(0x50, 0x900, 0);
	CHECK_TRUE(contiguous(0x40));
	dom.dying = DOMAIN_DYING;
	/* What is taken out at the end leaves its neighbours' bits, which nobody uses any more. */
	CHECK_EQ(p2m_remove_if(&dom, gfn(0x44), mfn(0x804), P2M_RAM_RW), 0);
	CHECK_TRUE(!contiguous(0x40));
	end();
}
