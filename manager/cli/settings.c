/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "settings.h"

#include <gio/gio.h>
#include <string.h>

static const char *const bool_keys[] = {"template", "autostart", "viridian", "readonly",
					"cdrom",    "linked",	 NULL};
static const char *const u32_keys[] = {"vcpus", "maxvcpus", NULL};
static const char *const u64_keys[] = {"memory", "maxmemory", NULL};

static bool fail(GError **error, const char *format, const char *text)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, format, text);
	return false;
}

bool settings_parse_size(const char *text, guint64 *ret_bytes, GError **error)
{
	static const char units[] = "KMGT";
	char *end = NULL;
	guint64 number = g_ascii_strtoull(text, &end, 10);
	const char *unit = *end ? strchr(units, g_ascii_toupper(*end)) : NULL;
	guint shift = unit ? 10 * (guint)(unit - units + 1) : 0;

	if (!g_ascii_isdigit(*text) || (*end && (!unit || end[1])) ||
	    number > G_MAXUINT64 >> shift) {
		return fail(error, "'%s' is not a size such as 512M or 10G", text);
	}
	*ret_bytes = number << shift;
	return true;
}

static GVariant *parse_number(const char *key, const char *text, bool wide, GError **error)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(text, 10, 0, wide ? G_MAXUINT64 : G_MAXUINT32, &number,
					NULL)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "%s: '%s' is not a number", key, text);
		return NULL;
	}
	return wide ? g_variant_new_uint64(number) : g_variant_new_uint32((guint32)number);
}

static GVariant *parse_value(const char *key, const char *text, GError **error)
{
	guint64 bytes;

	if (g_strv_contains(bool_keys, key)) {
		bool yes =
		    g_str_equal(text, "true") || g_str_equal(text, "yes") || g_str_equal(text, "1");

		if (!yes && !g_str_equal(text, "false") && !g_str_equal(text, "no") &&
		    !g_str_equal(text, "0")) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
				    "%s: '%s' is neither true nor false", key, text);
			return NULL;
		}
		return g_variant_new_boolean(yes);
	}
	if (g_strv_contains(u32_keys, key)) {
		return parse_number(key, text, false, error);
	}
	if (g_strv_contains(u64_keys, key)) {
		return parse_number(key, text, true, error);
	}
	if (g_str_equal(key, "create-size")) {
		return settings_parse_size(text, &bytes, error) ? g_variant_new_uint64(bytes)
								: NULL;
	}
	return g_variant_new_string(text);
}

static bool add_pair(GVariantDict *dict, const char *word, GError **error)
{
	g_auto(GStrv) pair = g_strsplit(word, "=", 2);
	GVariant *value;

	if (!pair[0] || !pair[1]) {
		return fail(error, "'%s' is not of the form KEY=VALUE", word);
	}
	value = parse_value(pair[0], pair[1], error);
	if (value) {
		g_variant_dict_insert_value(dict, pair[0], value);
	}
	return value;
}

GVariant *settings_parse_device(const char *word, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(word, ",", -1);
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	for (guint i = 0; parts[i]; i++) {
		if (!add_pair(&dict, parts[i], error)) {
			g_variant_dict_clear(&dict);
			return NULL;
		}
	}
	return g_variant_dict_end(&dict);
}

typedef struct {
	const char *prefix, *key;
	GVariantBuilder builder;
	bool given;
} List;

static bool add_device(List *list, const char *word, GError **error)
{
	const char *text = word + strlen(list->prefix);
	GVariant *device;

	list->given = true;
	if (!*text) {
		return true;
	}
	device = settings_parse_device(text, error);
	if (device) {
		g_variant_builder_add_value(&list->builder, device);
	}
	return device;
}

GVariant *settings_parse(char **words, GError **error)
{
	List lists[] = {{.prefix = "disk=", .key = "disks"}, {.prefix = "nic=", .key = "nics"}};
	GVariantDict dict;
	bool good = true;

	g_variant_dict_init(&dict, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_variant_builder_init(&lists[i].builder, G_VARIANT_TYPE("aa{sv}"));
	}
	for (; good && *words; words++) {
		List *list = NULL;

		for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
			list = g_str_has_prefix(*words, lists[i].prefix) ? &lists[i] : list;
		}
		good = list ? add_device(list, *words, error) : add_pair(&dict, *words, error);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
		if (good && lists[i].given) {
			g_variant_dict_insert_value(&dict, lists[i].key,
						    g_variant_builder_end(&lists[i].builder));
		} else {
			g_variant_builder_clear(&lists[i].builder);
		}
	}
	if (!good) {
		g_variant_dict_clear(&dict);
		return NULL;
	}
	return g_variant_dict_end(&dict);
}
