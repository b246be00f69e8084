/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "host.h"

#include "child.h"
#include "error.h"
#include "vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

/* A file's one line, or NULL. To be freed. */
static char *read_line(const char *folder, const char *name, const char *file)
{
	g_autofree char *path = g_build_filename(folder, name, file, NULL);
	char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? g_strchomp(text) : NULL;
}

static bool read_number(const char *folder, const char *name, const char *file, gint64 *ret_value)
{
	g_autofree char *text = read_line(folder, name, file);

	return text && g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, ret_value, NULL);
}

typedef void (*FolderFunc)(const char *folder, const char *name, gpointer data);

static void for_each_name(const char *folder, FolderFunc each, gpointer data)
{
	g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
	const char *name;

	while (listing && (name = g_dir_read_name(listing))) {
		each(folder, name, data);
	}
}

static void add_temperature(const char *folder, const char *name, gpointer data)
{
	GVariantDict *dict = data;
	g_autofree char *chip = read_line(folder, name, "name");

	for (int i = 1; i < 32; i++) {
		g_autofree char *input = g_strdup_printf("temp%d_input", i);
		g_autofree char *label_file = g_strdup_printf("temp%d_label", i);
		g_autofree char *label = read_line(folder, name, label_file);
		g_autofree char *key = NULL;
		gint64 value;

		if (read_number(folder, name, input, &value)) {
			key = g_strdup_printf("%s %s", chip ? chip : name, label ? label : input);
			g_variant_dict_insert(dict, key, "d", (double)value / 1000.0);
		}
	}
}

typedef struct {
	GVariantBuilder batteries;
	guint battery_count;
	bool has_ac, ac_online;
} Power;

static void add_power(const char *folder, const char *name, gpointer data)
{
	Power *power = data;
	g_autofree char *type = read_line(folder, name, "type");
	g_autofree char *status = read_line(folder, name, "status");
	gint64 value = 0;

	if (type && g_str_equal(type, "Mains")) {
		power->has_ac = true;
		power->ac_online =
		    power->ac_online || (read_number(folder, name, "online", &value) && value);
	} else if (type && g_str_equal(type, "Battery") &&
		   read_number(folder, name, "capacity", &value)) {
		GVariantDict one;

		g_variant_dict_init(&one, NULL);
		g_variant_dict_insert(&one, "name", "s", name);
		g_variant_dict_insert(&one, "percent", "d", (double)value);
		g_variant_dict_insert(&one, "status", "s", status ? status : "");
		g_variant_builder_add_value(&power->batteries, g_variant_dict_end(&one));
		power->battery_count++;
	}
}

static void describe_power(GVariantDict *host)
{
	GVariantDict temperatures;
	GVariant *sensors;
	Power power = {.battery_count = 0};

	g_variant_dict_init(&temperatures, NULL);
	for_each_name("/sys/class/hwmon", add_temperature, &temperatures);
	sensors = g_variant_ref_sink(g_variant_dict_end(&temperatures));
	if (g_variant_n_children(sensors) > 0) {
		GVariantBuilder values;
		GVariantIter iter;
		const char *key;
		GVariant *value;

		g_variant_builder_init(&values, G_VARIANT_TYPE("a{sd}"));
		g_variant_iter_init(&iter, sensors);
		while (g_variant_iter_next(&iter, "{&sv}", &key, &value)) {
			g_variant_builder_add(&values, "{sd}", key, g_variant_get_double(value));
			g_variant_unref(value);
		}
		g_variant_dict_insert_value(host, "temperatures", g_variant_builder_end(&values));
	}
	g_variant_unref(sensors);
	g_variant_builder_init(&power.batteries, G_VARIANT_TYPE("aa{sv}"));
	for_each_name("/sys/class/power_supply", add_power, &power);
	if (power.battery_count > 0) {
		g_variant_dict_insert_value(host, "batteries",
					    g_variant_builder_end(&power.batteries));
	} else {
		g_variant_builder_clear(&power.batteries);
	}
	if (power.has_ac) {
		g_variant_dict_insert(host, "ac-online", "b", power.ac_online);
	}
}

static char *cpu_model(void)
{
	g_autofree char *text = NULL;
	const char *line;

	if (!g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL)) {
		return g_strdup("");
	}
	line = strstr(text, "model name");
	line = line ? strchr(line, ':') : NULL;
	return line ? g_strstrip(g_strndup(line + 1, strcspn(line + 1, "\n"))) : g_strdup("");
}

GVariant *host_describe(const char *folder, GError **error)
{
	g_autofree char *model = cpu_model();
	struct utsname names;
	struct statvfs space;
	GVariantDict host;

	g_variant_dict_init(&host, NULL);
	if (!vmm_host(&host, error)) {
		g_variant_dict_clear(&host);
		return NULL;
	}
	g_variant_dict_insert(&host, "cpu-model", "s", model);
	if (uname(&names) == 0) {
		g_variant_dict_insert(&host, "kernel", "s", names.release);
	}
	if (statvfs(folder, &space) == 0) {
		g_variant_dict_insert(&host, "storage-free", "t",
				      (guint64)space.f_bavail * space.f_frsize);
		g_variant_dict_insert(&host, "storage-total", "t",
				      (guint64)space.f_blocks * space.f_frsize);
	}
	describe_power(&host);
	return g_variant_new("(@a{sv})", g_variant_dict_end(&host));
}

static void add_device(const char *folder, const char *name, gpointer data)
{
	GVariantBuilder *builder = data;
	g_autofree char *path = NULL;
	g_autofree char *dm_name = read_line(folder, name, "dm/name");
	g_autofree char *model = read_line(folder, name, "device/model");
	gint64 sectors = 0;
	GVariantDict one;
	int fd;

	if (!read_number(folder, name, "size", &sectors) || sectors <= 0 ||
	    g_str_has_prefix(name, "loop") || g_str_has_prefix(name, "ram") ||
	    g_str_has_prefix(name, "zram") || g_str_has_prefix(name, "sr")) {
		return;
	}
	path =
	    dm_name ? g_strconcat("/dev/mapper/", dm_name, NULL) : g_strconcat("/dev/", name, NULL);
	/* Exclusive opening fails for what is mounted, swap, in a volume group, or a VM's. */
	fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);
	g_variant_dict_init(&one, NULL);
	g_variant_dict_insert(&one, "path", "s", path);
	g_variant_dict_insert(&one, "size", "t", (guint64)sectors * 512);
	g_variant_dict_insert(&one, "model", "s", model ? g_strstrip(model) : "");
	g_variant_dict_insert(&one, "in-use", "b", fd < 0);
	g_variant_builder_add_value(builder, g_variant_dict_end(&one));
	if (fd >= 0) {
		close(fd);
	}
}

static void add_groups(GVariantBuilder *builder)
{
	g_autofree char *output = NULL;
	g_auto(GStrv) lines = NULL;
	ChildOptions options = {.ret_output = &output};
	const char *argv[] = {"vgs",
			      "--noheadings",
			      "--nosuffix",
			      "--units",
			      "b",
			      "--separator",
			      "|",
			      "-o",
			      "vg_name,vg_size,vg_free",
			      NULL};

	if (!child_run(argv, &options, NULL)) {
		return; /* no LVM, no groups */
	}
	lines = g_strsplit(output, "\n", -1);
	for (guint i = 0; lines[i]; i++) {
		g_auto(GStrv) words = g_strsplit(g_strstrip(lines[i]), "|", 3);
		GVariantDict one;

		if (g_strv_length(words) == 3) {
			g_variant_dict_init(&one, NULL);
			g_variant_dict_insert(&one, "name", "s", words[0]);
			g_variant_dict_insert(&one, "size", "t",
					      g_ascii_strtoull(words[1], NULL, 10));
			g_variant_dict_insert(&one, "free", "t",
					      g_ascii_strtoull(words[2], NULL, 10));
			g_variant_builder_add_value(builder, g_variant_dict_end(&one));
		}
	}
}

GVariant *host_block_devices(GError **error)
{
	GVariantBuilder devices, groups;

	g_variant_builder_init(&devices, G_VARIANT_TYPE("aa{sv}"));
	for_each_name("/sys/class/block", add_device, &devices);
	g_variant_builder_init(&groups, G_VARIANT_TYPE("aa{sv}"));
	add_groups(&groups);
	return g_variant_new("(aa{sv}aa{sv})", &devices, &groups);
}
