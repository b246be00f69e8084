/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "form-values.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define NAME_MAX_LENGTH 63
#define SIZE_MAX_BYTES	(FORM_GIB << 16)
#define PATH_MAX_LENGTH 1024

static const char name_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

char *form_name_problem(const char *name, const char *const *taken)
{
	gsize length = strlen(name);

	if (length == 0) {
		return g_strdup(_("A name is needed."));
	}
	if (length > NAME_MAX_LENGTH) {
		return g_strdup_printf(_("A name has %d letters at most."), NAME_MAX_LENGTH);
	}
	if (strspn(name, name_letters) != length) {
		return g_strdup(_("A name has only letters A to Z, digits, dots, “_” and “-”."));
	}
	if (!g_ascii_isalnum(name[0])) {
		return g_strdup(_("A name begins with a letter or a digit."));
	}
	if (taken && g_strv_contains(taken, name)) {
		return g_strdup_printf(_("“%s” is taken already."), name);
	}
	return NULL;
}

char *form_name_free(const char *wish, const char *const *taken)
{
	if (!taken || !g_strv_contains(taken, wish)) {
		return g_strdup(wish);
	}
	for (guint i = 2;; i++) {
		g_autofree char *number = g_strdup_printf("-%u", i);
		int keep = NAME_MAX_LENGTH - (int)strlen(number);
		g_autofree char *name = g_strdup_printf("%.*s%s", keep, wish, number);

		if (!g_strv_contains(taken, name)) {
			return g_steal_pointer(&name);
		}
	}
}

char *form_name_of_path(const char *path)
{
	g_autofree char *name = g_path_get_basename(path);
	char *dot = strrchr(name, '.');
	gsize start;

	if (dot && dot != name) {
		*dot = '\0';
	}
	g_strcanon(name, name_letters, '-');
	start = strcspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
	if (!name[start]) {
		return g_strdup("vm");
	}
	return g_strndup(name + start, NAME_MAX_LENGTH);
}

/* Bytes of a unit's name, 0 when it is none; "" is @unit. Decimal units are taken for binary ones:
 * nobody wants a disk of 20,000,000,000 bytes. */
static guint64 unit_of(const char *text, guint64 unit)
{
	static const char letters[] = "KMGT";
	const char *letter;

	if (!*text) {
		return unit;
	}
	if (g_ascii_strcasecmp(text, "B") == 0) {
		return 1;
	}
	letter = strchr(letters, g_ascii_toupper(text[0]));
	if (!letter || (text[1] && g_ascii_strcasecmp(text + 1, "iB") != 0 &&
			g_ascii_strcasecmp(text + 1, "B") != 0)) {
		return 0;
	}
	return G_GUINT64_CONSTANT(1) << (10 * (letter - letters + 1));
}

bool form_size_parse(const char *text, guint64 unit, guint64 *ret_bytes)
{
	g_autofree char *copy = g_strstrip(g_strdup(text));
	char *end;
	double number;
	guint64 factor;

	g_strdelimit(copy, ",", '.');
	/* What strtod takes besides: "nan", "inf", "0x10", "1e9". */
	if (!g_ascii_isdigit(copy[0]) || strpbrk(copy, "xXeE")) {
		return false;
	}
	number = g_ascii_strtod(copy, &end);
	factor = unit_of(g_strstrip(end), unit);
	if (!factor || number * (double)factor > (double)SIZE_MAX_BYTES) {
		return false;
	}
	*ret_bytes = (guint64)llround(number * (double)factor);
	return true;
}

char *form_size_format(guint64 bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	gsize unit = 0;
	double value = (double)bytes;
	char number[G_ASCII_DTOSTR_BUF_SIZE];

	while (value >= 1024 && unit < G_N_ELEMENTS(units) - 1) {
		value /= 1024;
		unit++;
	}
	/* "1.5 GiB" is easier to read than "1536 MiB", but 1100 MiB shall not become 1.1 GiB. */
	if (unit >= 3 && bytes < FORM_GIB * 10 && bytes % (FORM_GIB / 2) != 0 &&
	    bytes % FORM_MIB == 0) {
		return g_strdup_printf("%" G_GUINT64_FORMAT " MiB", bytes / FORM_MIB);
	}
	g_ascii_formatd(number, sizeof(number), "%.1f", value);
	if (g_str_has_suffix(number, ".0")) {
		number[strlen(number) - 2] = '\0';
	}
	return g_strdup_printf("%s %s", number, units[unit]);
}

const char *form_disk_format(const char *path)
{
	g_autofree char *lower = g_ascii_strdown(path, -1);

	if (g_str_has_prefix(lower, "/dev/")) {
		return "block";
	}
	return g_str_has_suffix(lower, ".qcow2") || g_str_has_suffix(lower, ".qcow") ? "qcow2"
										     : "raw";
}

bool form_mac_is_valid(const char *mac)
{
	if (!*mac) {
		return true;
	}
	if (strlen(mac) != 17) {
		return false;
	}
	for (int i = 0; i < 17; i++) {
		if (i % 3 == 2 ? mac[i] != ':' : !g_ascii_isxdigit(mac[i])) {
			return false;
		}
	}
	return g_ascii_xdigit_value(mac[1]) % 2 == 0; /* odd: a group's address */
}

bool form_address_is_valid(const char *address)
{
	g_auto(GStrv) parts = g_strsplit(address, "/", 2);
	g_autoptr(GInetAddress) parsed = NULL;
	guint64 length;

	if (!*address) {
		return true;
	}
	if (!parts[1] || !g_ascii_string_to_unsigned(parts[1], 10, 8, 29, &length, NULL)) {
		return false;
	}
	parsed = g_inet_address_new_from_string(parts[0]);
	return parsed && g_inet_address_get_family(parsed) == G_SOCKET_FAMILY_IPV4;
}

char *form_path_problem(const char *path, const char *what)
{
	if (path[0] != '/') {
		return g_strdup_printf(_("%s: a full path is needed, beginning with “/”."), what);
	}
	if (strchr(path, ',')) {
		return g_strdup_printf(_("%s: a path with a comma cannot be used."), what);
	}
	if (strlen(path) > PATH_MAX_LENGTH) {
		return g_strdup_printf(_("%s: the path is too long."), what);
	}
	return NULL;
}
