/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: */
/* The wall clock of the shared page plus system time is the time of the machine's clock chip. */
#include "guest.h"

static unsigned bcd(uint8_t reg)
{
	uint8_t v;

	outb(0x70, reg);
	v = inb(0x71);
	outb(0x70, 0xb);
	return inb(0x71) & 4 ? v : (v >> 4) * 10 + (v & 15);
}

static uint64_t rtc_seconds(void)
{
	unsigned s, m, h, d, mon, y;
	uint64_t days;

	do {
		s = bcd(0);
		m = bcd(2);
		h = bcd(4);
		d = bcd(7);
		mon = bcd(8);
		y = 2000 + bcd(9);
	} while (s != bcd(0));
	/* Days since 1970-01-01, counting years from March. */
	if (mon <= 2) {
		y--;
		mon += 12;
	}
	days = 365ull * y + y / 4 - y / 100 + y / 400 + (153 * (mon - 3) + 2) / 5 + d - 1 - 719468;
	return ((days * 24 + h) * 60 + m) * 60 + s;
}

void guest_main(void)
{
	volatile struct shared_info *s = shared_info();
	uint32_t version;
	uint64_t now, rtc;

	do {
		version = s->wc_version & ~1u;
		now = (uint64_t)s->wc_sec_hi << 32 | s->wc_sec;
		EXPECT(s->wc_nsec < 1000000000, "%u ns", s->wc_nsec);
	} while (s->wc_version != version);
	now += system_time(0) / 1000000000;
	rtc = rtc_seconds();
	EXPECT(now + 5 > rtc && now < rtc + 5, "wall clock %lu, clock chip %lu", now, rtc);
}
