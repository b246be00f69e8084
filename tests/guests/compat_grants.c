/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * Grant operations of a 32-bit caller: elements of copy are 24 bytes long, and the frame list of
 * setup_table is an array of 32-bit numbers.
 */
#include "guest.h"

struct copy32 {
	struct {
		uint32_t frame;
		domid_t domid;
		uint16_t offset;
	} source, dest;
	uint16_t len, flags;
	int16_t status;
};

#define COPIES 20

static void copies(void)
{
	static struct copy32 c[COPIES + 1];
	uint32_t *from = alloc_pages(1), *to = alloc_pages(1);
	unsigned i;

	for (i = 0; i < COPIES; i++) {
		from[i] = 1000 + i;
		c[i].source.frame = PFN(from);
		c[i].source.domid = c[i].dest.domid = DOMID_SELF;
		c[i].source.offset = i * 4;
		c[i].dest.frame = PFN(to);
		c[i].dest.offset = (COPIES - 1 - i) * 4;
		c[i].len = 4;
		c[i].status = 77;
	}
	c[3].source.offset = 4094;
	c[4].source.domid = OWN_DOMID;
	c[COPIES].status = 77;
	EXPECT_EQ(COMPAT(grant_table_op, GNTTABOP_copy, c, COPIES), 0);
	for (i = 0; i < COPIES; i++) {
		if (i != 3 && i != 4) {
			EXPECT(c[i].status == GNTST_okay, "copy %u: %d", i, c[i].status);
			EXPECT(to[COPIES - 1 - i] == 1000 + i, "copy %u went elsewhere", i);
		}
		EXPECT(c[i].source.frame == PFN(from), "copy %u is written", i);
	}
	EXPECT_EQ(c[3].status, GNTST_bad_copy_arg);
	EXPECT_EQ(c[4].status, GNTST_permission_denied);
	EXPECT_EQ(c[COPIES].status, 77);
	EXPECT_EQ(COMPAT(grant_table_op, GNTTABOP_copy, c, 0), 0);
	EXPECT_EQ(COMPAT(grant_table_op, GNTTABOP_copy, c, -1), -XEN_EINVAL);
	EXPECT_EQ(COMPAT(grant_table_op, GNTTABOP_copy, 0xe0000000, 1), -XEN_EFAULT);
}

/* Long enough to be interrupted: a call goes on where it was. */
static void many(void)
{
	struct vcpu_set_periodic_timer tick = {.period_ns = 1000000};
	unsigned count = 2500, i, done = 0;
	struct copy32 *c = alloc_pages(count * sizeof(*c) / PAGE_SIZE + 1);
	uint16_t *from = alloc_pages(2), *to = alloc_pages(2);

	for (i = 0; i < count; i++) {
		from[i] = 3 * i;
		c[i].source.frame = PFN(&from[i]);
		c[i].source.domid = c[i].dest.domid = DOMID_SELF;
		c[i].source.offset = c[i].dest.offset = i * 2 % PAGE_SIZE;
		c[i].dest.frame = PFN(&to[i]);
		c[i].len = 2;
		c[i].status = 77;
	}
	CHECK_EQ(HC(vcpu_op, VCPUOP_set_periodic_timer, 0, &tick), 0);
	EXPECT_EQ(COMPAT(grant_table_op, GNTTABOP_copy, c, count), 0);
	CHECK_EQ(HC(vcpu_op, VCPUOP_stop_periodic_timer, 0), 0);
	for (i = 0; i < count; i++) {
		done += c[i].status == GNTST_okay && to[i] == 3 * i;
	}
	EXPECT_EQ(done, count);
}

static void granted(void)
{
	domid_t dom = peer_create(16);
	grant_entry_v1_t *table = peer_grants(dom);
	volatile uint32_t *page = peer_map(dom, 3);
	uint32_t *own = alloc_pages(1);
	struct copy32 c = {.len = 4, .flags = GNTCOPY_source_gref};

	peer_grant(table, 8, 3, 0);
	page[5] = 0x11223344;
	c.source.frame = 8;
	c.source.domid = dom;
	c.source.offset = 20;
	c.dest.frame = PFN(own);
	c.dest.domid = DOMID_SELF;
	EXPECT_EQ(COMPAT(grant_table_op, GNTTABOP_copy, &c, 1), 0);
	EXPECT_EQ(c.status, GNTST_okay);
	EXPECT_EQ(own[0], 0x11223344);
	peer_destroy(dom);
}

static void setup(void)
{
	static uint32_t list[4] = {5, 5, 5, 5};
	struct {
		domid_t dom;
		uint32_t nr_frames;
		int16_t status;
		uint32_t frame_list;
	} s = {.dom = DOMID_SELF, .nr_frames = 2, .status = 77, .frame_list = LOW32(list)};
	struct gnttab_query_size q = {.dom = DOMID_SELF};

	EXPECT_EQ(COMPAT(grant_table_op, GNTTABOP_setup_table, &s, 1), 0);
	EXPECT_EQ(s.status, GNTST_okay);
	EXPECT_EQ(s.nr_frames, 2);
	EXPECT_EQ(s.frame_list, LOW32(list));
	EXPECT(list[0] == ~0u && list[1] == ~0u, "frames %x %x", list[0], list[1]);
	EXPECT(list[2] == 5 && list[3] == 5, "more than two frames are written");
	EXPECT_EQ(COMPAT(grant_table_op, GNTTABOP_setup_table, &s, 2), -XEN_EINVAL);
	s.nr_frames = 100000;
	EXPECT_EQ(COMPAT(grant_table_op, GNTTABOP_setup_table, &s, 1), 0);
	EXPECT_EQ(s.status, GNTST_general_error);
	s.dom = 77;
	s.nr_frames = 1;
	EXPECT_EQ(COMPAT(grant_table_op, GNTTABOP_setup_table, &s, 1), 0);
	EXPECT_EQ(s.status, GNTST_bad_domain);
	EXPECT_EQ(COMPAT(grant_table_op, GNTTABOP_query_size, &q, 1), 0);
	EXPECT_EQ(q.status, GNTST_okay);
	EXPECT(q.nr_frames >= 2);
}

void guest_main(void)
{
	copies();
	many();
	granted();
	setup();
}
