/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "form-settings.h"

#include <glib/gi18n.h>

const char *form_dict_text(GVariant *dict, const char *key)
{
	const char *text = "";

	g_variant_lookup(dict, key, "&s", &text);
	return text;
}

guint64 form_dict_number(GVariant *dict, const char *key)
{
	g_autoptr(GVariant) value = g_variant_lookup_value(dict, key, NULL);

	if (value && g_variant_is_of_type(value, G_VARIANT_TYPE_UINT64)) {
		return g_variant_get_uint64(value);
	}
	if (value && g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32)) {
		return g_variant_get_uint32(value);
	}
	return 0;
}

bool form_dict_flag(GVariant *dict, const char *key)
{
	gboolean flag = FALSE;

	g_variant_lookup(dict, key, "b", &flag);
	return flag;
}

GVariant *form_dict_list(GVariant *dict, const char *key)
{
	GVariant *list = g_variant_lookup_value(dict, key, G_VARIANT_TYPE("aa{sv}"));

	return list ? list
		    : g_variant_ref_sink(g_variant_new_array(G_VARIANT_TYPE_VARDICT, NULL, 0));
}

static bool value_equal(GVariant *one, GVariant *other);

bool form_dict_equal(GVariant *one, GVariant *other)
{
	GVariantIter iter;
	const char *key;
	GVariant *item;

	if (g_variant_n_children(one) != g_variant_n_children(other)) {
		return false;
	}
	g_variant_iter_init(&iter, one);
	while (g_variant_iter_next(&iter, "{&sv}", &key, &item)) {
		g_autoptr(GVariant) value = item;
		g_autoptr(GVariant) other_value = g_variant_lookup_value(other, key, NULL);

		if (!other_value || !value_equal(value, other_value)) {
			return false;
		}
	}
	return true;
}

static bool value_equal(GVariant *one, GVariant *other)
{
	if (!g_variant_is_of_type(one, G_VARIANT_TYPE("aa{sv}")) ||
	    !g_variant_is_of_type(other, G_VARIANT_TYPE("aa{sv}"))) {
		return g_variant_equal(one, other);
	}
	if (g_variant_n_children(one) != g_variant_n_children(other)) {
		return false;
	}
	for (gsize i = 0; i < g_variant_n_children(one); i++) {
		g_autoptr(GVariant) dict = g_variant_get_child_value(one, i);
		g_autoptr(GVariant) other_dict = g_variant_get_child_value(other, i);

		if (!form_dict_equal(dict, other_dict)) {
			return false;
		}
	}
	return true;
}

GVariant *form_settings_diff(GVariant *old, GVariant *edited)
{
	GVariantDict changes;
	GVariantIter iter;
	const char *key;
	GVariant *item;

	g_variant_dict_init(&changes, NULL);
	g_variant_iter_init(&iter, edited);
	while (g_variant_iter_next(&iter, "{&sv}", &key, &item)) {
		g_autoptr(GVariant) value = item;
		g_autoptr(GVariant) old_value = g_variant_lookup_value(old, key, NULL);

		if (!old_value || !value_equal(value, old_value)) {
			g_variant_dict_insert_value(&changes, key, value);
		}
	}
	return g_variant_dict_end(&changes);
}

GVariant *form_settings_merge(GVariant *old, GVariant *changes)
{
	GVariantDict merged;
	GVariantIter iter;
	const char *key;
	GVariant *value;

	g_variant_dict_init(&merged, old);
	g_variant_iter_init(&iter, changes);
	while (g_variant_iter_next(&iter, "{&sv}", &key, &value)) {
		g_variant_dict_insert_value(&merged, key, value);
		g_variant_unref(value);
	}
	return g_variant_dict_end(&merged);
}

bool form_settings_need_check(GVariant *changes)
{
	static const char *const harmless[] = {"title",	    "notes",	 "colour",   "template",
					       "autostart", "on-reboot", "on-crash", NULL};
	GVariantIter iter;
	const char *key;

	g_variant_iter_init(&iter, changes);
	while (g_variant_iter_next(&iter, "{&sv}", &key, NULL)) {
		if (!g_strv_contains(harmless, key)) {
			return true;
		}
	}
	return false;
}

const char *form_settings_page(const char *key)
{
	static const char *const general[] = {"title", "notes",	   "colour",	"os",
					      "name",  "template", "autostart", NULL};
	static const char *const system[] = {"memory",	  "maxmemory", "vcpus", "maxvcpus",
					     "on-reboot", "on-crash",  NULL};

	if (g_strv_contains(general, key)) {
		return "general";
	}
	if (g_strv_contains(system, key)) {
		return "system";
	}
	if (g_str_has_prefix(key, "disks")) {
		return "disks";
	}
	return g_str_has_prefix(key, "nics") ? "nics" : "boot";
}

GVariant *form_disks_set_source(GVariant *disks, const char *target, const char *source)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("aa{sv}"));
	for (gsize i = 0; i < g_variant_n_children(disks); i++) {
		g_autoptr(GVariant) disk = g_variant_get_child_value(disks, i);
		GVariantDict dict;

		g_variant_dict_init(&dict, disk);
		if (g_str_equal(form_dict_text(disk, "target"), target)) {
			g_variant_dict_insert(&dict, "source", "s", source);
		}
		g_variant_builder_add_value(&builder, g_variant_dict_end(&dict));
	}
	return g_variant_builder_end(&builder);
}

guint64 form_disk_size(GVariant *disk)
{
	guint64 size = 0;

	g_variant_lookup(disk, "size", "t", &size);
	return size;
}

char *form_disk_sizes(GVariant *disk)
{
	guint64 size = form_disk_size(disk), used = 0;
	g_autofree char *all = g_format_size_full(size, G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *part = NULL;

	if (size == 0 || !g_variant_lookup(disk, "used", "t", &used)) {
		return NULL;
	}
	part = g_format_size_full(used, G_FORMAT_SIZE_IEC_UNITS);
	/* Translators: a disk's size, and how much of it takes space on this machine */
	return used < size ? g_strdup_printf(_("%s, %s of it used"), all, part)
			   : g_steal_pointer(&all);
}

char *form_disk_describe(GVariant *disk)
{
	const char *format = form_dict_text(disk, "format");
	g_autofree char *sizes = form_disk_sizes(disk);
	GString *text = g_string_new(NULL);

	if (form_dict_flag(disk, "cdrom")) {
		g_string_append(text, *form_dict_text(disk, "source") ? _("CD image")
								      : _("CD drive, empty"));
	} else if (g_str_equal(format, "block")) {
		g_string_append(text, form_dict_flag(disk, "owned") ? _("LVM volume")
								    : _("Block device"));
	} else {
		/* Translators: %s is a disk image's format, raw or qcow2 */
		g_string_append_printf(text, _("%s image"), format);
	}
	if (sizes) {
		g_string_append_printf(text, ", %s", sizes);
	}
	if (form_dict_flag(disk, "readonly") && !form_dict_flag(disk, "cdrom")) {
		g_string_append_printf(text, ", %s", _("read-only"));
	}
	if (form_dict_flag(disk, "owned")) {
		g_string_append_printf(text, ", %s", _("deleted with the VM"));
	}
	return g_string_free(text, FALSE);
}
