/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot screen on a framebuffer of heap memory, to the byte: a pixel outside is ASan's. */
#include "unit.h"
#include <asm/paging.h>
#include <hv/framebuffer.h>
#include <stdlib.h>
#include <string.h>

#define BASE	0xfd000000UL
#define GREY	0xbfbfbfU		/* three quarters of white */
#define UNTOUCHED 0xa5

struct boot_info boot_info;

static uint8_t *memory;
static size_t memory_len;
static uint64_t mapped_at;
static bool map_fails;

volatile void *ioremap(hpa_t start, size_t len)
{
	free(memory);
	memory = NULL;
	if (map_fails) {
		return NULL;
	}
	memory = malloc(len);
	memset(memory, UNTOUCHED, len);
	memory_len = len;
	mapped_at = start.v;
	return memory;
}

static const struct boot_framebuffer good = {
	.base = BASE, .width = 80, .height = 64, .pitch = 320, .bpp = 32, .red_pos = 16, .red_size = 8,
	.green_pos = 8, .green_size = 8, .blue_pos = 0, .blue_size = 8, .present = true,
};

static bool start(struct boot_framebuffer fb)
{
	mapped_at = 0;
	return framebuffer_init(&fb, 40);
}

static bool refused(struct boot_framebuffer fb)
{
	return !start(fb) && !mapped_at;
}

static void put(const char *text)
{
	framebuffer_put(text, strlen(text));
}

static uint32_t pixel(const struct boot_framebuffer *fb, unsigned int x, unsigned int y)
{
	uint32_t v = 0;

	memcpy(&v, memory + (size_t)y * fb->pitch + (size_t)x * (fb->bpp / 8), fb->bpp / 8);
	return v;
}

static bool cell_is(const struct boot_framebuffer *fb, unsigned int row, unsigned int column, char c, uint32_t ink)
{
	for (unsigned int y = 0; y < 16; y++) {
		for (unsigned int x = 0; x < 8; x++) {
			bool on = font[c - FONT_FIRST][y / 2] & (0x80 >> x);

			if (pixel(fb, column * 8 + x, row * 16 + y) != (on ? ink : 0)) {
				return false;
			}
		}
	}
	return true;
}

static bool row_is(const struct boot_framebuffer *fb, unsigned int row, const char *text)
{
	for (unsigned int x = 0; x < fb->width / 8; x++) {
		if (!cell_is(fb, row, x, *text ? *text : ' ', GREY)) {
			return false;
		}
		text += *text != 0;
	}
	return true;
}

#define WITH(field, value) ({ struct boot_framebuffer fb_ = good; fb_.field = (value); fb_; })

TEST(framebuffer_geometry)
{
	CHECK_TRUE(start(good));
	CHECK_EQ(mapped_at, BASE);
	CHECK_EQ(memory_len, 320 * 64);
	CHECK_TRUE(refused(WITH(present, false)));
	CHECK_TRUE(refused(WITH(bpp, 0)));
	CHECK_TRUE(refused(WITH(bpp, 8)));
	CHECK_TRUE(refused(WITH(bpp, 15)));
	CHECK_TRUE(refused(WITH(bpp, 64)));
	CHECK_TRUE(refused(WITH(bpp, ~0U)));
	CHECK_TRUE(refused(WITH(width, 7)));
	CHECK_TRUE(refused(WITH(width, 81)));
	CHECK_TRUE(refused(WITH(width, 0x40000001)));
	CHECK_TRUE(refused(WITH(height, 15)));
	CHECK_TRUE(refused(WITH(height, ~0U)));
	CHECK_TRUE(refused(WITH(pitch, 0)));
	CHECK_TRUE(refused(WITH(pitch, 319)));
	CHECK_TRUE(refused(WITH(pitch, ~0U)));
	CHECK_TRUE(refused(WITH(pitch, (64U << 20) / 64 + 1)));
	CHECK_TRUE(start(WITH(pitch, (64U << 20) / 64)));
}

TEST(framebuffer_place)
{
	CHECK_TRUE(refused(WITH(base, 0)));
	CHECK_TRUE(refused(WITH(base, 0xb8000)));
	CHECK_TRUE(refused(WITH(base, ~0ULL)));
	CHECK_TRUE(refused(WITH(base, ~0ULL - 320 * 64 + 1)));
	CHECK_TRUE(refused(WITH(base, 1ULL << 40)));
	CHECK_TRUE(refused(WITH(base, (1ULL << 40) - 320 * 64 + 1)));
	CHECK_TRUE(start(WITH(base, (1ULL << 40) - 320 * 64)));
	/* Next to memory, on its last byte, on its first one, and on what is reserved. */
	boot_info.memory_count = 1;
	boot_info.memory[0] = (struct memory_range){ BASE - 0x1000, BASE, MEMORY_RAM };
	CHECK_TRUE(start(good));
	boot_info.memory[0].end++;
	CHECK_TRUE(refused(good));
	boot_info.memory[0] = (struct memory_range){ BASE + 320 * 64 - 1, BASE + 0x10000, MEMORY_ACPI };
	CHECK_TRUE(refused(good));
	boot_info.memory[0].type = MEMORY_RESERVED;
	CHECK_TRUE(start(good));
	boot_info.memory_count = 0;
}

TEST(framebuffer_colours)
{
	CHECK_TRUE(refused(WITH(red_size, 0)));
	CHECK_TRUE(refused(WITH(red_size, 255)));
	CHECK_TRUE(refused(WITH(red_pos, 25)));
	CHECK_TRUE(refused(WITH(green_pos, 32)));
	CHECK_TRUE(refused(WITH(green_pos, 255)));
	CHECK_TRUE(refused(WITH(blue_pos, 1)));
	CHECK_TRUE(start(WITH(red_pos, 24)));
	put("A");
	CHECK_TRUE(cell_is(&good, 0, 0, 'A', 0xbf00bfbf));
}

TEST(framebuffer_not_mapped)
{
	map_fails = true;
	CHECK_TRUE(!start(good));
	CHECK_TRUE(!framebuffer_has_frame(mfn(BASE >> PAGE_SHIFT)));
	map_fails = false;
}

TEST(framebuffer_frames)
{
	/* 320 x 64 bytes from the middle of a frame: it ends in the sixth. */
	CHECK_TRUE(start(WITH(base, BASE + 0x800)));
	CHECK_TRUE(!framebuffer_has_frame(mfn((BASE >> PAGE_SHIFT) - 1)));
	CHECK_TRUE(framebuffer_has_frame(mfn(BASE >> PAGE_SHIFT)));
	CHECK_TRUE(framebuffer_has_frame(mfn((BASE >> PAGE_SHIFT) + 5)));
	CHECK_TRUE(!framebuffer_has_frame(mfn((BASE >> PAGE_SHIFT) + 6)));
}

TEST(framebuffer_glyph)
{
	CHECK_TRUE(start(good));
	CHECK_TRUE(row_is(&good, 0, ""));
	put("\nab\x01\x7f\xe4~\n");
	CHECK_TRUE(row_is(&good, 0, ""));
	CHECK_TRUE(row_is(&good, 1, "ab~"));
	CHECK_TRUE(row_is(&good, 2, ""));
	/* An L by hand: its stem, doubled rows, and its foot. */
	put("L");
	CHECK_EQ(pixel(&good, 0, 32), 0);
	CHECK_EQ(pixel(&good, 1, 32), GREY);
	CHECK_EQ(pixel(&good, 2, 32), 0);
	CHECK_EQ(pixel(&good, 5, 43), 0);
	CHECK_EQ(pixel(&good, 5, 44), GREY);
	CHECK_EQ(pixel(&good, 5, 45), GREY);
	CHECK_EQ(pixel(&good, 5, 46), 0);
}

/* Every letter is there, and no two are the same. */
TEST(framebuffer_font)
{
	for (unsigned int i = 1; i <= FONT_LAST - FONT_FIRST; i++) {
		for (unsigned int j = 0; j < i; j++) {
			CHECK_TRUE(memcmp(font[i], font[j], FONT_ROWS));
		}
	}
}

TEST(framebuffer_depths)
{
	struct boot_framebuffer fb = good;

	fb.bpp = 24;
	fb.pitch = 241;			/* no alignment at all */
	CHECK_TRUE(start(fb));
	put("x24");
	CHECK_TRUE(row_is(&fb, 0, "x24"));
	CHECK_EQ(memory[240], UNTOUCHED);

	fb.bpp = 16;
	fb.pitch = 160;
	fb.red_pos = 11;
	fb.red_size = 5;
	fb.green_pos = 5;
	fb.green_size = 6;
	fb.blue_size = 5;
	CHECK_TRUE(start(fb));
	put("xyz16");
	CHECK_TRUE(cell_is(&fb, 0, 4, '6', 23 << 11 | 47 << 5 | 23));
}

TEST(framebuffer_scroll)
{
	CHECK_TRUE(start(good));
	put("one\ntwo\nthree\nfour");
	CHECK_TRUE(row_is(&good, 0, "one") && row_is(&good, 3, "four"));
	put("\nfive\n");
	CHECK_TRUE(row_is(&good, 0, "three") && row_is(&good, 1, "four"));
	CHECK_TRUE(row_is(&good, 2, "five") && row_is(&good, 3, ""));
	/* A line longer than the screen goes on in the next one; its end alone makes no empty one. */
	put("0123456789abcdefghij");
	CHECK_TRUE(row_is(&good, 1, "five") && row_is(&good, 2, "0123456789"));
	CHECK_TRUE(row_is(&good, 3, "abcdefghij"));
	put("\nend");
	CHECK_TRUE(row_is(&good, 2, "abcdefghij") && row_is(&good, 3, "end"));
}

/* Only cells that change are written: what stands on the others stays. */
TEST(framebuffer_draws_changes)
{
	CHECK_TRUE(start(good));
	put("same\nsame\nsame\nsame");
	memory[16 * 320] = UNTOUCHED;
	memory[48 * 320] = UNTOUCHED;
	put("\nsome");
	CHECK_EQ(memory[16 * 320], UNTOUCHED);
	CHECK_EQ(memory[48 * 320], UNTOUCHED);
	CHECK_TRUE(cell_is(&good, 3, 1, 'o', GREY) && cell_is(&good, 2, 1, 'a', GREY));
}

TEST(framebuffer_clipping)
{
	struct boot_framebuffer fb = good;

	/* Nine cells and 7 pixels, 3 rows and 15: the rest is cleared and stays black; what is behind a line stays. */
	fb.width = 79;
	fb.height = 63;
	CHECK_TRUE(start(fb));
	for (unsigned int i = 0; i < 50; i++) {
		put("##########");
	}
	for (unsigned int y = 0; y < fb.height; y++) {
		CHECK_EQ(pixel(&fb, 72, y), 0);
		CHECK_EQ(pixel(&fb, 78, y), 0);
		CHECK_EQ(pixel(&fb, 79, y), 0xa5a5a5a5U);
	}
	for (unsigned int x = 0; x < fb.width; x++) {
		CHECK_EQ(pixel(&fb, x, 48), 0);
		CHECK_EQ(pixel(&fb, x, 62), 0);
	}
	CHECK_TRUE(cell_is(&fb, 2, 4, '#', GREY));

	/* Larger than our text buffers, both ways. */
	fb.width = 2600;
	fb.height = 2600;
	fb.pitch = 2600 * 4;
	CHECK_TRUE(start(fb));
	for (unsigned int i = 0; i < 4000; i++) {
		put("##########");
	}
	CHECK_TRUE(cell_is(&fb, 126, 255, '#', GREY) && cell_is(&fb, 126, 256, ' ', GREY));
	CHECK_TRUE(cell_is(&fb, 128, 0, ' ', GREY));
}
