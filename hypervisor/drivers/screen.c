/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen as a console output: VGA text, 80x25 cells at 0xb8000, scrolled by copying, or a linear framebuffer
 * (framebuffer.c). It is the boot loader's mode; none is set here. When the service VM first maps the frames, the
 * screen is its own and this output goes mute.
 */
#include <asm/paging.h>
#include <asm/processor.h>
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/framebuffer.h>
#include <hv/lib.h>
#include <hv/screen.h>

#define VGA_TEXT	0xb8000UL
#define VGA_FIRST_FRAME	0xa0UL
#define VGA_LAST_FRAME	0xbfUL
#define COLUMNS		80U
#define ROWS		25U
#define ATTRIBUTE	0x0700

static volatile uint16_t *cells;
static unsigned int row, column;

static void scroll(void)
{
	for (unsigned int i = 0; i < COLUMNS * (ROWS - 1); i++) {
		cells[i] = cells[i + COLUMNS];
	}
	for (unsigned int i = COLUMNS * (ROWS - 1); i < COLUMNS * ROWS; i++) {
		cells[i] = ATTRIBUTE | ' ';
	}
}

static void new_line(void)
{
	column = 0;
	if (row == ROWS - 1) {
		scroll();
	} else {
		row++;
	}
}

static void put(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '\n') {
			new_line();
			continue;
		}
		if (c < ' ' || c > '~') {
			continue;
		}
		if (column == COLUMNS) {
			new_line();
		}
		cells[row * COLUMNS + column++] = (uint16_t)(ATTRIBUTE | (uint8_t)c);
	}
}

static struct console_output vga_output = { .name = "vga", .put = put };
static struct console_output framebuffer_output = { .name = "framebuffer", .put = framebuffer_put };

void screen_init(void)
{
	if (framebuffer_init(&boot_info.framebuffer, cpu_phys_bits())) {
		console_register(&framebuffer_output);
		return;
	}
	/* Neither UEFI nor a graphics mode leaves text cells behind. */
	if (boot_info.efi || boot_info.framebuffer.present) {
		return;
	}
	cells = ioremap(hpa(VGA_TEXT), COLUMNS * ROWS * sizeof(*cells));
	if (!cells) {
		return;
	}
	for (unsigned int i = 0; i < COLUMNS * ROWS; i++) {
		cells[i] = ATTRIBUTE | ' ';
	}
	console_register(&vga_output);
}

void screen_frame_taken(mfn_t m)
{
	if (m.v >= VGA_FIRST_FRAME && m.v <= VGA_LAST_FRAME) {
		vga_output.muted = true;
	}
	if (framebuffer_has_frame(m)) {
		framebuffer_output.muted = true;
	}
}
