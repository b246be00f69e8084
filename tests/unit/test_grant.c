/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables: granter dom1, user dom2, a third party, hostile tables and racing vCPUs. */
#include "unit.h"
#include <asm/fake.h>
#include <hv/errno.h>
#include <hv/grant.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/p2m.h>
#include <xen/grant_table.h>
#include <xen/memory.h>

#define GFN_DATA	100u		/* granter's pages */
#define GFN_MAP		200u		/* holes of the user's */
#define OPS_MAX		128u

static struct domain *dom1, *dom2, *dom3;
static uint64_t frames_before;
static uint8_t *op_buffer;
static uint8_t *data;

const bool arch_grant_cache_flush = true;
static unsigned int cleaned, invalidated;
static const void *flushed;
static size_t flushed_length;

void arch_cache_clean(const void *p, size_t len)
{
	cleaned++;
	flushed = p;
	flushed_length = len;
}

void arch_cache_clean_invalidate(const void *p, size_t len)
{
	invalidated++;
	arch_cache_clean(p, len);
}

static struct domain *domain_with_grants(uint16_t id)
{
	struct domain *d = fake_domain_create(id, 2);

	CHECK_EQ(grant_init(d, 4, 2, 2), 0);
	return d;
}

static void setup(void)
{
	fake_memory_init();
	if (!op_buffer) {
		op_buffer = fake_guest_buffer(OPS_MAX * 64);
	}
	fake_preempt_after = 0;
	frames_before = page_free_count();
	dom1 = domain_with_grants(1);
	dom2 = domain_with_grants(2);
	dom3 = domain_with_grants(3);
	data = fake_domain_page(dom1, GFN_DATA);
	fake_set_current(dom2->vcpu[0]);
}

static void end_domain(struct domain *d)
{
	CHECK_EQ(d->refs, 1);
	grant_destroy(d);
	fake_domain_destroy(d);
}

static void teardown(void)
{
	while (grant_relinquish_mappings(dom1) || grant_relinquish_mappings(dom2) ||
	       grant_relinquish_mappings(dom3)) {
	}
	end_domain(dom1);
	end_domain(dom2);
	end_domain(dom3);
	CHECK_EQ(page_free_count(), frames_before);
}

/* The guest's view of a table frame. */
static void *table_frame(struct domain *d, unsigned long idx)
{
	struct page_info *pg = NULL;

	CHECK_EQ(grant_frame_for_map(d, idx, &pg), 0);
	page_put(pg);
	return page_to_virt(pg);
}

static struct grant_entry_v1 *v1(struct domain *d)
{
	return table_frame(d, 0);
}

static union grant_entry_v2 *v2(struct domain *d)
{
	return table_frame(d, 0);
}

static grant_status_t *status_words(struct domain *d)
{
	return table_frame(d, XENMAPIDX_grant_table_status);
}

static void give(uint32_t ref, uint16_t to, uint32_t g, uint16_t flags)
{
	struct grant_entry_v1 *e = v1(dom1) + ref;

	e->domid = to;
	e->frame = g;
	__atomic_store_n(&e->flags, (uint16_t)(GTF_permit_access | flags), __ATOMIC_SEQ_CST);
}

static long grant_op(uint32_t cmd, void *ops, size_t size, uint32_t count)
{
	struct hypercall_args a = { { cmd, fake_gva(op_buffer).v, count } };
	long rc;

	CHECK_TRUE(size * count <= OPS_MAX * 64);
	memcpy(op_buffer, ops, size * count);
	do {
		rc = hypercall_grant_table_op(&a);
		memcpy(a.v, current->hypercall_args, sizeof(a.v));
	} while (rc == -ERESTART);
	memcpy(ops, op_buffer, size * count);
	return rc;
}

#define GRANT_OP(name, op_ptr, count) grant_op(GNTTABOP_##name, op_ptr, sizeof(*(op_ptr)), count)

static int map_flags(uint16_t dom, uint32_t ref, uint32_t flags, uint64_t g, uint32_t *handle)
{
	struct gnttab_map_grant_ref op = {
		.host_addr = g << PAGE_SHIFT, .flags = flags, .ref = ref, .dom = dom,
	};

	CHECK_EQ(GRANT_OP(map_grant_ref, &op, 1), 0);
	*handle = op.handle;
	if (op.status == GNTST_okay) {
		CHECK_EQ(op.dev_bus_addr >> PAGE_SHIFT, page_to_mfn(virt_to_page(data)).v);
	}
	return op.status;
}

static int map(uint32_t ref, uint64_t g, uint32_t *handle)
{
	return map_flags(1, ref, GNTMAP_host_map, g, handle);
}

static int map_ro(uint32_t ref, uint64_t g, uint32_t *handle)
{
	return map_flags(1, ref, GNTMAP_host_map | GNTMAP_readonly, g, handle);
}

static int unmap_at(uint64_t g, uint32_t handle)
{
	struct gnttab_unmap_grant_ref op = { .host_addr = g << PAGE_SHIFT, .handle = handle };

	CHECK_EQ(GRANT_OP(unmap_grant_ref, &op, 1), 0);
	return op.status;
}

static enum p2m_type type_at(struct domain *d, uint64_t g)
{
	enum p2m_type t;

	p2m_lookup(d, gfn(g), &t, NULL);
	return t;
}

TEST(grant_map_and_unmap)
{
	uint32_t h, h2;

	setup();
	give(10, 2, GFN_DATA, 0);
	CHECK_EQ(map(10, GFN_MAP, &h), GNTST_okay);
	CHECK_EQ(type_at(dom2, GFN_MAP), P2M_GRANT_RW);
	CHECK_EQ(v1(dom1)[10].flags, GTF_permit_access | GTF_reading | GTF_writing);
	CHECK_EQ(dom1->refs, 2);
	CHECK_EQ(virt_to_page(data)->refs, 2);
	CHECK_EQ(map_ro(10, GFN_MAP + 1, &h2), GNTST_okay);
	CHECK_TRUE(h != h2);
	CHECK_EQ(type_at(dom2, GFN_MAP + 1), P2M_GRANT_RO);
	CHECK_EQ(unmap_at(GFN_MAP, h), GNTST_okay);
	CHECK_EQ(v1(dom1)[10].flags, GTF_permit_access | GTF_reading);
	CHECK_EQ(unmap_at(GFN_MAP, h), GNTST_bad_handle);
	CHECK_EQ(unmap_at(GFN_MAP + 1, h2), GNTST_okay);
	CHECK_EQ(v1(dom1)[10].flags, GTF_permit_access);
	CHECK_EQ(type_at(dom2, GFN_MAP), P2M_INVALID);
	CHECK_EQ(virt_to_page(data)->refs, 1);
	CHECK_EQ(dom1->refs, 1);
	teardown();
}

TEST(grant_map_refusals)
{
	uint32_t h;

	setup();
	give(10, 2, GFN_DATA, 0);
	give(11, 3, GFN_DATA, 0);
	give(12, 2, GFN_DATA, GTF_readonly);
	give(13, 2, GFN_DATA + 50, 0);
	give(14, 2, GFN_DATA, GTF_PCD);
	give(15, 2, GFN_DATA, GTF_sub_page);
	CHECK_EQ(map_flags(1, 10, 0, GFN_MAP, &h), GNTST_bad_gntref);
	CHECK_EQ(map_flags(1, 10, GNTMAP_readonly, GFN_MAP, &h), GNTST_bad_gntref);
	CHECK_EQ(map_flags(1, 10, GNTMAP_host_map | GNTMAP_device_map, GFN_MAP, &h),
		 GNTST_general_error);
	CHECK_EQ(map_flags(1, 10, GNTMAP_host_map | GNTMAP_contains_pte, GFN_MAP, &h),
		 GNTST_general_error);
	CHECK_EQ(map_flags(9, 10, GNTMAP_host_map, GFN_MAP, &h), GNTST_bad_domain);
	CHECK_EQ(map_flags(DOMID_SELF, 10, GNTMAP_host_map, GFN_MAP, &h), GNTST_bad_domain);
	CHECK_EQ(map(512, GFN_MAP, &h), GNTST_bad_gntref);
	CHECK_EQ(map(~0u, GFN_MAP, &h), GNTST_bad_gntref);
	CHECK_EQ(map(9, GFN_MAP, &h), GNTST_general_error);
	CHECK_EQ(map(11, GFN_MAP, &h), GNTST_general_error);
	CHECK_EQ(map(12, GFN_MAP, &h), GNTST_general_error);
	CHECK_EQ(map_ro(12, GFN_MAP, &h), GNTST_okay);
	CHECK_EQ(map(12, GFN_MAP + 1, &h), GNTST_general_error);
	CHECK_EQ(v1(dom1)[12].flags, GTF_permit_access | GTF_readonly | GTF_reading);
	CHECK_EQ(map(13, GFN_MAP + 2, &h), GNTST_bad_page);
	CHECK_EQ(v1(dom1)[13].flags, GTF_permit_access);
	CHECK_EQ(map(14, GFN_MAP + 2, &h), GNTST_general_error);
	CHECK_EQ(map(15, GFN_MAP + 2, &h), GNTST_general_error);
	/* No such frame number in the user's own space. */
	CHECK_EQ(map(10, FAKE_GFN_COUNT, &h), GNTST_general_error);
	CHECK_EQ(v1(dom1)[10].flags, GTF_permit_access);
	teardown();
}

TEST(grant_foreign_pages_are_not_grantable)
{
	struct page_info *pg;
	uint32_t h;

	setup();
	pg = virt_to_page(fake_domain_page(dom3, 5));
	CHECK_EQ(p2m_set(dom1, gfn(GFN_DATA + 1), page_to_mfn(pg), 0, P2M_FOREIGN), 0);
	give(10, 2, GFN_DATA + 1, 0);
	CHECK_EQ(map(10, GFN_MAP, &h), GNTST_bad_page);
	CHECK_EQ(pg->refs, 1);
	/* Read-only memory is granted read-only, also to one who has it already. */
	pg = virt_to_page(data);
	CHECK_EQ(p2m_set(dom1, gfn(GFN_DATA), page_to_mfn(pg), 0, P2M_RAM_RO), 0);
	give(11, 2, GFN_DATA, 0);
	CHECK_EQ(map(11, GFN_MAP, &h), GNTST_bad_page);
	CHECK_EQ(map_ro(11, GFN_MAP, &h), GNTST_okay);
	CHECK_EQ(map(11, GFN_MAP + 1, &h), GNTST_general_error);
	teardown();
}

TEST(grant_map_over_own_memory)
{
	struct page_info *pg;
	uint32_t h;

	setup();
	pg = virt_to_page(fake_domain_page(dom2, GFN_MAP));
	CHECK_EQ(dom2->tot_pages, 1);
	give(10, 2, GFN_DATA, 0);
	CHECK_EQ(map(10, GFN_MAP, &h), GNTST_okay);
	CHECK_EQ(dom2->tot_pages, 0);
	CHECK_EQ(pg->refs, 0);
	/* But not over another grant. */
	CHECK_EQ(map(10, GFN_MAP, &h), GNTST_general_error);
	teardown();
}

TEST(grant_unmap_refusals)
{
	struct gnttab_unmap_grant_ref op = { .host_addr = (uint64_t)GFN_MAP << PAGE_SHIFT };
	uint32_t h;

	setup();
	CHECK_EQ(unmap_at(GFN_MAP, 0), GNTST_bad_handle);
	give(10, 2, GFN_DATA, 0);
	CHECK_EQ(map(10, GFN_MAP, &h), GNTST_okay);
	CHECK_EQ(unmap_at(GFN_MAP, h + 1), GNTST_bad_handle);
	CHECK_EQ(unmap_at(GFN_MAP, ~0u), GNTST_bad_handle);
	CHECK_EQ(unmap_at(GFN_MAP + 1, h), GNTST_general_error);
	CHECK_EQ(unmap_at(0, h), GNTST_okay);	/* no address: nothing to do */
	op.handle = h;
	op.dev_bus_addr = 0x123000;
	CHECK_EQ(GRANT_OP(unmap_grant_ref, &op, 1), 0);
	CHECK_EQ(op.status, GNTST_general_error);
	teardown();
}

TEST(grant_batches)
{
	struct gnttab_map_grant_ref maps[100] = { 0 };
	struct gnttab_unmap_grant_ref unmaps[100] = { 0 };
	unsigned long flushes;

	setup();
	give(10, 2, GFN_DATA, 0);
	for (unsigned int i = 0; i < 100; i++) {
		maps[i] = (struct gnttab_map_grant_ref){
			.host_addr = (uint64_t)(GFN_MAP + i) << PAGE_SHIFT,
			.flags = GNTMAP_host_map, .ref = 10, .dom = i == 50 ? 7 : 1,
		};
	}
	fake_preempt_after = 30;
	CHECK_EQ(GRANT_OP(map_grant_ref, maps, 100), 0);
	for (unsigned int i = 0; i < 100; i++) {
		CHECK_EQ(maps[i].status, i == 50 ? GNTST_bad_domain : GNTST_okay);
		unmaps[i].host_addr = maps[i].host_addr;
		unmaps[i].handle = i == 50 ? ~0u : maps[i].handle;
	}
	CHECK_EQ(dom1->refs, 2);
	flushes = dom2->arch.flushes;
	fake_preempt_after = 1;
	CHECK_EQ(GRANT_OP(unmap_grant_ref, unmaps, 100), 0);
	CHECK_TRUE(dom2->arch.flushes - flushes <= 4);
	for (unsigned int i = 0; i < 100; i++) {
		CHECK_EQ(unmaps[i].status, i == 50 ? GNTST_bad_handle : GNTST_okay);
	}
	CHECK_EQ(v1(dom1)[10].flags, GTF_permit_access);
	teardown();
}

TEST(grant_handles_run_out)
{
	uint32_t h, last = 0;
	unsigned int n = 0;
	int rc;

	setup();
	give(10, 2, GFN_DATA, 0);
	while ((rc = map(10, GFN_MAP + n, &h)) == GNTST_okay) {
		last = h;
		n++;
	}
	CHECK_EQ(rc, GNTST_no_device_space);
	CHECK_EQ(n, 2 * 256);
	CHECK_EQ(unmap_at(GFN_MAP + n - 1, last), GNTST_okay);
	CHECK_EQ(map(10, GFN_MAP + n, &h), GNTST_okay);
	CHECK_EQ(h, last);
	/* teardown gives all of them back */
	teardown();
}

TEST(grant_to_oneself)
{
	uint32_t h;

	setup();
	fake_set_current(dom1->vcpu[0]);
	give(10, 1, GFN_DATA, 0);
	CHECK_EQ(map(10, GFN_MAP, &h), GNTST_okay);
	CHECK_EQ(unmap_at(GFN_MAP, h), GNTST_okay);
	CHECK_EQ(map(10, GFN_MAP, &h), GNTST_okay);
	teardown();
}

TEST(grant_outlives_ballooning)
{
	struct page_info *pg;
	uint32_t h;

	setup();
	pg = virt_to_page(data);
	give(10, 2, GFN_DATA, 0);
	CHECK_EQ(map(10, GFN_MAP, &h), GNTST_okay);
	CHECK_EQ(p2m_remove_if(dom1, gfn(GFN_DATA), page_to_mfn(pg), P2M_RAM_RW), 0);
	CHECK_TRUE(page_release_allocation(pg));
	CHECK_EQ(pg->refs, 1);
	CHECK_EQ(pg->owner == dom1, 1);
	CHECK_EQ(unmap_at(GFN_MAP, h), GNTST_okay);
	CHECK_EQ(pg->refs, 0);
	teardown();
}

/* Copy ----------------------------------------------------------------------------------------------- */

static struct gnttab_copy from_ref(uint32_t ref, uint16_t offset, uint16_t to_offset, uint16_t len)
{
	return (struct gnttab_copy){
		.source = { .u.ref = ref, .domid = 1, .offset = offset },
		.dest = { .u.gmfn = GFN_MAP, .domid = DOMID_SELF, .offset = to_offset },
		.len = len, .flags = GNTCOPY_source_gref,
	};
}

static int copy(struct gnttab_copy op)
{
	CHECK_EQ(GRANT_OP(copy, &op, 1), 0);
	return op.status;
}

TEST(grant_copy_both_ways)
{
	uint8_t *own;
	struct gnttab_copy op;

	setup();
	own = fake_domain_page(dom2, GFN_MAP);
	give(10, 2, GFN_DATA, 0);
	memcpy(data + 100, "from the granter", 17);
	CHECK_EQ(copy(from_ref(10, 100, 4000, 17)), GNTST_okay);
	CHECK_STR((char *)own + 4000, "from the granter");
	op = (struct gnttab_copy){
		.source = { .u.gmfn = GFN_MAP, .domid = DOMID_SELF, .offset = 4005 },
		.dest = { .u.ref = 10, .domid = 1, .offset = 0 }, .len = 12,
		.flags = GNTCOPY_dest_gref,
	};
	CHECK_EQ(copy(op), GNTST_okay);
	CHECK_STR((char *)data, "the granter");
	CHECK_EQ(v1(dom1)[10].flags, GTF_permit_access);
	CHECK_EQ(dom1->refs, 1);
	CHECK_EQ(virt_to_page(data)->refs, 1);
	teardown();
}

/* Was g of d marked as written since the last time? */
static bool marked(struct domain *d, uint64_t g)
{
	bool was = d->arch.dirty[g];

	d->arch.dirty[g] = false;
	return was;
}

static bool all_pins_marked(struct domain *d, uint64_t g)
{
	uint32_t next = 0, steps = 0;

	while (grant_mark_pinned(d, &next)) {
		CHECK_TRUE(++steps < 100);
	}
	return marked(d, g);
}

TEST(grant_writes_are_marked_for_the_log)
{
	struct gnttab_copy op;
	uint32_t h, h2;

	setup();
	fake_domain_page(dom2, GFN_MAP + 9);
	give(10, 2, GFN_DATA, 0);
	/* nobody asked for a log */
	CHECK_EQ(map(10, GFN_MAP, &h), GNTST_okay);
	CHECK_TRUE(!all_pins_marked(dom1, GFN_DATA));
	CHECK_EQ(unmap_at(GFN_MAP, h), GNTST_okay);
	CHECK_TRUE(!marked(dom1, GFN_DATA));
	dom1->log_dirty = dom2->log_dirty = true;
	CHECK_EQ(map_ro(10, GFN_MAP, &h), GNTST_okay);
	CHECK_TRUE(!all_pins_marked(dom1, GFN_DATA));
	CHECK_EQ(map(10, GFN_MAP + 1, &h2), GNTST_okay);
	CHECK_TRUE(!marked(dom1, GFN_DATA) && all_pins_marked(dom1, GFN_DATA));
	CHECK_EQ(unmap_at(GFN_MAP + 1, h2), GNTST_okay);
	CHECK_TRUE(marked(dom1, GFN_DATA) && !all_pins_marked(dom1, GFN_DATA));
	CHECK_EQ(unmap_at(GFN_MAP, h), GNTST_okay);
	CHECK_TRUE(!marked(dom1, GFN_DATA));
	op = from_ref(10, 0, 0, 16);
	op.dest.u.gmfn = GFN_MAP + 9;
	CHECK_EQ(copy(op), GNTST_okay);
	CHECK_TRUE(!marked(dom1, GFN_DATA) && marked(dom2, GFN_MAP + 9));
	op = (struct gnttab_copy){
		.source = { .u.gmfn = GFN_MAP + 9, .domid = DOMID_SELF },
		.dest = { .u.ref = 10, .domid = 1 }, .len = 12, .flags = GNTCOPY_dest_gref,
	};
	CHECK_EQ(copy(op), GNTST_okay);
	CHECK_TRUE(marked(dom1, GFN_DATA) && !marked(dom2, GFN_MAP + 9));
	teardown();
}

TEST(grant_copy_refusals)
{
	struct gnttab_copy op;

	setup();
	fake_domain_page(dom2, GFN_MAP);
	give(10, 2, GFN_DATA, GTF_readonly);
	CHECK_EQ(copy(from_ref(10, 4090, 0, 7)), GNTST_bad_copy_arg);
	CHECK_EQ(copy(from_ref(10, 0, 4090, 7)), GNTST_bad_copy_arg);
	CHECK_EQ(copy(from_ref(10, 0xffff, 0, 0xffff)), GNTST_bad_copy_arg);
	CHECK_EQ(copy(from_ref(10, 0, 0, 4096)), GNTST_okay);
	CHECK_EQ(copy(from_ref(10, 4096, 4096, 0)), GNTST_okay);
	CHECK_EQ(copy(from_ref(11, 0, 0, 1)), GNTST_general_error);
	CHECK_EQ(copy(from_ref(5000, 0, 0, 1)), GNTST_bad_gntref);
	op = from_ref(10, 0, 0, 1);
	op.source.domid = 9;
	CHECK_EQ(copy(op), GNTST_bad_domain);
	op = from_ref(10, 0, 0, 1);
	op.dest.domid = 2;
	CHECK_EQ(copy(op), GNTST_permission_denied);
	op = from_ref(10, 0, 0, 1);
	op.dest.u.gmfn = GFN_MAP + 1;
	CHECK_EQ(copy(op), GNTST_bad_page);
	op.dest.u.gmfn = ~0ULL;
	CHECK_EQ(copy(op), GNTST_bad_page);
	op = (struct gnttab_copy){
		.source = { .u.gmfn = GFN_MAP, .domid = DOMID_SELF },
		.dest = { .u.ref = 10, .domid = 1 }, .len = 1, .flags = GNTCOPY_dest_gref,
	};
	CHECK_EQ(copy(op), GNTST_general_error);
	CHECK_EQ(v1(dom1)[10].flags, GTF_permit_access | GTF_readonly);
	teardown();
}

/* Version 2 ------------------------------------------------------------------------------------------ */

static long set_version_of(struct domain *d, uint32_t version, uint32_t *now)
{
	struct vcpu *before = current;
	struct gnttab_set_version op = { .version = version };
	long rc;

	fake_set_current(d->vcpu[0]);
	rc = GRANT_OP(set_version, &op, 1);
	fake_set_current(before);
	if (now) {
		*now = op.version;
	}
	return rc;
}

static void give_v2(uint32_t ref, uint16_t to, uint64_t g, uint16_t flags)
{
	union grant_entry_v2 *e = v2(dom1) + ref;

	e->full_page.hdr.domid = to;
	e->full_page.frame = g;
	__atomic_store_n(&e->full_page.hdr.flags, (uint16_t)(GTF_permit_access | flags),
			 __ATOMIC_SEQ_CST);
}

TEST(grant_versions)
{
	uint32_t h, now;

	setup();
	CHECK_EQ(set_version_of(dom1, 3, &now), -EINVAL);
	CHECK_EQ(now, 1);
	give(1, 2, GFN_DATA, 0);
	give(10, 2, GFN_DATA, 0);
	CHECK_EQ(map(1, GFN_MAP, &h), GNTST_okay);
	CHECK_EQ(map(10, GFN_MAP + 1, &h), GNTST_okay);
	CHECK_EQ(set_version_of(dom1, 2, &now), -EBUSY);
	CHECK_EQ(unmap_at(GFN_MAP + 1, h), GNTST_okay);
	CHECK_EQ(set_version_of(dom1, 2, &now), 0);
	CHECK_EQ(now, 2);
	/* The reserved entry and its use survive, the rest is empty. */
	CHECK_EQ(v2(dom1)[1].full_page.hdr.flags, GTF_permit_access);
	CHECK_EQ(v2(dom1)[1].full_page.frame, GFN_DATA);
	CHECK_EQ(status_words(dom1)[1], GTF_reading | GTF_writing);
	CHECK_EQ(v2(dom1)[10].hdr.flags, 0);
	v2(dom1)[2].full_page.hdr.flags = GTF_permit_access;
	v2(dom1)[2].full_page.frame = 1ULL << 32;
	CHECK_EQ(set_version_of(dom1, 1, &now), -ERANGE);
	v2(dom1)[2].full_page.frame = 5;
	CHECK_EQ(set_version_of(dom1, 1, &now), 0);
	CHECK_EQ(v1(dom1)[1].flags, GTF_permit_access | GTF_reading | GTF_writing);
	CHECK_EQ(v1(dom1)[2].frame, 5);
	teardown();
}

TEST(grant_v2_map)
{
	uint32_t h;

	setup();
	CHECK_EQ(set_version_of(dom1, 2, NULL), 0);
	give_v2(20, 2, GFN_DATA, 0);
	CHECK_EQ(map(20, GFN_MAP, &h), GNTST_okay);
	CHECK_EQ(v2(dom1)[20].hdr.flags, GTF_permit_access);
	CHECK_EQ(status_words(dom1)[20], GTF_reading | GTF_writing);
	/* Revoked while mapped: no further use, but what there is stays. */
	v2(dom1)[20].hdr.flags = 0;
	CHECK_EQ(unmap_at(GFN_MAP, h), GNTST_okay);
	CHECK_EQ(status_words(dom1)[20], 0);
	CHECK_EQ(map(20, GFN_MAP, &h), GNTST_general_error);
	give_v2(21, 2, GFN_DATA, GTF_sub_page);
	CHECK_EQ(map(21, GFN_MAP, &h), GNTST_general_error);
	CHECK_EQ(map(256, GFN_MAP, &h), GNTST_bad_gntref);
	CHECK_EQ(status_words(dom1)[21], 0);
	teardown();
}

TEST(grant_v2_sub_page)
{
	union grant_entry_v2 *e;
	uint32_t h;

	setup();
	CHECK_EQ(set_version_of(dom1, 2, NULL), 0);
	fake_domain_page(dom2, GFN_MAP);
	e = v2(dom1) + 30;
	e->sub_page.page_off = 1000;
	e->sub_page.length = 24;
	e->sub_page.frame = GFN_DATA;
	e->sub_page.hdr.domid = 2;
	e->sub_page.hdr.flags = GTF_permit_access | GTF_sub_page;
	CHECK_EQ(copy(from_ref(30, 1000, 0, 24)), GNTST_okay);
	CHECK_EQ(copy(from_ref(30, 1023, 0, 1)), GNTST_okay);
	CHECK_EQ(copy(from_ref(30, 999, 0, 1)), GNTST_general_error);
	CHECK_EQ(copy(from_ref(30, 1024, 0, 1)), GNTST_general_error);
	e->sub_page.page_off = 4000;
	e->sub_page.length = 0xffff;
	CHECK_EQ(copy(from_ref(30, 4095, 0, 2)), GNTST_bad_copy_arg);
	CHECK_EQ(copy(from_ref(30, 4095, 0, 1)), GNTST_okay);
	CHECK_EQ(map(30, GFN_MAP + 1, &h), GNTST_general_error);
	CHECK_EQ(status_words(dom1)[30], 0);
	teardown();
}

TEST(grant_v2_transitive)
{
	union grant_entry_v2 *e;
	struct gnttab_copy op;
	uint8_t *own;
	uint32_t h;

	setup();
	CHECK_EQ(set_version_of(dom3, 2, NULL), 0);
	own = fake_domain_page(dom2, GFN_MAP);
	data[7] = 0x42;
	give(10, 3, GFN_DATA, 0);		/* dom1 to dom3, who passes it on to dom2 */
	e = v2(dom3) + 40;
	e->transitive.hdr.domid = 2;
	e->transitive.trans_domid = 1;
	e->transitive.gref = 10;
	e->transitive.hdr.flags = GTF_transitive;
	op = from_ref(40, 7, 3, 1);
	op.source.domid = 3;
	CHECK_EQ(copy(op), GNTST_okay);
	CHECK_EQ(own[3], 0x42);
	CHECK_EQ(v1(dom1)[10].flags, GTF_permit_access);
	CHECK_EQ(status_words(dom3)[40], 0);
	CHECK_EQ(map_flags(3, 40, GNTMAP_host_map, GFN_MAP + 1, &h), GNTST_general_error);
	e->transitive.gref = 11;
	CHECK_EQ(copy(op), GNTST_general_error);
	e->transitive.trans_domid = 3;
	CHECK_EQ(copy(op), GNTST_general_error);
	e->transitive.trans_domid = 12;
	CHECK_EQ(copy(op), GNTST_general_error);
	/* No second hop. */
	CHECK_EQ(set_version_of(dom1, 2, NULL), 0);
	v2(dom1)[10].transitive.hdr.domid = 3;
	v2(dom1)[10].transitive.trans_domid = 2;
	v2(dom1)[10].transitive.gref = 10;
	v2(dom1)[10].transitive.hdr.flags = GTF_transitive;
	e->transitive.trans_domid = 1;
	e->transitive.gref = 10;
	CHECK_EQ(copy(op), GNTST_general_error);
	CHECK_EQ(status_words(dom3)[40], 0);
	CHECK_EQ(status_words(dom1)[10], 0);
	CHECK_EQ(dom1->refs, 1);
	teardown();
}

/* Geometry ------------------------------------------------------------------------------------------- */

TEST(grant_limits)
{
	struct gnttab_query_size size = { .dom = DOMID_SELF }, two[2] = { { 0 }, { 0 } };
	struct gnttab_setup_table table = { .dom = DOMID_SELF, .nr_frames = 5 };
	struct page_info *pg;
	uint64_t mfns[4];

	setup();
	CHECK_EQ(GRANT_OP(query_size, &size, 1), 0);
	CHECK_TRUE(size.status == GNTST_okay && size.nr_frames == 1 && size.max_nr_frames == 4);
	size.dom = 1;
	CHECK_EQ(GRANT_OP(query_size, &size, 1), 0);
	CHECK_EQ(size.status, GNTST_permission_denied);
	size.dom = 14;
	CHECK_EQ(GRANT_OP(query_size, &size, 1), 0);
	CHECK_EQ(size.status, GNTST_bad_domain);
	CHECK_EQ(GRANT_OP(query_size, two, 2), -EINVAL);
	CHECK_EQ(GRANT_OP(setup_table, &table, 1), 0);
	CHECK_EQ(table.status, GNTST_general_error);
	table.nr_frames = 2;
	table.frame_list.p = fake_guest_buffer(64);
	CHECK_EQ(GRANT_OP(setup_table, &table, 1), 0);
	CHECK_EQ(table.status, GNTST_okay);
	CHECK_EQ(grant_frame_for_map(dom2, 4, &pg), -EINVAL);
	CHECK_EQ(grant_frame_for_map(dom2, XENMAPIDX_grant_table_status, &pg), -EINVAL);
	CHECK_EQ(grant_resource_frames(dom2, 0, 1, 3, mfns), 0);
	CHECK_EQ(mfns[2], page_to_mfn(virt_to_page(table_frame(dom2, 3))).v);
	CHECK_EQ(grant_resource_frames(dom2, 0, 2, 3, mfns), -EINVAL);
	CHECK_EQ(grant_resource_frames(dom2, 0, ~0ULL, 2, mfns), -EINVAL);
	CHECK_EQ(grant_resource_frames(dom2, 1, 0, 1, mfns), -EINVAL);
	CHECK_EQ(grant_resource_frames(dom2, 2, 0, 1, mfns), -EINVAL);
	CHECK_EQ(grant_resource_max(dom2, 0), 4);
	CHECK_EQ(grant_resource_max(dom2, 1), 1);
	CHECK_EQ(grant_set_limits(dom2, 8, 8), -EBUSY);
	CHECK_EQ(grant_set_limits(dom3, 8, 8), 0);
	CHECK_EQ(grant_resource_max(dom3, 0), 8);
	teardown();
}

/* Operations that a translated domain has; the others do not exist, whatever their arguments. */
static bool exists(uint32_t cmd)
{
	return cmd <= GNTTABOP_cache_flush && cmd != GNTTABOP_dump_table &&
	       cmd != GNTTABOP_transfer && cmd != GNTTABOP_unmap_and_replace &&
	       cmd != GNTTABOP_get_status_frames;
}

TEST(grant_bad_calls)
{
	struct hypercall_args a = { { GNTTABOP_map_grant_ref, 0x1000, 1 } };

	setup();
	for (uint32_t cmd = 0; cmd <= 20; cmd++) {
		a.v[0] = cmd;
		a.v[2] = 1;
		CHECK_EQ(hypercall_grant_table_op(&a), exists(cmd) ? -EFAULT : -ENOSYS);
		a.v[2] = 0x80000000u;
		CHECK_EQ(hypercall_grant_table_op(&a), exists(cmd) ? -EINVAL : -ENOSYS);
	}
	a.v[0] = ~0u;
	a.v[2] = 1;
	CHECK_EQ(hypercall_grant_table_op(&a), -ENOSYS);
	a.v[0] = 1u << 12;
	CHECK_EQ(hypercall_grant_table_op(&a), -ENOSYS);
	a.v[0] = GNTTABOP_copy;
	a.v[2] = 0;
	CHECK_EQ(hypercall_grant_table_op(&a), 0);
	teardown();
}

TEST(grant_swap)
{
	struct gnttab_swap_grant_ref op = { .ref_a = 10, .ref_b = 11 };
	uint32_t h;

	setup();
	give(10, 2, GFN_DATA, 0);
	CHECK_EQ(map(10, GFN_MAP, &h), GNTST_okay);
	fake_set_current(dom1->vcpu[0]);
	CHECK_EQ(GRANT_OP(swap_grant_ref, &op, 1), 0);
	CHECK_EQ(op.status, GNTST_eagain);
	fake_set_current(dom2->vcpu[0]);
	CHECK_EQ(unmap_at(GFN_MAP, h), GNTST_okay);
	fake_set_current(dom1->vcpu[0]);
	CHECK_EQ(GRANT_OP(swap_grant_ref, &op, 1), 0);
	CHECK_EQ(op.status, GNTST_okay);
	CHECK_EQ(v1(dom1)[11].frame, GFN_DATA);
	op.ref_b = 512;
	CHECK_EQ(GRANT_OP(swap_grant_ref, &op, 1), 0);
	CHECK_EQ(op.status, GNTST_bad_gntref);
	teardown();
}

/* Races ---------------------------------------------------------------------------------------------- */

static bool race_over;

/* The granter's vCPU: gives and revokes as it likes, or writes nonsense. */
static void hostile_granter(void *arg)
{
	struct unit_random r = { (uintptr_t)arg };
	struct grant_entry_v1 *e = v1(dom1);

	while (!READ_ONCE(race_over)) {
		uint64_t x = unit_random(&r);
		struct grant_entry_v1 *one = &e[10 + x % 4];

		switch ((x >> 8) & 3) {
		case 0:
			__atomic_store_n(&one->flags, (uint16_t)(x >> 48), __ATOMIC_RELAXED);
			break;
		case 1:
			__atomic_store_n(&one->frame, (x & 64) ? GFN_DATA : (uint32_t)(x >> 32),
					 __ATOMIC_RELAXED);
			break;
		default:
			one->domid = 2;
			one->frame = GFN_DATA;
			__atomic_store_n(&one->flags, GTF_permit_access, __ATOMIC_SEQ_CST);
			break;
		}
	}
}

struct race_user {
	unsigned int vcpu;
	uint8_t *buffer;
	uint64_t gfn;
};

/* One of the user's vCPUs, with operations of its own. */
static void racing_user(void *arg)
{
	struct race_user *u = arg;
	struct gnttab_map_grant_ref *m = (void *)u->buffer;
	struct gnttab_unmap_grant_ref *un = (void *)(u->buffer + 64);
	struct gnttab_copy *c = (void *)(u->buffer + 128);

	fake_set_current(dom2->vcpu[u->vcpu]);
	for (unsigned int i = 0; i < 20000; i++) {
		struct hypercall_args a = { { GNTTABOP_map_grant_ref, fake_gva(m).v, 1 } };

		*m = (struct gnttab_map_grant_ref){
			.host_addr = u->gfn << PAGE_SHIFT, .ref = 10 + i % 4, .dom = 1,
			.flags = GNTMAP_host_map | (i & 8 ? GNTMAP_readonly : 0),
		};
		if (hypercall_grant_table_op(&a)) {
			unit_fail(__FILE__, __LINE__, "map call failed");
		}
		*c = from_ref(10 + (i >> 2) % 4, 0, 0, 64);
		c->dest.u.gmfn = GFN_MAP + 100;
		a = (struct hypercall_args){ { GNTTABOP_copy, fake_gva(c).v, 1 } };
		if (hypercall_grant_table_op(&a)) {
			unit_fail(__FILE__, __LINE__, "copy call failed");
		}
		if (m->status != GNTST_okay) {
			continue;
		}
		*un = (struct gnttab_unmap_grant_ref){ .host_addr = m->host_addr,
						       .handle = m->handle };
		a = (struct hypercall_args){ { GNTTABOP_unmap_grant_ref, fake_gva(un).v, 1 } };
		if (hypercall_grant_table_op(&a) || un->status != GNTST_okay) {
			unit_fail(__FILE__, __LINE__, "unmap: %d", un->status);
		}
	}
}

static void run_users(bool hostile)
{
	struct race_user users[2];

	fake_domain_page(dom2, GFN_MAP + 100);
	race_over = false;
	for (unsigned int i = 0; i < 2; i++) {
		users[i] = (struct race_user){ i, fake_guest_buffer(256), GFN_MAP + i };
		unit_thread_start(i, racing_user, &users[i]);
	}
	if (hostile) {
		unit_thread_start(2, hostile_granter, (void *)9);
	}
	unit_thread_join(0);
	unit_thread_join(1);
	WRITE_ONCE(race_over, true);
	if (hostile) {
		unit_thread_join(2);
	}
	CHECK_EQ(dom1->refs, 1);
	CHECK_EQ(virt_to_page(data)->refs, 1);
}

static long cache_flush(uint64_t addr, uint16_t offset, uint16_t length, uint32_t what)
{
	struct gnttab_cache_flush op = {
		.a.dev_bus_addr = addr, .offset = offset, .length = length, .op = what,
	};

	cleaned = invalidated = 0;
	flushed = NULL;
	return GRANT_OP(cache_flush, &op, 1);
}

TEST(grant_cache_flush)
{
	const uint32_t clean = GNTTAB_CACHE_CLEAN, invalidate = GNTTAB_CACHE_INVAL;
	uint64_t theirs, own;
	void *own_page;
	uint32_t h;

	setup();
	own_page = fake_domain_page(dom2, GFN_DATA + 7);
	own = virt_to_hpa(own_page).v;
	theirs = virt_to_hpa(data).v;
	CHECK_EQ(cache_flush(own, 16, 100, clean), 0);
	CHECK_TRUE(cleaned == 1 && !invalidated && flushed == own_page + 16 && flushed_length == 100);
	CHECK_EQ(cache_flush(own + 0x123, 0, PAGE_SIZE, invalidate), 0);
	CHECK_TRUE(invalidated == 1 && flushed == own_page && flushed_length == PAGE_SIZE);
	/* Nothing to do is done, wherever. */
	CHECK_EQ(cache_flush(~0ULL, 0, 0, clean), 0);
	CHECK_EQ(cache_flush(~0ULL, 0, 8, 0), 0);
	CHECK_EQ(cache_flush(own, PAGE_SIZE, 0, clean), -EINVAL);
	CHECK_EQ(cache_flush(own, 1, PAGE_SIZE, clean), -EINVAL);
	CHECK_EQ(cache_flush(own, 0, 0xffff, clean), -EINVAL);
	CHECK_EQ(cache_flush(own, 0, 8, 4 | clean), -EINVAL);
	CHECK_EQ(cache_flush(own, 0, 8, GNTTAB_CACHE_SOURCE_GREF | clean), -EINVAL);
	CHECK_EQ(cache_flush(~0ULL, 0, 8, clean), -EINVAL);
	/* Another's memory only while a grant of it is in use by the caller. */
	CHECK_EQ(cache_flush(theirs, 0, 8, clean), -EINVAL);
	give(300, 2, GFN_DATA, 0);
	CHECK_EQ(cache_flush(theirs, 0, 8, clean), -EINVAL);
	CHECK_EQ(map(300, GFN_MAP, &h), GNTST_okay);
	CHECK_EQ(cache_flush(theirs, 0, 8, clean | invalidate), 0);
	CHECK_TRUE(invalidated == 1 && flushed == data);
	fake_set_current(dom3->vcpu[0]);
	CHECK_EQ(cache_flush(theirs, 0, 8, clean), -EINVAL);
	fake_set_current(dom2->vcpu[0]);
	CHECK_EQ(unmap_at(GFN_MAP, h), GNTST_okay);
	CHECK_EQ(cache_flush(theirs, 0, 8, clean), -EINVAL);
	CHECK_TRUE(!flushed);
	CHECK_EQ(virt_to_page(data)->refs, 1);
	teardown();
}

TEST(grant_cache_flush_steps_aside)
{
	struct gnttab_cache_flush ops[20];
	uint64_t mfns[3];
	uint32_t h;

	setup();
	/* Its last entry, so that the search takes more than one step. */
	CHECK_EQ(grant_resource_frames(dom1, 0, 1, 3, mfns), 0);
	*((struct grant_entry_v1 *)table_frame(dom1, 3) + 511) = (struct grant_entry_v1){
		.flags = GTF_permit_access, .domid = 2, .frame = GFN_DATA };
	CHECK_EQ(map(2047, GFN_MAP, &h), GNTST_okay);
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		ops[i] = (struct gnttab_cache_flush){ .a.dev_bus_addr = virt_to_hpa(data).v,
						      .length = 8, .op = GNTTAB_CACHE_CLEAN };
	}
	fake_preempt_after = 1;
	cleaned = 0;
	CHECK_EQ(GRANT_OP(cache_flush, ops, ARRAY_SIZE(ops)), 0);
	CHECK_EQ(cleaned, ARRAY_SIZE(ops));
	ops[19].a.dev_bus_addr = ~0ULL;
	CHECK_EQ(GRANT_OP(cache_flush, ops, ARRAY_SIZE(ops)), -EINVAL);
	fake_preempt_after = 0;
	/* A place to go on at that the guest made up. */
	ops[0].op = GNTTAB_CACHE_CLEAN;
	CHECK_EQ(grant_op(GNTTABOP_cache_flush | 0xfffff000u, ops, sizeof(ops[0]), 1), -EINVAL);
	teardown();
}

TEST(grant_race_of_users)
{
	setup();
	for (uint32_t ref = 10; ref < 14; ref++) {
		give(ref, 2, GFN_DATA, 0);
	}
	run_users(false);
	for (uint32_t ref = 10; ref < 14; ref++) {
		CHECK_EQ(v1(dom1)[ref].flags, GTF_permit_access);
	}
	teardown();
}

TEST(grant_race_with_hostile_granter)
{
	setup();
	run_users(true);
	teardown();
}

/* The same handle by two vCPUs: exactly one gets it. */
static unsigned int unmap_wins;
static uint32_t shared_handle;

static void unmap_racer(void *arg)
{
	struct gnttab_unmap_grant_ref *un = arg;
	struct hypercall_args a = { { GNTTABOP_unmap_grant_ref, fake_gva(un).v, 1 } };

	fake_set_current(dom2->vcpu[1]);
	*un = (struct gnttab_unmap_grant_ref){ .host_addr = (uint64_t)GFN_MAP << PAGE_SHIFT,
					       .handle = shared_handle };
	if (hypercall_grant_table_op(&a)) {
		unit_fail(__FILE__, __LINE__, "unmap call failed");
	}
	if (un->status == GNTST_okay) {
		__atomic_add_fetch(&unmap_wins, 1, __ATOMIC_RELAXED);
	} else if (un->status != GNTST_bad_handle) {
		unit_fail(__FILE__, __LINE__, "status %d", un->status);
	}
}

TEST(grant_race_of_unmaps)
{
	void *a, *b;

	setup();
	a = fake_guest_buffer(64);
	b = fake_guest_buffer(64);
	give(10, 2, GFN_DATA, 0);
	for (unsigned int i = 0; i < 300; i++) {
		unmap_wins = 0;
		CHECK_EQ(map(10, GFN_MAP, &shared_handle), GNTST_okay);
		unit_thread_start(0, unmap_racer, a);
		unit_thread_start(1, unmap_racer, b);
		unit_thread_join(0);
		unit_thread_join(1);
		CHECK_EQ(unmap_wins, 1);
	}
	CHECK_EQ(v1(dom1)[10].flags, GTF_permit_access);
	teardown();
}
