/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: cpus=1 */
/* Log-dirty names the pages that a running domain and others on its behalf write, once for each
 * time it is cleaned. */
#include "log_dirty.h"

#include <xen/hvm/dm_op.h>

#define BIT_OF(gfn) (1ul << (gfn))
/* What the peer writes whenever it does what it is told. */
#define WRITES(gfn) (BIT_OF(MAIL_GFN) | BIT_OF(gfn))

static struct xen_domctl op;
static uint64_t bits;

static long shadow(uint32_t what, uint32_t mode)
{
	memset(&op, 0, sizeof(op));
	op.cmd = XEN_DOMCTL_shadow_op;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = peer;
	op.u.shadow_op.op = what;
	op.u.shadow_op.mode = mode;
	op.u.shadow_op.pages = 64;
	set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, (uint8_t *)&bits);
	bits = ~0ul;
	return HC(domctl, &op);
}

static uint64_t peek(void)
{
	CHECK_EQ(shadow(XEN_DOMCTL_SHADOW_OP_PEEK, 0), 0);
	return bits;
}

static uint64_t clean(void)
{
	CHECK_EQ(shadow(XEN_DOMCTL_SHADOW_OP_CLEAN, 0), 0);
	return bits;
}

static void by_guest(void)
{
	volatile uint32_t *five = peer_map(peer, 5);

	EXPECT_EQ(peek(), 0);
	peer_writes(5);
	EXPECT_EQ(*five, 1);
	EXPECT_EQ(peek(), WRITES(5));
	EXPECT_EQ(op.u.shadow_op.stats.dirty_count, 2);
	EXPECT_EQ(peek(), WRITES(5));
	/* The second write is not noticed, and need not be. */
	peer_writes(5);
	EXPECT_EQ(clean(), WRITES(5));
	EXPECT_EQ(op.u.shadow_op.stats.dirty_count, 2);
	EXPECT_EQ(peek(), 0);
	EXPECT_EQ(op.u.shadow_op.stats.dirty_count, 0);
	for (unsigned i = 0; i < 50; i++) {
		uint32_t gfn = 2 + i % 14;

		peer_writes(gfn);
		EXPECT_EQ(clean(), WRITES(gfn));
	}
	EXPECT_EQ(*five, 2 + 4);
	/* What is not asked for stays. */
	peer_writes(12);
	op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_CLEAN;
	op.u.shadow_op.pages = 0;
	EXPECT_EQ(HC(domctl, &op), 0);
	EXPECT_EQ(clean(), WRITES(12));
}

static void by_grants(void)
{
	static uint8_t from[64];
	grant_entry_v1_t *table = peer_grants(peer);
	uint64_t gpa = free_gfn() * PAGE_SIZE;
	struct gnttab_copy copy = {.dest.u.ref = 8,
				   .dest.domid = peer,
				   .source.u.gmfn = PFN(from),
				   .source.domid = DOMID_SELF,
				   .source.offset = (uint64_t)from % PAGE_SIZE,
				   .len = 16,
				   .flags = GNTCOPY_dest_gref};
	grant_handle_t h;

	peer_grant(table, 8, 6, 0);
	peer_grant(table, 9, 7, 0);
	clean();
	EXPECT_EQ(HC(grant_table_op, GNTTABOP_copy, &copy, 1), 0);
	EXPECT_EQ(copy.status, GNTST_okay);
	EXPECT_EQ(clean(), BIT_OF(6));
	copy.flags = GNTCOPY_source_gref;
	copy.source.u.ref = 8;
	copy.source.domid = peer;
	copy.dest.u.gmfn = PFN(from);
	copy.dest.domid = DOMID_SELF;
	copy.source.offset = copy.dest.offset = 0;
	EXPECT_EQ(HC(grant_table_op, GNTTABOP_copy, &copy, 1), 0);
	EXPECT_EQ(copy.status, GNTST_okay);
	EXPECT_EQ(clean(), 0);
	CHECK_EQ(grant_map(peer, 9, GNTMAP_host_map, gpa, &h), GNTST_okay);
	clean();
	*(volatile uint32_t *)gpa = 1;
	EXPECT_EQ(grant_unmap(gpa, h), GNTST_okay);
	EXPECT_EQ(clean(), BIT_OF(7));
	CHECK_EQ(grant_map(peer, 9, GNTMAP_host_map | GNTMAP_readonly, gpa, &h), GNTST_okay);
	EXPECT_EQ(grant_unmap(gpa, h), GNTST_okay);
	EXPECT_EQ(clean(), 0);
}

static long modified(uint64_t first, uint32_t nr, uint32_t extents, uint32_t size)
{
	static struct xen_dm_op dm;
	static struct xen_dm_op_modified_memory_extent e[2];
	struct xen_dm_op_buf bufs[2] = {{.size = sizeof(dm)}, {.size = size}};

	memset(&dm, 0, sizeof(dm));
	dm.op = XEN_DMOP_modified_memory;
	dm.u.modified_memory.nr_extents = extents;
	e[0] = (struct xen_dm_op_modified_memory_extent){.nr = nr, .first_pfn = first};
	e[1] = e[0];
	set_xen_guest_handle(bufs[0].h, &dm);
	set_xen_guest_handle(bufs[1].h, e);
	return HC(dm_op, peer, 2, bufs);
}

static void by_device_model(void)
{
	const uint32_t one = sizeof(struct xen_dm_op_modified_memory_extent);

	EXPECT_EQ(modified(8, 2, 1, one), 0);
	EXPECT_EQ(clean(), BIT_OF(8) | BIT_OF(9));
	EXPECT_EQ(modified(8, 2, 2, 2 * one), 0);
	EXPECT_EQ(clean(), BIT_OF(8) | BIT_OF(9));
	EXPECT_EQ(modified(8, 2, 2, one), -XEN_EINVAL);
	EXPECT_EQ(modified(8, 0, 1, one), -XEN_EINVAL);
	EXPECT_EQ(modified(8, 4000, 1, one), -XEN_EINVAL);
	EXPECT_EQ(modified(8, 2, 0, 0), 0);
	EXPECT_EQ(clean(), 0);
}

/* Memory that comes later is followed as well, at the latest from the next round on. */
static void by_populate(void)
{
	xen_pfn_t gfn = 20;
	struct xen_memory_reservation r = {.nr_extents = 1, .domid = peer};

	set_xen_guest_handle(r.extent_start, &gfn);
	CHECK_EQ(HC(memory_op, XENMEM_populate_physmap, &r), 1);
	clean();
	peer_writes(20);
	EXPECT_EQ(clean(), WRITES(20));
}

void guest_main(void)
{
	peer_writer(16);
	CHECK_EQ(shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0), 0);
	by_guest();
	by_grants();
	by_device_model();
	by_populate();
	CHECK_EQ(shadow(XEN_DOMCTL_SHADOW_OP_OFF, 0), 0);
	peer_writes(5);
	/* Nobody follows any more. */
	EXPECT_EQ(modified(8, 4000, 1, 0), 0);
	CHECK_EQ(shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0), 0);
	EXPECT_EQ(peek(), 0);
	peer_writes(5);
	EXPECT_EQ(clean(), WRITES(5));
	peer_destroy(peer);
}
