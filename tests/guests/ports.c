/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/*
 * Ports of devices that the hypervisor keeps: reads float, writes are lost. The interrupt
 * controllers, the interval timer and the hypervisor's serial line are among them.
 */
#include "guest.h"

void guest_main(void)
{
	static const uint16_t kept[] = {0x20, 0x21, 0xa0, 0xa1, 0x40, 0x42, 0x3f8, 0x3fd};
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		EXPECT(inb(kept[i]) == 0xff, "port %#x reads %#x", kept[i], inb(kept[i]));
	}
	outb(0x21, 0);
	outb(0xa1, 0);
	EXPECT_EQ(inb(0x21), 0xff);
	outb(0x43, 0x34);
	outb(0x40, 1);
	outb(0x40, 0);
	/* Turning the hypervisor's UART off must not silence the verdict. */
	outb(0x3f8 + 4, 0);
	outb(0x3f8 + 3, 0x80);
	outb(0x3f8 + 1, 0);
	EXPECT_EQ(inw(0x20), 0xffff);
	EXPECT_EQ(inl(0x20), 0xffffffff);
}
