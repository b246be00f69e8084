/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built with the library's names renamed, so that it is ours and not libc's that is called. */
#include "unit.h"
#include <hv/lib.h>

static const char *text(const char *fmt, ...) __printf(1, 2);

static const char *text(const char *fmt, ...)
{
	static char buf[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return buf;
}

TEST(printf_integers)
{
	CHECK_STR(text("%d %i %u", -5, 7, 4000000000u), "-5 7 4000000000");
	CHECK_STR(text("%x %X %#x %o", 0xbeef, 0xbeef, 0x10, 8), "beef BEEF 0x10 10");
	CHECK_STR(text("%lld", (long long)INT64_MIN), "-9223372036854775808");
	CHECK_STR(text("%lu %zu", ~0UL, (size_t)12), "18446744073709551615 12");
	CHECK_STR(text("%hhu %hd", (unsigned char)255, (short)-1), "255 -1");
	CHECK_STR(text("%+d % d", 3, 3), "+3  3");
}

TEST(printf_width_and_precision)
{
	CHECK_STR(text("[%5d][%-5d][%05d]", 42, 42, 42), "[   42][42   ][00042]");
	CHECK_STR(text("[%.3d][%8.3x]", 5, 10), "[005][     00a]");
	CHECK_STR(text("[%*d][%-*d]", 4, 1, 4, 2), "[   1][2   ]");
	CHECK_STR(text("[%.2s][%5s][%-5s]", "abcdef", "ab", "ab"), "[ab][   ab][ab   ]");
	CHECK_STR(text("%c%c%%", 'o', 'k'), "ok%");
}

TEST(printf_truncates)
{
	char buf[5];

	CHECK_EQ(snprintf(buf, sizeof(buf), "%s", "truncated"), 9);
	CHECK_STR(buf, "trun");
	CHECK_EQ(snprintf(NULL, 0, "%d", 123456), 6);
	CHECK_EQ(snprintf(buf, 1, "xyz"), 3);
	CHECK_STR(buf, "");
}

TEST(string_basics)
{
	char a[8] = "abcdefg", small[4];

	CHECK_EQ(strlen("four"), 4);
	CHECK_EQ(strnlen("four", 2), 2);
	CHECK_TRUE(strcmp("a", "b") < 0 && strcmp("b", "a") > 0 && strcmp("a", "a") == 0);
	CHECK_TRUE(strcmp("\xff", "a") > 0);
	CHECK_TRUE(strncmp("abc", "abd", 2) == 0 && strncmp("abc", "abd", 3) < 0);
	CHECK_TRUE(strchr(a, 'c') == a + 2 && strchr(a, 'z') == NULL && strchr(a, 0) == a + 7);
	CHECK_EQ(str_copy(small, "longer", sizeof(small)), 6);
	CHECK_STR(small, "lon");
}

TEST(string_memory)
{
	char a[16] = "0123456789", b[16];

	memcpy(b, a, 11);
	CHECK_STR(b, "0123456789");
	memmove(a + 2, a, 8);
	CHECK_STR(a, "0101234567");
	memcpy(a, "0123456789", 11);
	memmove(a, a + 3, 7);
	CHECK_STR(a, "3456789789");
	memset(b, 'z', 3);
	CHECK_STR(b, "zzz3456789");
	CHECK_TRUE(memcmp("ab", "ac", 1) == 0 && memcmp("ab", "ac", 2) < 0);
	CHECK_TRUE(memcmp("\xff", "\x01", 1) > 0);
}

TEST(string_numbers)
{
	const char *end, *s = "0x1fG";

	CHECK_EQ(str_to_u64("123x", &end, 10), 123);
	CHECK_TRUE(*end == 'x');
	CHECK_EQ(str_to_u64(s, &end, 0), 0x1f);
	CHECK_TRUE(end == s + 4);
	CHECK_EQ(str_to_u64("18446744073709551615", &end, 10), ~0ULL);
	CHECK_EQ(str_to_u64("99999999999999999999", &end, 10), ~0ULL);
	s = "none";
	(void)str_to_u64(s, &end, 0);
	CHECK_TRUE(end == s);
}
