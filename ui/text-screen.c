/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text-screen.h"

#include "escape.h"

#include <string.h>

#define COLUMNS UI_TEXT_SCREEN_COLUMNS
#define ROWS	UI_TEXT_SCREEN_ROWS

struct UiTextScreen {
	UiEscapeParser parser;
	UiTextCell cells[ROWS][COLUMNS];
	guint row, column; /* column may be COLUMNS: the next character wraps */
	guint saved_row, saved_column;
	guint top, bottom; /* of what scrolls; bottom is the last such row */
	guint8 colour, back;
	guint8 partial[4]; /* of a UTF-8 character */
	guint partial_length;
};

static void reset(UiTextScreen *screen)
{
	memset(screen, 0, sizeof(*screen));
	screen->bottom = ROWS - 1;
	screen->colour = screen->back = UI_TEXT_SCREEN_DEFAULT;
}

UiTextScreen *ui_text_screen_new(void)
{
	UiTextScreen *screen = g_new(UiTextScreen, 1);

	reset(screen);
	return screen;
}

void ui_text_screen_free(UiTextScreen *screen)
{
	g_free(screen);
}

static void clear(UiTextScreen *screen, guint row, guint from, guint to)
{
	for (guint column = from; column < MIN(to, COLUMNS); column++) {
		screen->cells[row][column] = (UiTextCell){0, screen->colour, screen->back};
	}
}

/* Rows @top to @bottom one up (@by 1) or down (-1). */
static void scroll(UiTextScreen *screen, guint top, guint bottom, int by, guint count)
{
	for (count = MIN(count, bottom - top + 1); count > 0; count--) {
		gsize size = (bottom - top) * sizeof(screen->cells[0]);

		if (by > 0) {
			memmove(screen->cells[top], screen->cells[top + 1], size);
			clear(screen, bottom, 0, COLUMNS);
		} else {
			memmove(screen->cells[top + 1], screen->cells[top], size);
			clear(screen, top, 0, COLUMNS);
		}
	}
}

static void line_feed(UiTextScreen *screen)
{
	if (screen->row == screen->bottom) {
		scroll(screen, screen->top, screen->bottom, 1, 1);
	} else if (screen->row < ROWS - 1) {
		screen->row++;
	}
}

static void reverse_feed(UiTextScreen *screen)
{
	if (screen->row == screen->top) {
		scroll(screen, screen->top, screen->bottom, -1, 1);
	} else if (screen->row > 0) {
		screen->row--;
	}
}

static void put_character(UiTextScreen *screen, gunichar character)
{
	guint width = g_unichar_iszerowidth(character) ? 0 : g_unichar_iswide(character) ? 2 : 1;

	if (width == 0) {
		return;
	}
	if (screen->column + width > COLUMNS) {
		screen->column = 0;
		line_feed(screen);
	}
	screen->cells[screen->row][screen->column] =
	    (UiTextCell){character, screen->colour, screen->back};
	if (width == 2) {
		clear(screen, screen->row, screen->column + 1, screen->column + 2);
	}
	screen->column += width;
}

/* More of a character, or its end. */
static void put_partial(UiTextScreen *screen)
{
	gunichar character =
	    g_utf8_get_char_validated((const char *)screen->partial, screen->partial_length);

	if (character == (gunichar)-2 && screen->partial_length < sizeof(screen->partial)) {
		return;
	}
	put_character(screen, character >= (gunichar)-2 ? 0xfffd : character);
	screen->partial_length = 0;
}

static void text(gpointer data, const guint8 *bytes, gsize length)
{
	UiTextScreen *screen = data;

	for (gsize i = 0; i < length; i++) {
		if (screen->partial_length > 0 && (bytes[i] & 0xc0) != 0x80) {
			put_character(screen, 0xfffd); /* it never came to its end */
			screen->partial_length = 0;
		}
		if (bytes[i] < 0x80) {
			put_character(screen, bytes[i]);
		} else {
			screen->partial[screen->partial_length++] = bytes[i];
			put_partial(screen);
		}
	}
}

static void control(gpointer data, guint8 byte)
{
	UiTextScreen *screen = data;

	switch (byte) {
	case '\b':
		screen->column = MIN(screen->column, COLUMNS - 1);
		screen->column -= screen->column > 0;
		break;
	case '\t':
		screen->column = MIN((screen->column / 8 + 1) * 8, COLUMNS - 1);
		break;
	case '\n':
	case '\v':
	case '\f':
		line_feed(screen);
		break;
	case '\r':
		screen->column = 0;
		break;
	default:
		break;
	}
}

static void erase_display(UiTextScreen *screen, guint what)
{
	guint from = what == 0 ? screen->row + 1 : 0;
	guint to = what == 1 ? screen->row : ROWS;

	for (guint row = from; row < to; row++) {
		clear(screen, row, 0, COLUMNS);
	}
	if (what == 0) {
		clear(screen, screen->row, screen->column, COLUMNS);
	} else if (what == 1) {
		clear(screen, screen->row, 0, screen->column + 1);
	}
}

static void erase_line(UiTextScreen *screen, guint what)
{
	clear(screen, screen->row, what == 0 ? screen->column : 0,
	      what == 1 ? screen->column + 1 : COLUMNS);
}

/* Colours of the 256 and of RGB are not worth it here: they become the default. */
static void rendition(UiTextScreen *screen, const UiEscape *escape)
{
	guint count = ui_escape_count(escape);

	for (guint i = 0; i < count; i++) {
		guint value = ui_escape_number(escape, i, 0);

		if (value == 0) {
			screen->colour = screen->back = UI_TEXT_SCREEN_DEFAULT;
		} else if (value >= 30 && value <= 37) {
			screen->colour = (guint8)(value - 30);
		} else if (value >= 40 && value <= 47) {
			screen->back = (guint8)(value - 40);
		} else if (value >= 90 && value <= 97) {
			screen->colour = (guint8)(value - 90 + 8);
		} else if (value >= 100 && value <= 107) {
			screen->back = (guint8)(value - 100 + 8);
		} else if (value == 39) {
			screen->colour = UI_TEXT_SCREEN_DEFAULT;
		} else if (value == 49) {
			screen->back = UI_TEXT_SCREEN_DEFAULT;
		} else if (value == 7) {
			guint8 colour = screen->colour;

			screen->colour = screen->back;
			screen->back = colour;
		} else if (value == 38 || value == 48) {
			break;
		}
	}
}

static void move_to(UiTextScreen *screen, gint64 row, gint64 column)
{
	screen->row = (guint)CLAMP(row, 0, ROWS - 1);
	screen->column = (guint)CLAMP(column, 0, COLUMNS - 1);
}

static void set_margins(UiTextScreen *screen, guint top, guint bottom)
{
	top = MAX(top, 1);
	bottom = CLAMP(bottom, 1, ROWS);
	if (top < bottom) {
		screen->top = top - 1;
		screen->bottom = bottom - 1;
		move_to(screen, 0, 0);
	}
}

static void insert_lines(UiTextScreen *screen, int by, guint count)
{
	if (screen->row >= screen->top && screen->row <= screen->bottom) {
		scroll(screen, screen->row, screen->bottom, by, count);
	}
}

/* Characters right of the cursor move by @count. */
static void shift(UiTextScreen *screen, int by, guint count)
{
	guint from = MIN(screen->column, COLUMNS - 1);
	UiTextCell *cells = screen->cells[screen->row];

	count = MIN(count, COLUMNS - from);
	if (by > 0) {
		memmove(cells + from + count, cells + from,
			(COLUMNS - from - count) * sizeof(UiTextCell));
		clear(screen, screen->row, from, from + count);
	} else {
		memmove(cells + from, cells + from + count,
			(COLUMNS - from - count) * sizeof(UiTextCell));
		clear(screen, screen->row, COLUMNS - count, COLUMNS);
	}
}

static bool moves(UiTextScreen *screen, const UiEscape *escape)
{
	gint64 row = screen->row, column = MIN(screen->column, COLUMNS - 1);
	gint64 n = MAX(ui_escape_number(escape, 0, 1), 1);

	switch (escape->final) {
	case 'A':
		row -= n;
		break;
	case 'B':
	case 'e':
		row += n;
		break;
	case 'C':
	case 'a':
		column += n;
		break;
	case 'D':
		column -= n;
		break;
	case 'E':
		row += n;
		column = 0;
		break;
	case 'F':
		row -= n;
		column = 0;
		break;
	case 'G':
	case '`':
		column = n - 1;
		break;
	case 'd':
		row = n - 1;
		break;
	case 'H':
	case 'f':
		row = n - 1;
		column = MAX(ui_escape_number(escape, 1, 1), 1) - 1;
		break;
	default:
		return false;
	}
	move_to(screen, row, column);
	return true;
}

static void csi(UiTextScreen *screen, const UiEscape *escape)
{
	guint n = MAX(ui_escape_number(escape, 0, 1), 1);

	if (moves(screen, escape)) {
		return;
	}
	switch (escape->final) {
	case 'J':
		erase_display(screen, ui_escape_number(escape, 0, 0));
		break;
	case 'K':
		erase_line(screen, ui_escape_number(escape, 0, 0));
		break;
	case 'L':
		insert_lines(screen, -1, n);
		break;
	case 'M':
		insert_lines(screen, 1, n);
		break;
	case 'P':
		shift(screen, -1, n);
		break;
	case '@':
		shift(screen, 1, n);
		break;
	case 'X':
		clear(screen, screen->row, screen->column, screen->column + n);
		break;
	case 'S':
		scroll(screen, screen->top, screen->bottom, 1, n);
		break;
	case 'T':
		scroll(screen, screen->top, screen->bottom, -1, n);
		break;
	case 'm':
		rendition(screen, escape);
		break;
	case 'r':
		set_margins(screen, ui_escape_number(escape, 0, 1),
			    ui_escape_number(escape, 1, ROWS));
		break;
	default:
		break;
	}
}

static void private_mode(UiTextScreen *screen, const UiEscape *escape)
{
	guint mode = ui_escape_number(escape, 0, 0);

	/* Both ways to the alternate screen show an empty one: what was there is not kept. */
	if ((escape->final == 'h' || escape->final == 'l') && (mode == 47 || mode / 10 == 104)) {
		erase_display(screen, 2);
		move_to(screen, 0, 0);
	}
}

static void sequence(gpointer data, const UiEscape *escape)
{
	UiTextScreen *screen = data;

	if (escape->intermediate || (escape->marker && escape->marker != '?')) {
		return;
	}
	if (escape->csi && escape->marker) {
		private_mode(screen, escape);
	} else if (escape->csi) {
		csi(screen, escape);
	} else if (escape->final == '7') {
		screen->saved_row = screen->row;
		screen->saved_column = screen->column;
	} else if (escape->final == '8') {
		move_to(screen, screen->saved_row, screen->saved_column);
	} else if (escape->final == 'D') {
		line_feed(screen);
	} else if (escape->final == 'E') {
		screen->column = 0;
		line_feed(screen);
	} else if (escape->final == 'M') {
		reverse_feed(screen);
	} else if (escape->final == 'c') {
		UiEscapeParser parser = screen->parser;

		reset(screen);
		screen->parser = parser;
	}
}

void ui_text_screen_feed(UiTextScreen *screen, const guint8 *bytes, gsize length)
{
	static const UiEscapeHandler handler = {text, control, sequence};

	ui_escape_parse(&screen->parser, bytes, length, &handler, screen);
}

const UiTextCell *ui_text_screen_row(const UiTextScreen *screen, guint row)
{
	g_return_val_if_fail(row < ROWS, NULL);
	return screen->cells[row];
}

char *ui_text_screen_line(const UiTextScreen *screen, guint row)
{
	GString *line = g_string_new(NULL);

	g_return_val_if_fail(row < ROWS, g_string_free(line, FALSE));
	for (guint column = 0; column < COLUMNS; column++) {
		gunichar character = screen->cells[row][column].character;

		g_string_append_unichar(line, character ? character : ' ');
	}
	return g_strchomp(g_string_free(line, FALSE));
}
