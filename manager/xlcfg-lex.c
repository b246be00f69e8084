/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xlcfg-lex.h"

#include "error.h"

#include <string.h>

#define VALUES_MAX 4096

typedef struct {
	const char *at;
	guint line;
	guint depth;
} Lexer;

static void setting_free(gpointer pointer)
{
	XlcfgSetting *setting = pointer;

	g_free(setting->key);
	g_ptr_array_unref(setting->values);
	g_array_unref(setting->lines);
	g_free(setting);
}

static bool fail(const Lexer *lexer, GError **error, const char *what)
{
	g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT, "line %u: %s",
		    lexer->line, what);
	return false;
}

/* Blanks and comments; also line ends where @lines. A backslash joins two lines. */
static void skip(Lexer *lexer, bool lines)
{
	for (;; lexer->at++) {
		char c = *lexer->at;

		if (c == '#') {
			lexer->at += strcspn(lexer->at, "\n");
			c = *lexer->at;
		}
		if (c == '\\' &&
		    (lexer->at[1] == '\n' || (lexer->at[1] == '\r' && lexer->at[2] == '\n'))) {
			lexer->at += lexer->at[1] == '\r' ? 2 : 1;
			lexer->line++;
		} else if (c == '\n') {
			if (!lines) {
				return;
			}
			lexer->line++;
		} else if (c != ' ' && c != '\t' && c != '\r' &&
			   !(c == ';' && lines && !lexer->depth)) {
			return;
		}
	}
}

static bool is_word_char(char c)
{
	return g_ascii_isalnum(c) || c == '_' || c == '-' || c == '.' || c == '+';
}

/* "a\nb" with the escapes of a C string that make sense in a configuration. */
static char *lex_quoted(Lexer *lexer, GError **error)
{
	g_autoptr(GString) word = g_string_new(NULL);
	char quote = *lexer->at++;

	for (; *lexer->at != quote; lexer->at++) {
		char c = *lexer->at;

		if (c == '\0' || c == '\n') {
			fail(lexer, error, "a string does not end");
			return NULL;
		}
		if (c == '\\' && lexer->at[1] && lexer->at[1] != '\n') {
			c = *++lexer->at;
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
		}
		g_string_append_c(word, c);
	}
	lexer->at++;
	return g_strdup(word->str);
}

static char *lex_word(Lexer *lexer, GError **error)
{
	const char *start = lexer->at;

	if (*start == '"' || *start == '\'') {
		return lex_quoted(lexer, error);
	}
	while (is_word_char(*lexer->at)) {
		lexer->at++;
	}
	if (lexer->at == start) {
		fail(lexer, error, "a string, a number or a list is missing");
		return NULL;
	}
	return g_strndup(start, (gsize)(lexer->at - start));
}

static bool lex_into(Lexer *lexer, XlcfgSetting *setting, GError **error)
{
	guint line = lexer->line;
	char *word;

	if (setting->values->len >= VALUES_MAX) {
		return fail(lexer, error, "too many values");
	}
	word = lex_word(lexer, error);
	if (!word) {
		return false;
	}
	g_ptr_array_add(setting->values, word);
	g_array_append_val(setting->lines, line);
	return true;
}

static bool lex_list(Lexer *lexer, XlcfgSetting *setting, GError **error)
{
	setting->is_list = true;
	lexer->at++;
	lexer->depth++;
	for (;;) {
		skip(lexer, true);
		if (*lexer->at == ']') {
			lexer->at++;
			lexer->depth--;
			return true;
		}
		if (*lexer->at == '[') {
			/* A list in a list (vnuma= has such): its words count as the outer one's.
			 */
			if (lexer->depth > 4) {
				return fail(lexer, error, "lists are nested too deep");
			}
			if (!lex_list(lexer, setting, error)) {
				return false;
			}
		} else if (!lex_into(lexer, setting, error)) {
			return false;
		}
		skip(lexer, true);
		if (*lexer->at == ',') {
			lexer->at++;
		} else if (*lexer->at != ']') {
			return fail(lexer, error, "a comma or ']' is missing in a list");
		}
	}
}

static bool lex_key(Lexer *lexer, XlcfgSetting *setting, bool *ret_append, GError **error)
{
	const char *start = lexer->at;

	while (g_ascii_isalnum(*lexer->at) || *lexer->at == '_') {
		lexer->at++;
	}
	if (lexer->at == start) {
		return fail(lexer, error, "a key is missing");
	}
	setting->key = g_strndup(start, (gsize)(lexer->at - start));
	skip(lexer, false);
	*ret_append = lexer->at[0] == '+' && lexer->at[1] == '=';
	if (*lexer->at != '=' && !*ret_append) {
		return fail(lexer, error, "'=' is missing");
	}
	lexer->at += *ret_append ? 2 : 1;
	return true;
}

static bool lex_setting(Lexer *lexer, XlcfgSetting *setting, bool *ret_append, GError **error)
{
	setting->line = lexer->line;
	if (!lex_key(lexer, setting, ret_append, error)) {
		return false;
	}
	skip(lexer, false);
	if (*lexer->at == '[' ? !lex_list(lexer, setting, error)
			      : !lex_into(lexer, setting, error)) {
		return false;
	}
	skip(lexer, false);
	if (*lexer->at == ';') {
		lexer->at++;
	} else if (*lexer->at && *lexer->at != '\n') {
		return fail(lexer, error, "something follows the value");
	}
	return true;
}

/* As xl has it: a later setting replaces an earlier one, += adds to it. */
static void merge(GPtrArray *settings, XlcfgSetting *setting, bool append)
{
	for (guint i = 0; i < settings->len; i++) {
		XlcfgSetting *old = g_ptr_array_index(settings, i);

		if (!g_str_equal(old->key, setting->key)) {
			continue;
		}
		if (!append) {
			g_ptr_array_remove_index(settings, i);
			break;
		}
		if (!old->is_list && !setting->is_list) {
			char *joined = g_strconcat(g_ptr_array_index(old->values, 0),
						   g_ptr_array_index(setting->values, 0), NULL);

			g_free(g_ptr_array_index(old->values, 0));
			g_ptr_array_index(old->values, 0) = joined;
		} else {
			old->is_list = true;
			g_array_append_vals(old->lines, setting->lines->data, setting->lines->len);
			g_ptr_array_extend(old->values, setting->values,
					   (GCopyFunc)(void *)g_strdup, NULL);
		}
		setting_free(setting);
		return;
	}
	g_ptr_array_add(settings, setting);
}

GPtrArray *xlcfg_lex(const char *text, GError **error)
{
	g_autoptr(GPtrArray) settings = g_ptr_array_new_with_free_func(setting_free);
	Lexer lexer = {text, 1, 0};

	for (;;) {
		XlcfgSetting *setting;
		bool append = false;

		skip(&lexer, true);
		if (!*lexer.at) {
			return g_steal_pointer(&settings);
		}
		if (settings->len >= VALUES_MAX) {
			fail(&lexer, error, "too many settings");
			return NULL;
		}
		setting = g_new0(XlcfgSetting, 1);
		setting->values = g_ptr_array_new_with_free_func(g_free);
		setting->lines = g_array_new(FALSE, FALSE, sizeof(guint));
		if (!lex_setting(&lexer, setting, &append, error)) {
			setting_free(setting);
			return NULL;
		}
		merge(settings, setting, append);
	}
}
