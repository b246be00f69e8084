/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest writes on its text console, taken apart into text, controls and escape sequences
 * (ECMA-48, and what xterm made of it). Pure, of bounded memory, for hostile input: strings (OSC,
 * DCS, APC, PM, SOS) are swallowed, sequences that are broken or too long are dropped.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define UI_ESCAPE_PARAMS_MAX 64
/* A string that does not end is given up: a broken one must not swallow the console for good. */
#define UI_ESCAPE_STRING_MAX 4096
#define UI_ESCAPE_NUMBER_MAX 9999

typedef struct {
	bool csi;	   /* ESC [ ...; else ESC alone */
	char marker;	   /* < = > ? before the parameters, or 0 */
	char intermediate; /* the one byte of 0x20..0x2f, or 0 */
	char final;
	char params[UI_ESCAPE_PARAMS_MAX]; /* digits ; : alone, 0-terminated */
} UiEscape;

typedef struct {
	/* Bytes of 0x20 and above without 0x7f and without C1 controls; a UTF-8 sequence may be
	 * split between two calls. What is no UTF-8 passes.
	 */
	void (*text)(gpointer data, const guint8 *bytes, gsize length);
	void (*control)(gpointer data, guint8 byte); /* below 0x20; not ESC, CAN, SUB */
	void (*sequence)(gpointer data, const UiEscape *escape);
} UiEscapeHandler;

typedef enum {
	UI_ESCAPE_GROUND,
	UI_ESCAPE_ESCAPE,
	UI_ESCAPE_CSI,
	UI_ESCAPE_STRING,
	UI_ESCAPE_STRING_ESCAPE,
} UiEscapeState;

/* Zeroed by the owner before the first byte. */
typedef struct {
	UiEscapeState state;
	UiEscape current;
	guint length; /* of current.params, or of a string so far */
	bool broken;  /* the sequence is to be dropped at its end */
	bool osc;     /* a string that BEL ends */
	bool c2;      /* held: the first byte of a C1 control in UTF-8, or of a character */
} UiEscapeParser;

void ui_escape_parse(UiEscapeParser *parser, const guint8 *bytes, gsize length,
		     const UiEscapeHandler *handler, gpointer data);
/*
 * Parameter number @index (0 the first) or @missing when it is left out. At most
 * UI_ESCAPE_NUMBER_MAX.
 */
guint ui_escape_number(const UiEscape *escape, guint index, guint missing);
/* How many there are, the left out ones too; at least 1. */
guint ui_escape_count(const UiEscape *escape);
