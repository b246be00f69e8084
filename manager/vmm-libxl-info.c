/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hypervisor, and the service VM's backends, tell of themselves. */
#include "vmm-libxl.h"

#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static guint64 read_counter(const char *folder, const char *name, const char *file)
{
	g_autofree char *path = g_build_filename(folder, name, "statistics", file, NULL);
	g_autofree char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? g_ascii_strtoull(text, NULL, 10) : 0;
}

static VmmStatistics *find(GArray *all, guint id)
{
	for (guint i = 0; i < all->len; i++) {
		VmmStatistics *one = &g_array_index(all, VmmStatistics, i);

		if (one->id == id) {
			return one;
		}
	}
	return NULL;
}

/* Disks of blkback count here, in sectors; those of qemu (qcow2) count nowhere that we could read.
 */
static void add_disks(GArray *all)
{
	static const char folder[] = "/sys/bus/xen-backend/devices";
	g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
	const char *name;

	while (listing && (name = g_dir_read_name(listing))) {
		guint id;
		VmmStatistics *one = sscanf(name, "vbd-%u-", &id) == 1 ? find(all, id) : NULL;

		if (one) {
			one->disk_read += 512 * read_counter(folder, name, "rd_sect");
			one->disk_written += 512 * read_counter(folder, name, "wr_sect");
		}
	}
}

/* What the service VM's side of a card receives is what the VM sends. */
static void add_nics(GArray *all)
{
	static const char folder[] = "/sys/class/net";
	g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
	const char *name;

	while (listing && (name = g_dir_read_name(listing))) {
		guint id, device;
		VmmStatistics *one =
		    sscanf(name, "vif%u.%u", &id, &device) == 2 ? find(all, id) : NULL;

		if (one && !g_str_has_suffix(name, "-emu")) {
			one->net_sent += read_counter(folder, name, "rx_bytes");
			one->net_received += read_counter(folder, name, "tx_bytes");
		}
	}
}

GArray *vmm_statistics(GError **error)
{
	g_autoptr(Context) context = context_new(error);
	libxl_dominfo *list;
	GArray *all;
	int count = 0;

	if (!context) {
		return NULL;
	}
	list = libxl_list_domain(context_libxl(context), &count);
	if (!list) {
		context_fail(context, ERROR_FAIL, "cannot list the domains", error);
		return NULL;
	}
	all = g_array_new(FALSE, TRUE, sizeof(VmmStatistics));
	for (int i = 0; i < count; i++) {
		VmmStatistics one = {.id = list[i].domid,
				     .vcpus = list[i].vcpu_online,
				     .cpu_time = list[i].cpu_time,
				     .memory = list[i].current_memkb << 10};

		g_array_append_val(all, one);
	}
	libxl_dominfo_list_free(list, count);
	add_disks(all);
	add_nics(all);
	return all;
}

static bool physinfo(Context *context, libxl_physinfo *info, GError **error)
{
	int rc;

	libxl_physinfo_init(info);
	rc = libxl_get_physinfo(context_libxl(context), info);
	return !rc ||
	       context_fail(context, rc, "cannot ask the hypervisor about the machine", error);
}

/* What is being scrubbed can be had too: an allocation waits for it. */
static guint64 free_bytes(const libxl_physinfo *info)
{
	return (info->free_pages + info->scrub_pages) * 4096;
}

bool vmm_free_memory(guint64 *ret_bytes, GError **error)
{
	g_autoptr(Context) context = context_new(error);
	libxl_physinfo info;
	bool good = context && physinfo(context, &info, error);

	if (good) {
		*ret_bytes = free_bytes(&info);
		libxl_physinfo_dispose(&info);
	}
	return good;
}

bool vmm_host(GVariantDict *host, GError **error)
{
	g_autoptr(Context) context = context_new(error);
	const libxl_version_info *version;
	libxl_physinfo info;
	g_autofree char *number = NULL;

	if (!context || !physinfo(context, &info, error)) {
		return false;
	}
	g_variant_dict_insert(host, "cpu-count", "u", info.nr_cpus);
	g_variant_dict_insert(host, "cores", "u", info.nr_cpus / MAX(info.threads_per_core, 1));
	g_variant_dict_insert(host, "memory-total", "t", (guint64)info.total_pages * 4096);
	g_variant_dict_insert(host, "memory-free", "t", free_bytes(&info));
	g_variant_dict_insert(host, "hvm", "b", info.cap_hvm);
	version = libxl_get_version_info(context_libxl(context));
	if (version) {
		number = g_strdup_printf("%d.%d%s", version->xen_version_major,
					 version->xen_version_minor, version->xen_version_extra);
		g_variant_dict_insert(host, "hypervisor", "s",
				      strstr(version->xen_version_extra, "ullion") ? "Mullion"
										   : "Xen");
		g_variant_dict_insert(host, "hypervisor-version", "s", number);
		g_variant_dict_insert(host, "capabilities", "s", version->capabilities);
	}
	libxl_physinfo_dispose(&info);
	return true;
}

char *vmm_version(void)
{
	GVariantDict host;
	const char *name = "unknown", *version = "";
	char *text;

	g_variant_dict_init(&host, NULL);
	if (vmm_host(&host, NULL)) {
		g_variant_dict_lookup(&host, "hypervisor", "&s", &name);
		g_variant_dict_lookup(&host, "hypervisor-version", "&s", &version);
	}
	text = g_strdup_printf("%s %s", name, version);
	g_variant_dict_clear(&host);
	return text;
}

char *vmm_log(GError **error)
{
	g_autoptr(Context) context = context_new(error);
	g_autoptr(GString) text = g_string_new(NULL);
	libxl_xen_console_reader *reader;
	char *line = NULL;

	if (!context) {
		return NULL;
	}
	reader = libxl_xen_console_read_start(context_libxl(context), 0);
	if (!reader) {
		context_fail(context, ERROR_FAIL, "cannot read the hypervisor's log", error);
		return NULL;
	}
	while (libxl_xen_console_read_line(context_libxl(context), reader, &line) > 0) {
		g_string_append(text, line);
	}
	libxl_xen_console_read_finish(context_libxl(context), reader);
	return g_strdup(text->str);
}
