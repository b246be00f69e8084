/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: cpus=1 */
/* A device model asks which pages of a display have changed. */
#include "log_dirty.h"

#include <xen/hvm/dm_op.h>

#define FIRST 4ul

static uint8_t bits[4];

static long track(uint64_t first, uint32_t nr, uint32_t size)
{
	static struct xen_dm_op dm;
	struct xen_dm_op_buf bufs[2] = {{.size = sizeof(dm)}, {.size = size}};

	memset(&dm, 0, sizeof(dm));
	dm.op = XEN_DMOP_track_dirty_vram;
	dm.u.track_dirty_vram.nr = nr;
	dm.u.track_dirty_vram.first_pfn = first;
	memset(bits, 0x55, sizeof(bits));
	set_xen_guest_handle(bufs[0].h, &dm);
	set_xen_guest_handle(bufs[1].h, bits);
	return HC(dm_op, peer, 2, bufs);
}

static unsigned changed(void)
{
	CHECK_EQ(track(FIRST, 8, 4), 0);
	EXPECT_EQ(bits[1], 0x55);
	return bits[0];
}

void guest_main(void)
{
	volatile uint32_t *five;

	peer_writer(32);
	five = peer_map(peer, 5);
	EXPECT_EQ(track(FIRST, 8, 0), -XEN_EINVAL);
	EXPECT_EQ(track(FIRST, (1u << 18) + 1, 1u << 20), -XEN_EINVAL);
	EXPECT_EQ(track(FIRST, 0, 0), 0);
	/* At first everything. */
	EXPECT_EQ(changed(), 0xff);
	EXPECT_EQ(changed(), 0);
	for (unsigned i = 0; i < 30; i++) {
		uint32_t gfn = 2 + i % 14;
		bool inside = gfn >= FIRST && gfn < FIRST + 8;

		peer_writes(gfn);
		EXPECT_EQ(changed(), inside ? 1u << (gfn - FIRST) : 0);
	}
	EXPECT_EQ(*five, 2);
	peer_writes(5);
	peer_writes(6);
	EXPECT_EQ(changed(), 6);
	/* Another range begins anew. */
	EXPECT_EQ(track(FIRST, 9, 4), 0);
	EXPECT_EQ(bits[0], 0xff);
	EXPECT_EQ(track(FIRST, 9, 4), 0);
	EXPECT_EQ(bits[0] | bits[1], 0);
	EXPECT_EQ(track(FIRST, 0, 0), 0);
	peer_writes(5);
	EXPECT_EQ(*five, 4);
	peer_destroy(peer);
}
