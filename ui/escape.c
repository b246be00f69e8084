/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "escape.h"

#include <string.h>

#define BEL 0x07
#define CAN 0x18
#define SUB 0x1a
#define ESC 0x1b
#define DEL 0x7f
#define C2  0xc2

typedef struct {
	UiEscapeParser *parser;
	const UiEscapeHandler *handler;
	gpointer data;
} Context;

static void begin(UiEscapeParser *parser, UiEscapeState state)
{
	parser->state = state;
	memset(&parser->current, 0, sizeof(parser->current));
	parser->current.csi = state == UI_ESCAPE_CSI;
	parser->length = 0;
	parser->broken = false;
}

static void end(const Context *context, char final)
{
	UiEscapeParser *parser = context->parser;

	parser->state = UI_ESCAPE_GROUND;
	parser->current.final = final;
	if (!parser->broken) {
		context->handler->sequence(context->data, &parser->current);
	}
}

static void intermediate(UiEscapeParser *parser, char byte)
{
	parser->broken = parser->broken || parser->current.intermediate;
	parser->current.intermediate = byte;
}

/* The byte after ESC, or the C1 control as its 7-bit twin. */
static void escape_byte(const Context *context, guint8 byte)
{
	UiEscapeParser *parser = context->parser;

	if (byte >= 0x20 && byte < 0x30) {
		intermediate(parser, (char)byte);
	} else if (parser->current.intermediate) {
		end(context, (char)byte);
	} else if (byte == '[') {
		begin(parser, UI_ESCAPE_CSI);
	} else if (strchr("]PX^_", byte)) {
		begin(parser, UI_ESCAPE_STRING);
		parser->osc = byte == ']';
	} else {
		end(context, (char)byte);
	}
}

static void csi_byte(const Context *context, guint8 byte)
{
	UiEscapeParser *parser = context->parser;

	if (byte >= 0x40) {
		end(context, (char)byte);
	} else if (byte < 0x30) {
		intermediate(parser, (char)byte);
	} else if (byte >= 0x3c) {
		parser->broken = parser->broken || parser->length > 0 || parser->current.marker;
		parser->current.marker = (char)byte;
	} else if (parser->length + 1 < UI_ESCAPE_PARAMS_MAX && !parser->current.intermediate) {
		parser->current.params[parser->length++] = (char)byte;
	} else {
		parser->broken = true;
	}
}

static void string_byte(UiEscapeParser *parser, guint8 byte)
{
	bool over = byte == CAN || byte == SUB || (byte == BEL && parser->osc) ||
		    (parser->c2 && byte == 0x9c) || ++parser->length >= UI_ESCAPE_STRING_MAX;

	parser->c2 = byte == C2 && !over;
	if (over) {
		parser->state = UI_ESCAPE_GROUND;
	} else if (byte == ESC) {
		parser->state = UI_ESCAPE_STRING_ESCAPE;
	}
}

/* One byte that is not text; true when it was used. */
static bool other_byte(const Context *context, guint8 byte)
{
	UiEscapeParser *parser = context->parser;

	if (parser->state == UI_ESCAPE_STRING) {
		string_byte(parser, byte);
		return true;
	}
	if (parser->state == UI_ESCAPE_STRING_ESCAPE) {
		/* ESC \ ends it; ESC and anything else begins something new. */
		begin(parser, UI_ESCAPE_ESCAPE);
		if (byte == '\\') {
			parser->state = UI_ESCAPE_GROUND;
			return true;
		}
	}
	if (byte == ESC) {
		begin(parser, UI_ESCAPE_ESCAPE);
	} else if (byte == CAN || byte == SUB) {
		parser->state = UI_ESCAPE_GROUND;
	} else if (byte < 0x20) {
		/* Also in the middle of a sequence, as terminals do. */
		context->handler->control(context->data, byte);
	} else if (byte == DEL) {
		return true;
	} else if (byte >= 0x80 || parser->state == UI_ESCAPE_GROUND) {
		parser->state = UI_ESCAPE_GROUND;
		return false;
	} else if (parser->state == UI_ESCAPE_ESCAPE) {
		escape_byte(context, byte);
	} else {
		csi_byte(context, byte);
	}
	return true;
}

/* The byte after a held C2; true when both were a control. */
static bool c1_byte(const Context *context, guint8 byte)
{
	static const guint8 held = C2, replacement[] = {0xef, 0xbf, 0xbd};

	context->parser->c2 = false;
	if (byte >= 0x80 && byte < 0xa0) {
		begin(context->parser, UI_ESCAPE_ESCAPE);
		escape_byte(context, (guint8)(byte - 0x40));
		return true;
	}
	if (byte >= 0xa0 && byte < 0xc0) {
		context->handler->text(context->data, &held, 1);
	} else {
		/* Alone it would make a control with what follows once something between is
		 * dropped. */
		context->handler->text(context->data, replacement, sizeof(replacement));
	}
	return false;
}

static bool is_text(guint8 byte)
{
	return byte >= 0x20 && byte != DEL && byte != C2;
}

void ui_escape_parse(UiEscapeParser *parser, const guint8 *bytes, gsize length,
		     const UiEscapeHandler *handler, gpointer data)
{
	const Context context = {parser, handler, data};
	gsize i = 0;

	while (i < length) {
		gsize start = i;

		if (parser->c2 && parser->state == UI_ESCAPE_GROUND) {
			i += c1_byte(&context, bytes[i]);
			continue;
		}
		if (other_byte(&context, bytes[i])) {
			i++;
			continue;
		}
		if (bytes[i] == C2) {
			parser->c2 = true;
			i++;
			continue;
		}
		while (i < length && is_text(bytes[i])) {
			i++;
		}
		handler->text(data, bytes + start, i - start);
	}
}

guint ui_escape_count(const UiEscape *escape)
{
	guint count = 1;

	for (const char *at = escape->params; *at; at++) {
		count += *at == ';';
	}
	return count;
}

guint ui_escape_number(const UiEscape *escape, guint index, guint missing)
{
	const char *at = escape->params;
	guint value = 0;

	for (; index > 0 && *at; at++) {
		index -= *at == ';';
	}
	if (index > 0 || !g_ascii_isdigit(*at)) {
		return missing;
	}
	for (; g_ascii_isdigit(*at); at++) {
		value = MIN(value * 10 + (guint)(*at - '0'), UI_ESCAPE_NUMBER_MAX);
	}
	return value;
}
