/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log-dirty on real tables, with a CPU that is played by the test: it writes by the rules of the
 * format. */
#include "unit.h"
#include <asm/fake.h>
#include <asm/vmm.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/grant.h>
#include <hv/iommu.h>
#include <hv/lib.h>
#include <hv/p2m.h>
#include <hv/rcu.h>
#include <hv/sched.h>
#include <p2m_internal.h>

#define LARGE_GFN    512u /* a leaf of 2 MiB */
#define PML_BIT	     BIT(9)
#define MODEL_FRAMES 1024u

static struct domain *d;
static unsigned int pauses, flushes, flushed_lists, starts, stops;
static bool listing; /* the CPU lists writes */
static uint64_t listed[64];
static unsigned int listed_count;
static uint8_t *bitmap;

static uint64_t pte_leaf(mfn_t m, enum p2m_type t, unsigned int level)
{
	uint64_t e = (m.v << PAGE_SHIFT) | 1 | BIT(2) | PML_BIT;

	return t == P2M_POD || t == P2M_INVALID ? 0 : t == P2M_RAM_RW ? e | P2M_PTE_WRITE : e;
}

static void flush_p2m(struct domain *of)
{
	flushes++;
}

static uint64_t list_writes(struct domain *of, enum vmm_log_dirty what)
{
	CHECK_EQ(pauses, 1);
	switch (what) {
	case LOG_DIRTY_START:
		starts++;
		listing = true;
		return PML_BIT;
	case LOG_DIRTY_STOP:
		stops++;
		listing = false;
		listed_count = 0;
		return 0;
	case LOG_DIRTY_FLUSH:
		flushed_lists++;
		while (listed_count) {
			p2m_log_dirty_mark(of, gfn(listed[--listed_count]));
		}
		return 0;
	}
	return 0;
}

static const struct vmm_ops protecting = {.pte_leaf = pte_leaf, .flush_p2m = flush_p2m};
static const struct vmm_ops with_list = {
    .pte_leaf = pte_leaf, .flush_p2m = flush_p2m, .log_dirty = list_writes};
const struct vmm_ops *vmm;
unsigned long cpu_online_map = 1;

void cpu_call(unsigned long mask, void (*fn)(void *arg), void *arg)
{
	CHECK_EQ(mask, 0);
}
void domain_pause(struct domain *of)
{
	pauses++;
}
void domain_unpause(struct domain *of)
{
	pauses--;
}
void rcu_defer(struct rcu_head *head, void (*fn)(struct rcu_head *h))
{
	fn(head);
}
void vcpu_mark_pinned(struct vcpu *v)
{
	p2m_log_dirty_mark(d, gfn(7));
}
void event_mark_pinned(struct domain *of)
{
	p2m_log_dirty_mark(of, gfn(8));
}
bool grant_mark_pinned(struct domain *of, uint32_t *next)
{
	p2m_log_dirty_mark(of, gfn(10 + *next));
	return ++*next < 3;
}
int iommu_map(struct domain *of, uint64_t dfn, mfn_t m, unsigned int order, unsigned int rw)
{
	return -ENODEV;
}
int iommu_unmap(struct domain *of, uint64_t dfn, unsigned int order)
{
	return -ENODEV;
}
int p2m_pod_fill(struct domain *of, gfn_t g)
{
	return -ENOMEM;
}

static void setup(const struct vmm_ops *ops)
{
	fake_memory_init();
	vmm = ops;
	p2m_largest_level = 3;
	pauses = flushes = flushed_lists = starts = stops = listed_count = 0;
	listing = false;
	fake_preempt_after = 0;
	if (!bitmap) {
		bitmap = fake_guest_buffer(4096);
	}
	d = hv_alloc(sizeof(*d));
	d->arch.phys_bits = 48;
	CHECK_EQ(p2m_init(d), 0);
	CHECK_EQ(p2m_set(d, gfn(0), mfn(0x1000), 6, P2M_RAM_RW), 0);
	CHECK_EQ(p2m_set(d, gfn(64), mfn(0x2000), 0, P2M_RAM_RO), 0);
	CHECK_EQ(p2m_set(d, gfn(LARGE_GFN), mfn(0x2200), ORDER_2M, P2M_RAM_RW), 0);
}

static void teardown(void)
{
	CHECK_EQ(pauses, 0);
	CHECK_EQ(p2m_teardown(d), 0);
	hv_free(d);
}

static uint64_t entry(uint64_t g, unsigned int *level)
{
	uint64_t *slot = p2m_slot(d->p2m, g, level);

	CHECK_TRUE(slot);
	return *slot;
}

static unsigned int level_of(uint64_t g)
{
	unsigned int level = 1;

	entry(g, &level);
	return level;
}

/* The guest writes to g: how often it faulted. */
static unsigned int cpu_writes(uint64_t g)
{
	unsigned int faults = 0, level = 1;

	while (!(entry(g, &level) & P2M_PTE_WRITE)) {
		CHECK_TRUE(faults++ < 2);
		p2m_log_dirty_fault(d, gfn(g));
	}
	if (listing && !(entry(g, &level) & PML_BIT)) {
		*p2m_slot(d->p2m, g, &level) |= PML_BIT;
		CHECK_TRUE(listed_count < ARRAY_SIZE(listed));
		listed[listed_count++] = g;
	}
	return faults;
}

static int op(uint32_t what, uint32_t mode, uint64_t pages, struct xen_domctl_shadow_op *s)
{
	*s = (struct xen_domctl_shadow_op){.op = what, .mode = mode, .pages = pages};
	s->dirty_bitmap.p = (void *)bitmap;
	memset(bitmap, 0xff, 4096);
	return p2m_shadow_op(d, s);
}

static int simple(uint32_t what)
{
	struct xen_domctl_shadow_op s;

	return op(what, 0, MODEL_FRAMES, &s);
}

static bool given(uint64_t g)
{
	return bitmap[g / 8] >> g % 8 & 1;
}

static unsigned int given_count(void)
{
	unsigned int n = 0;

	for (uint64_t g = 0; g < MODEL_FRAMES; g++) {
		n += given(g);
	}
	return n;
}

/* Cleans; the count of frames that were given is what is expected, and those named are among them.
 */
static void expect_clean(unsigned int count, uint64_t a, uint64_t b)
{
	CHECK_EQ(simple(XEN_DOMCTL_SHADOW_OP_CLEAN), 0);
	CHECK_EQ(given_count(), count);
	CHECK_TRUE(count == 0 || (given(a) && given(b)));
}

static void all_writable_again(void)
{
	unsigned int level = 1;

	for (uint64_t g = 0; g < MODEL_FRAMES; g++) {
		uint64_t e = entry(g, &level);

		CHECK_TRUE(p2m_entry_type(e) != P2M_RAM_RW || (e & P2M_PTE_WRITE));
		CHECK_TRUE(p2m_entry_type(e) != P2M_RAM_RO || !(e & P2M_PTE_WRITE));
	}
}

TEST(p2m_dirty_protects_and_splits)
{
	setup(&protecting);
	CHECK_EQ(cpu_writes(3), 0);
	CHECK_EQ(simple(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), 0);
	CHECK_EQ(flushes, 1);
	CHECK_EQ(level_of(LARGE_GFN), 2);
	CHECK_EQ(cpu_writes(3), 1);
	CHECK_EQ(cpu_writes(3), 0);
	CHECK_EQ(cpu_writes(LARGE_GFN + 100), 1);
	CHECK_EQ(level_of(LARGE_GFN), 1);
	CHECK_EQ(simple(XEN_DOMCTL_SHADOW_OP_PEEK), 0);
	CHECK_EQ(given_count(), 2);
	CHECK_EQ(flushes, 1);
	expect_clean(2, 3, LARGE_GFN + 100);
	CHECK_EQ(flushes, 2);
	expect_clean(0, 0, 0);
	CHECK_EQ(flushes, 2);
	CHECK_EQ(cpu_writes(3), 1);
	CHECK_EQ(cpu_writes(LARGE_GFN + 101), 1);
	expect_clean(2, 3, LARGE_GFN + 101);
	CHECK_EQ(simple(XEN_DOMCTL_SHADOW_OP_OFF), 0);
	all_writable_again();
	CHECK_TRUE(!d->log_dirty);
	/* The next time begins empty. */
	CHECK_EQ(cpu_writes(5), 0);
	CHECK_EQ(simple(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), 0);
	expect_clean(0, 0, 0);
	teardown();
}

TEST(p2m_dirty_without_memory_for_a_split)
{
	setup(&protecting);
	CHECK_EQ(simple(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), 0);
	d->p2m->table_limit = d->p2m->table_count;
	CHECK_EQ(cpu_writes(LARGE_GFN + 100), 1);
	CHECK_EQ(level_of(LARGE_GFN), 2);
	CHECK_EQ(cpu_writes(LARGE_GFN + 3), 0);
	expect_clean(512, LARGE_GFN, LARGE_GFN + 511);
	CHECK_EQ(cpu_writes(LARGE_GFN + 3), 1);
	expect_clean(512, LARGE_GFN, LARGE_GFN + 511);
	CHECK_EQ(simple(XEN_DOMCTL_SHADOW_OP_OFF), 0);
	all_writable_again();
	teardown();
}

TEST(p2m_dirty_with_the_cpus_list)
{
	unsigned int level = 1;

	setup(&with_list);
	CHECK_EQ(simple(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), 0);
	CHECK_EQ(starts, 1);
	CHECK_TRUE((entry(3, &level) & (P2M_PTE_WRITE | PML_BIT)) == P2M_PTE_WRITE);
	CHECK_EQ(cpu_writes(3), 0);
	CHECK_EQ(listed_count, 1);
	/* A large leaf faults; its pieces list from then on. */
	CHECK_EQ(cpu_writes(LARGE_GFN + 100), 1);
	CHECK_EQ(cpu_writes(LARGE_GFN + 101), 0);
	CHECK_EQ(listed_count, 3);
	expect_clean(3, 3, LARGE_GFN + 101);
	CHECK_TRUE(given(LARGE_GFN + 100));
	CHECK_EQ(flushed_lists, 1);
	CHECK_EQ(listed_count, 0);
	expect_clean(0, 0, 0);
	CHECK_EQ(cpu_writes(3), 0);
	CHECK_EQ(cpu_writes(LARGE_GFN + 100), 0);
	expect_clean(2, 3, LARGE_GFN + 100);
	CHECK_EQ(cpu_writes(4), 0);
	CHECK_EQ(simple(XEN_DOMCTL_SHADOW_OP_OFF), 0);
	CHECK_EQ(stops, 1);
	all_writable_again();
	teardown();
}

TEST(p2m_dirty_changes_of_the_map_count)
{
	setup(&protecting);
	CHECK_EQ(simple(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), 0);
	CHECK_EQ(p2m_set(d, gfn(100), mfn(0x3000), 0, P2M_RAM_RW), 0);
	CHECK_EQ(p2m_set(d, gfn(5), INVALID_MFN, 0, P2M_INVALID), 0);
	expect_clean(2, 100, 5);
	CHECK_EQ(cpu_writes(100), 1);
	/* What is split for another reason stays watched. */
	CHECK_EQ(p2m_set(d, gfn(LARGE_GFN + 9), INVALID_MFN, 0, P2M_INVALID), 0);
	expect_clean(2, 100, LARGE_GFN + 9);
	CHECK_EQ(cpu_writes(LARGE_GFN + 10), 1);
	expect_clean(1, LARGE_GFN + 10, LARGE_GFN + 10);
	teardown();
}

TEST(p2m_dirty_goes_on_where_it_was)
{
	struct xen_domctl_shadow_op s;
	unsigned int rounds = 0;

	setup(&protecting);
	CHECK_EQ(p2m_set(d, gfn(100000), mfn(0x5000), 0, P2M_RAM_RW), 0);
	fake_preempt_after = 1;
	CHECK_EQ(op(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, 0, &s), -ERESTART);
	CHECK_EQ(op(XEN_DOMCTL_SHADOW_OP_OFF, 0, 0, &s), -EBUSY);
	CHECK_EQ(op(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, 0, &s), 0);
	CHECK_EQ(cpu_writes(100000), 1);
	CHECK_EQ(cpu_writes(4), 1);
	for (int rc = -ERESTART; rc == -ERESTART; rounds++) {
		s = (struct xen_domctl_shadow_op){.op = XEN_DOMCTL_SHADOW_OP_CLEAN, .pages = 30000};
		s.dirty_bitmap.p = (void *)bitmap;
		fake_preempt_after = 1;
		rc = p2m_shadow_op(d, &s);
		CHECK_TRUE(rc == 0 || rc == -ERESTART);
	}
	CHECK_EQ(rounds, 8);
	CHECK_EQ(given_count(), 1);
	CHECK_EQ(s.stats.dirty_count, 2);
	fake_preempt_after = 0;
	/* What lay beyond is still there. */
	CHECK_EQ(d->p2m->dirty.map.count, 1);
	teardown();
}

TEST(p2m_dirty_keeps_what_nobody_got)
{
	struct xen_domctl_shadow_op s = {.op = XEN_DOMCTL_SHADOW_OP_CLEAN, .pages = 64};

	setup(&protecting);
	CHECK_EQ(simple(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), 0);
	CHECK_EQ(cpu_writes(4), 1);
	CHECK_EQ(cpu_writes(20), 1);
	s.dirty_bitmap.p = (void *)16;
	CHECK_EQ(p2m_shadow_op(d, &s), -EFAULT);
	/* A bitmap that ends early. */
	CHECK_EQ(op(XEN_DOMCTL_SHADOW_OP_CLEAN, 0, 9, &s), 0);
	CHECK_EQ(bitmap[0], 1u << 4);
	CHECK_EQ(bitmap[1], 0);
	CHECK_EQ(bitmap[2], 0xff);
	expect_clean(1, 20, 20);
	teardown();
}

TEST(p2m_dirty_pinned_frames_come_last)
{
	struct xen_domctl_shadow_op s;

	setup(&protecting);
	CHECK_EQ(simple(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), 0);
	expect_clean(0, 0, 0);
	CHECK_EQ(op(XEN_DOMCTL_SHADOW_OP_CLEAN, XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL, MODEL_FRAMES, &s),
		 0);
	/* No vCPU here; the event's frame and three grants. */
	CHECK_EQ(given_count(), 4);
	CHECK_TRUE(given(8) && given(10) && given(11) && given(12));
	CHECK_EQ(s.stats.dirty_count, 4);
	teardown();
}

static unsigned int vram_bits(void)
{
	memset(bitmap, 0, 16);
	CHECK_EQ(p2m_vram_track(d, gfn(2), 12, fake_gva(bitmap)), 0);
	return bitmap[0] | (unsigned int)bitmap[1] << 8;
}

TEST(p2m_dirty_display_beside_a_migration)
{
	setup(&protecting);
	CHECK_EQ(vram_bits(), 0xffff);
	CHECK_EQ(vram_bits(), 0);
	CHECK_EQ(cpu_writes(3), 1);
	CHECK_EQ(cpu_writes(14), 0);
	CHECK_EQ(simple(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), 0);
	CHECK_EQ(cpu_writes(4), 1);
	expect_clean(1, 4, 4);
	CHECK_EQ(vram_bits(), 6);
	CHECK_EQ(cpu_writes(5), 1);
	CHECK_EQ(vram_bits(), 8);
	CHECK_EQ(cpu_writes(5), 1);
	expect_clean(1, 5, 5);
	CHECK_EQ(simple(XEN_DOMCTL_SHADOW_OP_OFF), 0);
	CHECK_TRUE(d->log_dirty);
	/* Nothing was watched for a moment. */
	CHECK_EQ(vram_bits(), 0xfff);
	CHECK_EQ(vram_bits(), 0);
	CHECK_EQ(cpu_writes(13), 1);
	CHECK_EQ(vram_bits(), 1u << 11);
	CHECK_EQ(p2m_vram_track(d, gfn(2), 0, fake_gva(bitmap)), 0);
	CHECK_TRUE(!d->log_dirty);
	teardown();
}
