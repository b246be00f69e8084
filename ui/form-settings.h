/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings as the manager gives and takes them (a{sv}): reading, comparing, changing. Pure: no
 * widget, no bus. What is not known is carried along as it is. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

/* Values of a dictionary of any kind; "", 0 and false when missing or of another type. The text
 * lives as long as @dict. Numbers: of type u or t. */
const char *form_dict_text(GVariant *dict, const char *key);
guint64 form_dict_number(GVariant *dict, const char *key);
bool form_dict_flag(GVariant *dict, const char *key);
/* A list ("disks", "nics"), empty when missing. To be unreffed. */
GVariant *form_dict_list(GVariant *dict, const char *key);
/* The same keys with the same values, in whatever order. */
bool form_dict_equal(GVariant *one, GVariant *other);

/* Those of @edited whose value is not that of @old. Floating. */
GVariant *form_settings_diff(GVariant *old, GVariant *edited);
/* @old with @changes on top. Floating. */
GVariant *form_settings_merge(GVariant *old, GVariant *changes);
/* Can @changes keep a VM from starting? (Its title cannot.) */
bool form_settings_need_check(GVariant *changes);
/* The settings dialog's page for a key of CheckSettings. */
const char *form_settings_page(const char *key);

/* @disks (aa{sv}) with another source in the disk @target. Floating. */
GVariant *form_disks_set_source(GVariant *disks, const char *target, const char *source);
/* One line on a disk for people: "qcow2 image, read-only". To be freed. */
char *form_disk_describe(GVariant *disk);
/* "20.0 GiB, 1.2 GiB of it used"; NULL: the manager could not tell. */
char *form_disk_sizes(GVariant *disk);
/* Bytes that the VM sees; 0: not known. */
guint64 form_disk_size(GVariant *disk);
