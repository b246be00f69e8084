/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console-filter.h"

#include "escape.h"

#include <string.h>

struct UiConsoleFilter {
	UiEscapeParser parser;
	GByteArray *out;
	bool answer;
	gint64 now, second;
	guint asked; /* in this second */
};

UiConsoleFilter *ui_console_filter_new(void)
{
	return g_new0(UiConsoleFilter, 1);
}

void ui_console_filter_free(UiConsoleFilter *filter)
{
	g_free(filter);
}

static void put(UiConsoleFilter *filter, const char *text)
{
	g_byte_array_append(filter->out, (const guint8 *)text, (guint)strlen(text));
}

static void text(gpointer data, const guint8 *bytes, gsize length)
{
	UiConsoleFilter *filter = data;

	g_byte_array_append(filter->out, bytes, (guint)length);
}

static void control(gpointer data, guint8 byte)
{
	UiConsoleFilter *filter = data;

	/* BS HT LF VT FF CR SO SI. No BEL: a storm of it is a nuisance that no guest may cause. ENQ
	 * would be answered. */
	if (byte >= 0x08 && byte <= 0x0f) {
		g_byte_array_append(filter->out, &byte, 1);
	}
}

static bool may_ask(UiConsoleFilter *filter)
{
	if (filter->now - filter->second >= G_USEC_PER_SEC) {
		filter->second = filter->now;
		filter->asked = 0;
	}
	return filter->answer && filter->asked++ < UI_CONSOLE_FILTER_QUESTIONS;
}

/*
 * Private modes: cursor keys, origin, wrap, blinking cursor, visible cursor, alternate screens,
 * mouse reports, bracketed paste. Not: 132 columns (3), reverse video (5: flashing), focus reports
 * (1004: whether somebody looks is not the guest's business).
 */
static bool private_mode_passes(guint mode)
{
	static const guint16 modes[] = {1,    6,    7,	  9,	12,   25,   47,	  66,  1000,
					1002, 1003, 1006, 1015, 1047, 1048, 1049, 2004};

	for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
		if (modes[i] == mode) {
			return true;
		}
	}
	return false;
}

static void private_modes(UiConsoleFilter *filter, const UiEscape *escape)
{
	guint count = ui_escape_count(escape);

	for (guint i = 0; i < count; i++) {
		guint mode = ui_escape_number(escape, i, 0);
		char one[32];

		if (private_mode_passes(mode)) {
			g_snprintf(one, sizeof(one), "\033[?%u%c", mode, escape->final);
			put(filter, one);
		}
	}
}

/* Numbers of the list are cut to UI_ESCAPE_NUMBER_MAX: longer ones are nothing but trouble. */
static bool numbers_are_short(const char *params)
{
	gsize digits = 0;

	for (; *params; params++) {
		digits = g_ascii_isdigit(*params) ? digits + 1 : 0;
		if (digits > 4) {
			return false;
		}
	}
	return true;
}

static void csi(UiConsoleFilter *filter, const UiEscape *escape)
{
	static const char plain[] = "@ABCDEFGHIJKLMPSTXZ`abdefghlmrsu";
	bool passes = false;

	if (!numbers_are_short(escape->params)) {
		return;
	}
	if (escape->marker == '?' && !escape->intermediate &&
	    (escape->final == 'h' || escape->final == 'l')) {
		private_modes(filter, escape);
		return;
	}
	if (!escape->marker && !escape->intermediate) {
		passes = strchr(plain, escape->final) ||
			 ((escape->final == 'c' || escape->final == 'n') && may_ask(filter));
	} else if (!escape->marker) {
		/* The cursor's shape; soft reset. */
		passes = (escape->intermediate == ' ' && escape->final == 'q') ||
			 (escape->intermediate == '!' && escape->final == 'p');
	} else if (escape->marker == '?' && !escape->intermediate) {
		/* Selective erase; where is the cursor, private form. */
		passes = escape->final == 'J' || escape->final == 'K' ||
			 (escape->final == 'n' && may_ask(filter));
	}
	if (passes) {
		char whole[UI_ESCAPE_PARAMS_MAX + 8];
		char marker[2] = {escape->marker, '\0'};
		char middle[2] = {escape->intermediate, '\0'};

		g_snprintf(whole, sizeof(whole), "\033[%s%s%s%c", marker, escape->params, middle,
			   escape->final);
		put(filter, whole);
	}
}

static void sequence(gpointer data, const UiEscape *escape)
{
	UiConsoleFilter *filter = data;
	char whole[4] = {'\033', escape->final, '\0', '\0'};

	if (escape->csi) {
		csi(filter, escape);
	} else if (!escape->intermediate && strchr("78DEHMc=>", escape->final)) {
		put(filter, whole);
	} else if (escape->intermediate && strchr("()*+", escape->intermediate) &&
		   strchr("0AB", escape->final)) {
		whole[1] = escape->intermediate;
		whole[2] = escape->final;
		put(filter, whole);
	}
}

void ui_console_filter_feed(UiConsoleFilter *filter, const guint8 *bytes, gsize length, bool answer,
			    gint64 now, GByteArray *out)
{
	static const UiEscapeHandler handler = {text, control, sequence};

	filter->out = out;
	filter->answer = answer;
	filter->now = now;
	ui_escape_parse(&filter->parser, bytes, length, &handler, filter);
	filter->out = NULL;
}
