/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM's settings on D-Bus. */
#include "vm-config-keys.h"

#include "error.h"

#include <string.h>

static bool wrong_type(const char *key, GVariant *value, const char *wanted, GError **error)
{
	g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
		    "%s: is of type '%s' and must be '%s'", key, g_variant_get_type_string(value),
		    wanted);
	return false;
}

/* Numbers of any width are taken: script languages choose their own. */
static bool number_of(GVariant *value, guint64 *ret_number)
{
	switch (g_variant_classify(value)) {
	case G_VARIANT_CLASS_UINT32:
		*ret_number = g_variant_get_uint32(value);
		return true;
	case G_VARIANT_CLASS_UINT64:
		*ret_number = g_variant_get_uint64(value);
		return true;
	case G_VARIANT_CLASS_INT32:
		*ret_number = (guint64)MAX(g_variant_get_int32(value), 0);
		return g_variant_get_int32(value) >= 0;
	case G_VARIANT_CLASS_INT64:
		*ret_number = (guint64)MAX(g_variant_get_int64(value), 0);
		return g_variant_get_int64(value) >= 0;
	default:
		return false;
	}
}

static bool key_apply(const VmKey *key, gpointer object, GVariant *value, GError **error)
{
	guint64 number = 0;

	switch (key->kind) {
	case VM_KEY_BOOL:
		if (!g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN)) {
			return wrong_type(key->name, value, "b", error);
		}
		G_STRUCT_MEMBER(gboolean, object, key->offset) = g_variant_get_boolean(value);
		return true;
	case VM_KEY_U32:
	case VM_KEY_U64:
		if (!number_of(value, &number)) {
			return wrong_type(key->name, value, key->kind == VM_KEY_U32 ? "u" : "t",
					  error);
		}
		if (!vm_key_check_number(key, number, error)) {
			return false;
		}
		if (key->kind == VM_KEY_U32) {
			G_STRUCT_MEMBER(guint, object, key->offset) = (guint)number;
		} else {
			G_STRUCT_MEMBER(guint64, object, key->offset) = number;
		}
		return true;
	default:
		if (!g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)) {
			return wrong_type(key->name, value, "s", error);
		}
		if (!vm_key_check_text(key, g_variant_get_string(value, NULL), error)) {
			return false;
		}
		vm_text_set(&G_STRUCT_MEMBER(char *, object, key->offset),
			    g_variant_get_string(value, NULL));
		return true;
	}
}

static bool dict_apply(const VmKey *keys, gpointer object, const char *name, GVariant *value,
		       GError **error)
{
	const VmKey *key = vm_key_find(keys, name);

	if (!key || key->internal) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT, "%s: %s", name,
			    key ? "cannot be set" : "no such setting");
		return false;
	}
	return key_apply(key, object, value, error);
}

VmDisk *vm_disk_from_variant(GVariant *settings, GError **error)
{
	static const char *const told_only[] = {"owned", "size", "used", NULL};
	g_autoptr(VmDisk) disk = vm_disk_new();
	GVariantIter iter;
	const char *name;
	GVariant *item;

	g_variant_iter_init(&iter, settings);
	while (g_variant_iter_next(&iter, "{&sv}", &name, &item)) {
		g_autoptr(GVariant) value = item;
		bool good;

		if (g_str_equal(name, "target")) {
			good = g_variant_is_of_type(value, G_VARIANT_TYPE_STRING) ||
			       wrong_type(name, value, "s", error);
			if (good) {
				vm_text_set(&disk->target, g_variant_get_string(value, NULL));
			}
		} else if (g_str_equal(name, "create-size")) {
			good = number_of(value, &disk->create_size) ||
			       wrong_type(name, value, "t", error);
			if (good &&
			    (disk->create_size < 1 << 16 || disk->create_size > 1ULL << 46)) {
				g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
					    "create-size: not between 64 KiB and 64 TiB");
				good = false;
			}
		} else {
			/* What GetSettings gave can be given back: owned is then what it was
			 * (vm_config_apply), sizes are what they are. */
			good = g_strv_contains(told_only, name) ||
			       dict_apply(vm_disk_keys, disk, name, value, error);
		}
		if (!good) {
			g_prefix_error(error, "disks/%s: ", disk->target);
			return NULL;
		}
	}
	return g_steal_pointer(&disk);
}

static VmNic *nic_from_variant(GVariant *settings, GError **error)
{
	VmNic *nic = vm_nic_new();
	GVariantIter iter;
	const char *name;
	GVariant *item;

	g_variant_iter_init(&iter, settings);
	while (g_variant_iter_next(&iter, "{&sv}", &name, &item)) {
		g_autoptr(GVariant) value = item;

		if (!dict_apply(vm_nic_keys, nic, name, value, error)) {
			g_prefix_error(error, "nics: ");
			vm_nic_free(nic);
			return NULL;
		}
	}
	if (!*nic->network) {
		vm_text_set(&nic->network, "default");
	}
	return nic;
}

static void keep_owned(VmDisk *disk, const VmConfig *owned_from)
{
	const VmDisk *old = owned_from ? vm_config_find_disk(owned_from, disk->target) : NULL;

	disk->owned = old && old->owned && g_str_equal(old->source, disk->source) &&
		      g_str_equal(old->format, disk->format);
}

static bool disks_apply(VmConfig *config, GVariant *list, const VmConfig *owned_from,
			GError **error)
{
	GVariantIter iter;
	GVariant *item;

	g_ptr_array_set_size(config->disks, 0);
	g_variant_iter_init(&iter, list);
	while ((item = g_variant_iter_next_value(&iter))) {
		g_autoptr(GVariant) settings = item;
		VmDisk *disk = vm_disk_from_variant(settings, error);

		if (!disk) {
			return false;
		}
		if (!*disk->target) {
			char *target = vm_config_free_target(config);

			g_free(disk->target);
			disk->target = target ? target : g_strdup("");
		}
		keep_owned(disk, owned_from);
		g_ptr_array_add(config->disks, disk);
	}
	return true;
}

static bool nics_apply(VmConfig *config, GVariant *list, GError **error)
{
	GVariantIter iter;
	GVariant *item;

	g_ptr_array_set_size(config->nics, 0);
	g_variant_iter_init(&iter, list);
	while ((item = g_variant_iter_next_value(&iter))) {
		g_autoptr(GVariant) settings = item;
		VmNic *nic = nic_from_variant(settings, error);

		if (!nic) {
			return false;
		}
		g_ptr_array_add(config->nics, nic);
	}
	return true;
}

static bool setting_apply(VmConfig *config, const char *name, GVariant *value,
			  const VmConfig *owned_from, GError **error)
{
	bool is_disks = g_str_equal(name, "disks");

	if (!is_disks && !g_str_equal(name, "nics")) {
		return dict_apply(vm_keys, config, name, value, error);
	}
	/* An empty list made by a script language is often of another type. */
	if (!g_variant_is_of_type(value, G_VARIANT_TYPE("aa{sv}")) &&
	    !(g_variant_is_of_type(value, G_VARIANT_TYPE_ARRAY) &&
	      g_variant_n_children(value) == 0)) {
		return wrong_type(name, value, "aa{sv}", error);
	}
	return is_disks ? disks_apply(config, value, owned_from, error)
			: nics_apply(config, value, error);
}

bool vm_config_apply(VmConfig *config, GVariant *settings, const VmConfig *owned_from,
		     GError **error)
{
	g_autoptr(VmConfig) changed = vm_config_copy(config);
	VmConfig swap;
	GVariantIter iter;
	const char *name;
	GVariant *item;

	/* The type first: it decides which targets are free. */
	for (int pass = 0; pass < 2; pass++) {
		g_variant_iter_init(&iter, settings);
		while (g_variant_iter_next(&iter, "{&sv}", &name, &item)) {
			g_autoptr(GVariant) value = item;
			bool is_list = g_str_equal(name, "disks") || g_str_equal(name, "nics");

			if (is_list == (pass == 1) &&
			    !setting_apply(changed, name, value, owned_from, error)) {
				return false;
			}
		}
	}
	if (!vm_config_validate(changed, error)) {
		return false;
	}
	swap = *config;
	*config = *changed;
	*changed = swap;
	return true;
}

static void dict_add(GVariantDict *dict, const VmKey *keys, gconstpointer object)
{
	for (; keys->name; keys++) {
		switch (keys->kind) {
		case VM_KEY_BOOL:
			g_variant_dict_insert(dict, keys->name, "b",
					      G_STRUCT_MEMBER(gboolean, object, keys->offset));
			break;
		case VM_KEY_U32:
			g_variant_dict_insert(dict, keys->name, "u",
					      G_STRUCT_MEMBER(guint, object, keys->offset));
			break;
		case VM_KEY_U64:
			g_variant_dict_insert(dict, keys->name, "t",
					      G_STRUCT_MEMBER(guint64, object, keys->offset));
			break;
		default:
			g_variant_dict_insert(dict, keys->name, "s",
					      G_STRUCT_MEMBER(char *, object, keys->offset));
			break;
		}
	}
}

GVariant *vm_config_to_variant(const VmConfig *config, VmDiskSizes *sizes)
{
	GVariantDict dict;
	GVariantBuilder disks, nics;

	g_variant_dict_init(&dict, NULL);
	dict_add(&dict, vm_keys, config);
	/* These are properties of the object, not settings. */
	g_variant_dict_remove(&dict, "uuid");
	g_variant_dict_remove(&dict, "base");
	g_variant_dict_remove(&dict, "throw-away");
	g_variant_builder_init(&disks, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; i < config->disks->len; i++) {
		const VmDisk *disk = g_ptr_array_index(config->disks, i);
		guint64 size, used;
		GVariantDict one;

		g_variant_dict_init(&one, NULL);
		g_variant_dict_insert(&one, "target", "s", disk->target);
		dict_add(&one, vm_disk_keys, disk);
		if (sizes && sizes(disk, &size, &used)) {
			g_variant_dict_insert(&one, "size", "t", size);
			g_variant_dict_insert(&one, "used", "t", used);
		}
		g_variant_builder_add_value(&disks, g_variant_dict_end(&one));
	}
	g_variant_builder_init(&nics, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; i < config->nics->len; i++) {
		GVariantDict one;

		g_variant_dict_init(&one, NULL);
		dict_add(&one, vm_nic_keys, g_ptr_array_index(config->nics, i));
		g_variant_builder_add_value(&nics, g_variant_dict_end(&one));
	}
	g_variant_dict_insert_value(&dict, "disks", g_variant_builder_end(&disks));
	g_variant_dict_insert_value(&dict, "nics", g_variant_builder_end(&nics));
	return g_variant_dict_end(&dict);
}
