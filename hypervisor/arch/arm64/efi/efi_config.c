/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration file of the EFI application: lines of "[section]", "key=value" and "# comment".
 * Whoever can write the volume can write it, so it is checked before it is read.
 */
#include "efi.h"

#define LINE_MAX 2048u

bool efi_text_is(struct efi_text t, const char *s)
{
	return t.len == strlen(s) && !memcmp(t.at, s, t.len);
}

static bool text_equal(struct efi_text a, struct efi_text b)
{
	return a.len == b.len && !memcmp(a.at, b.at, a.len);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct efi_text trimmed(const char *at, size_t len)
{
	while (len && is_blank(*at)) {
		at++;
		len--;
	}
	while (len && is_blank(at[len - 1])) {
		len--;
	}
	return (struct efi_text){at, len};
}

struct efi_text efi_word(struct efi_text *t)
{
	struct efi_text word;
	size_t len = 0;

	*t = trimmed(t->at, t->len);
	while (len < t->len && !is_blank(t->at[len])) {
		len++;
	}
	word = (struct efi_text){t->at, len};
	*t = trimmed(t->at + len, t->len - len);
	return word;
}

/* The line that begins at *at, which moves behind it. */
static struct efi_text take_line(const struct efi_config *c, size_t *at)
{
	size_t start = *at, end = start;

	while (end < c->size && c->text[end] != '\n') {
		end++;
	}
	*at = MIN(end + 1, c->size);
	return trimmed(c->text + start, end - start);
}

static size_t find_char(struct efi_text t, char c)
{
	size_t i = 0;

	while (i < t.len && t.at[i] != c) {
		i++;
	}
	return i;
}

/* What is wrong with it, or NULL. */
static const char *check_line(struct efi_text t)
{
	size_t equals = find_char(t, '=');

	for (size_t i = 0; i < t.len; i++) {
		if ((t.at[i] < ' ' || t.at[i] > '~') && t.at[i] != '\t') {
			return "holds something that is not ASCII text";
		}
	}
	if (t.len > LINE_MAX) {
		return "is too long";
	}
	if (!t.len || t.at[0] == '#') {
		return NULL;
	}
	if (t.at[0] == '[') {
		return t.len > 2 && find_char(t, ']') == t.len - 1
			   ? NULL
			   : "begins like the head of a section, but is none";
	}
	return equals < t.len && trimmed(t.at, equals).len
		   ? NULL
		   : "is neither [section] nor key=value nor a # comment";
}

const char *efi_config_check(const char *text, size_t size, struct efi_config *out,
			     unsigned int *number)
{
	struct efi_config c = {text, size};
	size_t at = 0;

	*number = 1;
	if (size > EFI_CONFIG_MAX) {
		return "is beyond what is read of such a file (64 KiB)";
	}
	for (; at < size; (*number)++) {
		const char *why = check_line(take_line(&c, &at));

		if (why) {
			return why;
		}
	}
	*out = c;
	return NULL;
}

bool efi_config_next(const struct efi_config *c, struct efi_config_line *line)
{
	while (line->next < c->size) {
		struct efi_text t = take_line(c, &line->next);
		size_t equals = find_char(t, '=');

		line->number++;
		if (!t.len || t.at[0] == '#') {
			continue;
		}
		line->key = line->value = (struct efi_text){t.at, 0};
		if (t.at[0] == '[') {
			line->section = trimmed(t.at + 1, t.len - 2);
		} else {
			line->key = trimmed(t.at, equals);
			line->value = trimmed(t.at + equals + 1, t.len - equals - 1);
		}
		return true;
	}
	return false;
}

bool efi_config_has_section(const struct efi_config *c, struct efi_text section)
{
	struct efi_config_line line = {0};

	while (efi_config_next(c, &line)) {
		if (!line.key.len && text_equal(line.section, section)) {
			return true;
		}
	}
	return false;
}

static bool get_in(const struct efi_config *c, struct efi_text section, const char *key,
		   struct efi_text *out)
{
	struct efi_config_line line = {0};

	while (efi_config_next(c, &line)) {
		if (efi_text_is(line.key, key) &&
		    (!section.len || text_equal(line.section, section))) {
			*out = line.value;
			return true;
		}
	}
	return false;
}

bool efi_config_get(const struct efi_config *c, struct efi_text section, const char *key,
		    struct efi_text *out)
{
	return get_in(c, section, key, out) ||
	       (section.len && get_in(c, efi_text_of("global"), key, out));
}
