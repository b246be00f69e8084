/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people type into forms: names, sizes, addresses. Pure: no widget, no bus. Messages are
 * translated and for people; the manager has the last word on everything that is checked here.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define FORM_MIB (G_GUINT64_CONSTANT(1) << 20)
#define FORM_GIB (G_GUINT64_CONSTANT(1) << 30)

/* What is wrong with @name as a new name, or NULL. @taken: names in use, may be NULL. To be freed.
 */
char *form_name_problem(const char *name, const char *const *taken);
/* @wish if it is free, or else with the first free number behind it. Not longer than a name may be.
 * To be freed. */
char *form_name_free(const char *wish, const char *const *taken);
/* A name made from a file's: folder and extension are left away, other letters become "-". "vm" if
 * nothing is left. To be freed. */
char *form_name_of_path(const char *path);

/* "20", "20G", "1.5 GiB", "512 MiB", with @unit (bytes) where none is written. False for what is no
 * size or more than 64 TiB. */
bool form_size_parse(const char *text, guint64 unit, guint64 *ret_bytes);
/* "20 GiB", "1.5 GiB", "700 MiB": parses back to within 1/20 of the unit shown. To be freed. */
char *form_size_format(guint64 bytes);

/* Format of a disk by its path: "block" below /dev, "qcow2" by its extension, "raw". */
const char *form_disk_format(const char *path);
/* "" is allowed: the manager makes one up. */
bool form_mac_is_valid(const char *mac);
/* "10.7.0.1/24"; "" is allowed: the manager takes a free one. */
bool form_address_is_valid(const char *address);
/* Can it be a path in settings: absolute, without comma, 1024 bytes at most? What is wrong, or
 * NULL. @what: "kernel", translated. To be freed. */
char *form_path_problem(const char *path, const char *what);
