/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of the played UART, and a backend that writes anything into the rings' indices. */
#include "unit.h"
#include <asm/vpl011.h>
#include <hv/lib.h>

static struct xencons_interface ring;
static struct vpl011_regs uart;

static void setup(void)
{
	memset(&ring, 0, sizeof(ring));
	vpl011_regs_init(&uart, &ring);
}

static uint32_t get(uint32_t reg)
{
	uint32_t v = 0xdeadbeef;

	vpl011_regs_read(&uart, reg, &v);
	return v;
}

static bool put(uint32_t reg, uint32_t v)
{
	return vpl011_regs_write(&uart, reg, v);
}

/* The backend's side: count bytes for the guest. */
static void type(unsigned int count)
{
	while (count--) {
		ring.in[ring.in_prod % sizeof(ring.in)] = (char)ring.in_prod;
		ring.in_prod++;
	}
	vpl011_regs_heard(&uart);
}

TEST(vpl011_reset)
{
	setup();
	CHECK_EQ(get(VPL011_FR), VPL011_FR_RXFE | VPL011_FR_TXFE);
	CHECK_EQ(get(VPL011_RIS), 0);
	CHECK_EQ(get(VPL011_IMSC), 0);
	CHECK_EQ(get(VPL011_DR), 0);
	CHECK_EQ(get(VPL011_RSR), 0);
	/* What a whole PL011 has beyond: speed, line, control. */
	CHECK_EQ(get(0x024), 0);
	CHECK_TRUE(!put(0x030, 0x301));
	CHECK_EQ(get(0x030), 0);
	CHECK_TRUE(!vpl011_regs_line(&uart));
}

TEST(vpl011_transmit)
{
	setup();
	CHECK_TRUE(put(VPL011_DR, 0x141));
	CHECK_EQ(ring.out[0], 0x41);
	CHECK_EQ(ring.out_prod, 1);
	CHECK_EQ(get(VPL011_FR), VPL011_FR_RXFE);
	CHECK_EQ(get(VPL011_RIS), VPL011_TX);
	CHECK_EQ(get(VPL011_MIS), 0);
	put(VPL011_IMSC, VPL011_TX);
	CHECK_EQ(get(VPL011_MIS), VPL011_TX);
	CHECK_TRUE(vpl011_regs_line(&uart));
	/* Acknowledged, it comes again with what happens next. */
	put(VPL011_ICR, VPL011_TX);
	CHECK_TRUE(!vpl011_regs_line(&uart));
	ring.out_cons = 1;
	vpl011_regs_heard(&uart);
	CHECK_TRUE(vpl011_regs_line(&uart));
	CHECK_EQ(get(VPL011_FR), VPL011_FR_RXFE | VPL011_FR_TXFE);
}

TEST(vpl011_transmit_full)
{
	const unsigned int size = sizeof(ring.out);

	setup();
	put(VPL011_IMSC, VPL011_TX);
	for (unsigned int i = 0; i < size; i++) {
		CHECK_TRUE(put(VPL011_DR, i));
		CHECK_EQ(vpl011_regs_line(&uart), i + 1 <= size - VPL011_LEVEL);
		CHECK_EQ(!!(get(VPL011_FR) & VPL011_FR_TXFF), i + 1 == size);
	}
	CHECK_EQ(get(VPL011_FR), VPL011_FR_RXFE | VPL011_FR_TXFF | VPL011_FR_BUSY);
	/* One too many is lost, and overwrites nothing. */
	CHECK_TRUE(!put(VPL011_DR, 0x55));
	CHECK_EQ(ring.out_prod, size);
	CHECK_EQ((uint8_t)ring.out[0], 0);
	CHECK_EQ((uint8_t)ring.out[size - 1], 0xff);
	ring.out_cons = 1;
	CHECK_EQ(get(VPL011_FR), VPL011_FR_RXFE);
	vpl011_regs_heard(&uart);
	CHECK_TRUE(!vpl011_regs_line(&uart));
	ring.out_cons = VPL011_LEVEL;
	vpl011_regs_heard(&uart);
	CHECK_TRUE(vpl011_regs_line(&uart));
}

TEST(vpl011_receive)
{
	uint32_t v;

	setup();
	put(VPL011_IMSC, VPL011_TIMEOUT);
	type(1);
	CHECK_EQ(get(VPL011_FR), VPL011_FR_TXFE);
	CHECK_EQ(get(VPL011_MIS), VPL011_TIMEOUT);
	CHECK_TRUE(vpl011_regs_line(&uart));
	ring.in[0] = (char)0xe4;
	CHECK_TRUE(vpl011_regs_read(&uart, VPL011_DR, &v));
	CHECK_EQ(v, 0xe4);
	CHECK_EQ(ring.in_cons, 1);
	CHECK_TRUE(!vpl011_regs_line(&uart));
	/* Nothing there: nothing to tell. */
	CHECK_TRUE(!vpl011_regs_read(&uart, VPL011_DR, &v));
	CHECK_EQ(v, 0);
	/* Half of the FIFO, and below. */
	type(VPL011_LEVEL - 1);
	CHECK_EQ(get(VPL011_RIS) & (VPL011_RX | VPL011_TIMEOUT), VPL011_TIMEOUT);
	type(1);
	CHECK_EQ(get(VPL011_RIS) & (VPL011_RX | VPL011_TIMEOUT), VPL011_RX | VPL011_TIMEOUT);
	CHECK_EQ(get(VPL011_DR), 1);
	CHECK_EQ(get(VPL011_RIS) & (VPL011_RX | VPL011_TIMEOUT), VPL011_TIMEOUT);
	put(VPL011_ICR, VPL011_TIMEOUT);
	CHECK_TRUE(!vpl011_regs_line(&uart));
	type(1);
	CHECK_TRUE(vpl011_regs_line(&uart));
	type((unsigned int)sizeof(ring.in) - VPL011_LEVEL);
	CHECK_EQ(get(VPL011_FR), VPL011_FR_TXFE | VPL011_FR_RXFF);
}

TEST(vpl011_masks)
{
	setup();
	put(VPL011_IMSC, ~0u);
	CHECK_EQ(get(VPL011_IMSC), VPL011_INTS);
	type(1);
	put(VPL011_IMSC, VPL011_RX);
	CHECK_TRUE(!vpl011_regs_line(&uart));
	put(VPL011_IMSC, 0);
	CHECK_EQ(get(VPL011_MIS), 0);
	CHECK_TRUE(get(VPL011_RIS) & VPL011_TIMEOUT);
}

/* Indices run through all of 32 bits. */
TEST(vpl011_wraps)
{
	setup();
	ring.in_cons = ring.in_prod = ring.out_cons = ring.out_prod = ~0u - 2;
	vpl011_regs_init(&uart, &ring);
	type(7);
	for (unsigned int i = 0; i < 7; i++) {
		CHECK_EQ(get(VPL011_DR), (uint8_t)(~0u - 2 + i));
		CHECK_TRUE(put(VPL011_DR, i));
	}
	CHECK_EQ(ring.in_cons, ring.in_prod);
	CHECK_EQ(ring.out_prod, 4);
	CHECK_EQ(get(VPL011_FR), VPL011_FR_RXFE);
}

/* A backend (or the guest itself) writes anything: nothing but bytes of the rings is touched
 * (ASan), all ends. */
TEST(vpl011_hostile_indices)
{
	struct {
		uint8_t before[64];
		struct xencons_interface ring;
		uint8_t after[64];
	} page;
	uint32_t seed = 1, v;

	memset(&page, 0xa5, sizeof(page));
	memset(&page.ring, 0, sizeof(page.ring));
	vpl011_regs_init(&uart, &page.ring);
	/* Ours are not the page's: changing them changes nothing. */
	page.ring.out_prod = 77;
	page.ring.in_cons = 99;
	put(VPL011_DR, 'x');
	CHECK_EQ(page.ring.out[0], 'x');
	CHECK_EQ(page.ring.out_prod, 1);
	/* More than there is room for: nothing to read, and no room to write. */
	page.ring.in_prod = sizeof(page.ring.in) + 1;
	page.ring.out_cons = 2;
	vpl011_regs_heard(&uart);
	CHECK_EQ(get(VPL011_FR), VPL011_FR_RXFE | VPL011_FR_TXFF | VPL011_FR_BUSY);
	CHECK_TRUE(!vpl011_regs_read(&uart, VPL011_DR, &v));
	CHECK_TRUE(!put(VPL011_DR, 'y'));
	for (unsigned int i = 0; i < 200000; i++) {
		seed = seed * 1664525u + 1013904223u;
		switch (seed >> 28) {
		case 0:
			page.ring.in_prod = seed;
			break;
		case 1:
			page.ring.out_cons = uart.out_prod - (seed & 0xfff);
			break;
		case 2:
			page.ring.in_prod = uart.in_cons + (seed & 0x7ff);
			break;
		case 3:
			page.ring.in_cons = page.ring.out_prod = seed;
			break;
		case 4:
			vpl011_regs_heard(&uart);
			break;
		default:
			if (seed & 1 << 20) {
				vpl011_regs_read(&uart, seed >> 8 & 0xfff, &v);
			} else {
				vpl011_regs_write(&uart, seed >> 8 & 0xfff, seed);
			}
			vpl011_regs_write(&uart, VPL011_DR, seed);
			vpl011_regs_read(&uart, VPL011_DR, &v);
			break;
		}
	}
	for (unsigned int i = 0; i < sizeof(page.before); i++) {
		CHECK_EQ(page.before[i], 0xa5);
		CHECK_EQ(page.after[i], 0xa5);
	}
}
