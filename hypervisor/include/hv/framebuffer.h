/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Text on the boot loader's linear framebuffer (drivers/framebuffer.c, drivers/font.c). */
#include <hv/boot.h>

#define FONT_FIRST	0x20
#define FONT_LAST	0x7e
#define FONT_ROWS	8

/* A glyph is 8 rows, the leftmost pixel in bit 7. Every row is drawn twice, for cells of 8x16 pixels. */
extern const uint8_t font[FONT_LAST - FONT_FIRST + 1][FONT_ROWS];

/*
 * Maps the framebuffer and clears it; false: there is none, its geometry makes no sense, or it cannot be mapped, and
 * nothing was written. Once, at boot, after the memory map is there.
 */
bool framebuffer_init(const struct boot_framebuffer *untrusted_fb, unsigned int phys_bits);
/* A console output's put: console lock held, or a panic. */
void framebuffer_put(const char *text, size_t len);
/* Is m one of the frames behind the screen? Any context. */
bool framebuffer_has_frame(mfn_t m);
