/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* console_io: writing returns 0, reading returns what is there, anything else is refused. */
#include "guest.h"

void guest_main(void)
{
	char text[] = "a line of the guest\n";
	char buf[16];

	EXPECT_EQ(HC(console_io, CONSOLEIO_write, sizeof(text) - 1, text), 0);
	EXPECT_EQ(HC(console_io, CONSOLEIO_write, 0, text), 0);
	EXPECT_EQ(HC(console_io, CONSOLEIO_read, sizeof(buf), buf), 0);
	EXPECT_EQ(HC(console_io, CONSOLEIO_read, 0, buf), 0);
	EXPECT_EQ(HC(console_io, 2, sizeof(buf), buf), -XEN_ENOSYS);
	EXPECT_EQ(HC(console_io, -1, sizeof(buf), buf), -XEN_ENOSYS);
	/* Beyond the first 4 GiB nothing is mapped. */
	EXPECT_EQ(HC(console_io, CONSOLEIO_write, 5, 0x200000000ul), -XEN_EFAULT);
}
