/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text on a linear framebuffer. The pixels are uncached, so they are never read and written as seldom as can be: the
 * text lives in two buffers of our own, what shall stand on the screen and what does, and each call draws the
 * difference once at its end, however often it scrolled. What is right of or below the last whole cell stays black.
 */
#include <asm/paging.h>
#include <hv/framebuffer.h>
#include <hv/lib.h>
#include <hv/log.h>

#define MAP_MAX		MIB(64)
#define SIDE_MAX	32768U		/* pixels: keeps products of two sides within 32 bits */
#define CELL_WIDTH	8U
#define CELL_HEIGHT	(2U * FONT_ROWS)
#define COLUMNS_MAX	256U		/* of a larger screen the upper left part is used */
#define ROWS_MAX	128U
#define FIELD_MIN	4U		/* fewer bits: our grey would not be seen */
#define GREY_PERCENT	75U

/* Loaders promise no alignment of pitch or base. */
struct word {
	uint64_t v;
} __packed;

static volatile uint8_t *pixels;	/* NULL: no framebuffer */
static uint64_t first_frame, last_frame;
static uint32_t pitch, pixel_bytes, ink;
static unsigned int columns, rows, row, column;
static uint8_t wanted[ROWS_MAX][COLUMNS_MAX], shown[ROWS_MAX][COLUMNS_MAX];

static bool field_ok(uint32_t pos, uint32_t size, uint32_t bpp)
{
	return size >= FIELD_MIN && pos < bpp && size <= bpp - pos;
}

static uint32_t field_mask(uint32_t pos, uint32_t size)
{
	return (uint32_t)((BIT(size) - 1) << pos);
}

static bool colours_ok(const struct boot_framebuffer *fb)
{
	uint32_t red, green, blue;

	if (!field_ok(fb->red_pos, fb->red_size, fb->bpp) ||
	    !field_ok(fb->green_pos, fb->green_size, fb->bpp) ||
	    !field_ok(fb->blue_pos, fb->blue_size, fb->bpp)) {
		return false;
	}
	red = field_mask(fb->red_pos, fb->red_size);
	green = field_mask(fb->green_pos, fb->green_size);
	blue = field_mask(fb->blue_pos, fb->blue_size);
	return !(red & green) && !(red & blue) && !(green & blue);
}

/* Letters must not go over memory that somebody uses. */
static bool in_memory(uint64_t start, uint64_t end)
{
	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];

		if (start < r->end && end > r->start && r->type != MEMORY_RESERVED) {
			return true;
		}
	}
	return false;
}

/* NULL, or what is wrong with it. */
static const char *find_fault(const struct boot_framebuffer *fb, unsigned int phys_bits)
{
	uint64_t size = (uint64_t)fb->pitch * fb->height;

	if (fb->bpp != 16 && fb->bpp != 24 && fb->bpp != 32) {
		return "depth";
	}
	if (fb->width < CELL_WIDTH || fb->height < CELL_HEIGHT || fb->width > SIDE_MAX ||
	    fb->height > SIDE_MAX) {
		return "size";
	}
	if (fb->pitch < fb->width * (fb->bpp / 8)) {
		return "pitch";
	}
	if (size > MAP_MAX) {
		return "length";
	}
	if (!colours_ok(fb)) {
		return "colours";
	}
	if (fb->base < MIB(1) || fb->base >= BIT(phys_bits) || size > BIT(phys_bits) - fb->base ||
	    in_memory(fb->base, fb->base + size)) {
		return "place";
	}
	return NULL;
}

static uint32_t grey_field(uint32_t pos, uint32_t size)
{
	return (uint32_t)((BIT(size) - 1) * GREY_PERCENT / 100 << pos);
}

/* Eight pixels are as many words as one pixel has bytes. */
static void draw_line(volatile struct word *to, uint8_t bits)
{
	uint8_t line[CELL_WIDTH * sizeof(uint32_t)];

	for (unsigned int x = 0; x < CELL_WIDTH; x++) {
		uint32_t colour = bits & (0x80U >> x) ? ink : 0;

		for (unsigned int i = 0; i < pixel_bytes; i++) {
			line[x * pixel_bytes + i] = (uint8_t)(colour >> (8 * i));
		}
	}
	for (unsigned int i = 0; i < pixel_bytes; i++) {
		uint64_t v;

		memcpy(&v, line + i * sizeof(v), sizeof(v));
		to[i].v = v;
	}
}

static void draw_cell(unsigned int y, unsigned int x, uint8_t c)
{
	volatile uint8_t *to = pixels + (size_t)y * CELL_HEIGHT * pitch + (size_t)x * CELL_WIDTH * pixel_bytes;

	for (unsigned int i = 0; i < CELL_HEIGHT; i++, to += pitch) {
		draw_line((volatile struct word *)to, font[c - FONT_FIRST][i / 2]);
	}
}

static void draw_changes(void)
{
	for (unsigned int y = 0; y < rows; y++) {
		if (!memcmp(wanted[y], shown[y], columns)) {
			continue;
		}
		for (unsigned int x = 0; x < columns; x++) {
			if (wanted[y][x] != shown[y][x]) {
				shown[y][x] = wanted[y][x];
				draw_cell(y, x, shown[y][x]);
			}
		}
	}
}

static void new_line(void)
{
	column = 0;
	if (row < rows - 1) {
		row++;
		return;
	}
	memmove(wanted[0], wanted[1], (rows - 1) * sizeof(wanted[0]));
	memset(wanted[rows - 1], ' ', sizeof(wanted[0]));
}

void framebuffer_put(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '\n') {
			new_line();
			continue;
		}
		if (c < FONT_FIRST || c > FONT_LAST) {
			continue;
		}
		if (column >= columns) {
			new_line();
		}
		wanted[row][column++] = (uint8_t)c;
	}
	draw_changes();
}

/* The loader's picture goes, byte by byte where a line is no whole number of words. */
static void clear(uint32_t width, uint32_t height)
{
	size_t len = (size_t)width * pixel_bytes;

	for (uint32_t y = 0; y < height; y++) {
		volatile uint8_t *line = pixels + (size_t)y * pitch;
		size_t at = 0;

		for (; at + sizeof(struct word) <= len; at += sizeof(struct word)) {
			((volatile struct word *)(line + at))->v = 0;
		}
		for (; at < len; at++) {
			line[at] = 0;
		}
	}
}

bool framebuffer_init(const struct boot_framebuffer *untrusted_fb, unsigned int phys_bits)
{
	struct boot_framebuffer fb = *untrusted_fb;
	const char *fault;
	size_t size;

	if (!fb.present) {
		return false;
	}
	fault = find_fault(&fb, phys_bits);
	if (fault) {
		log_warn("boot screen: left out, the framebuffer's %s makes no sense: %ux%ux%u, pitch %u, at %lx\n",
			 fault, fb.width, fb.height, fb.bpp, fb.pitch, fb.base);
		return false;
	}
	size = (size_t)fb.pitch * fb.height;
	pixels = ioremap(hpa(fb.base), size);
	if (!pixels) {
		log_warn("boot screen: left out, no room to map %lu bytes\n", size);
		return false;
	}
	first_frame = fb.base >> PAGE_SHIFT;
	last_frame = (fb.base + size - 1) >> PAGE_SHIFT;
	pitch = fb.pitch;
	pixel_bytes = fb.bpp / 8;
	ink = grey_field(fb.red_pos, fb.red_size) | grey_field(fb.green_pos, fb.green_size) |
	      grey_field(fb.blue_pos, fb.blue_size);
	columns = MIN(fb.width / CELL_WIDTH, COLUMNS_MAX);
	rows = MIN(fb.height / CELL_HEIGHT, ROWS_MAX);
	row = 0;
	column = 0;
	memset(wanted, ' ', sizeof(wanted));
	memset(shown, ' ', sizeof(shown));
	clear(fb.width, fb.height);
	log_info("boot screen: framebuffer of %ux%ux%u at %lx\n", fb.width, fb.height, fb.bpp, fb.base);
	return true;
}

bool framebuffer_has_frame(mfn_t m)
{
	return pixels && m.v >= first_frame && m.v <= last_frame;
}
