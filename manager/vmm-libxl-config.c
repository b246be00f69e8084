/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A definition as libxl's domain configuration. libxl frees with free(), which is g_free()'s since
 * GLib 2.46. */
#include "vmm-libxl.h"

#include "error.h"

#include <libxl_utils.h>
#include <stdlib.h>
#include <string.h>

static libxl_domain_type type_of(const VmConfig *config)
{
	if (g_str_equal(config->type, "hvm")) {
		return LIBXL_DOMAIN_TYPE_HVM;
	}
	return g_str_equal(config->type, "pv") ? LIBXL_DOMAIN_TYPE_PV : LIBXL_DOMAIN_TYPE_PVH;
}

static char *text_or_null(const char *text)
{
	return *text ? g_strdup(text) : NULL;
}

static bool vcpus_to_libxl(Context *context, const VmConfig *config, libxl_domain_build_info *info,
			   GError **error)
{
	int rc;

	info->max_vcpus = (int)(config->maxvcpus ? config->maxvcpus : config->vcpus);
	rc = libxl_cpu_bitmap_alloc(context_libxl(context), &info->avail_vcpus, info->max_vcpus);
	if (rc) {
		return context_fail(context, rc, "vcpus", error);
	}
	for (guint i = 0; i < config->vcpus; i++) {
		libxl_bitmap_set(&info->avail_vcpus, (int)i);
	}
	return true;
}

/* What Windows needs to be light: libxl's own default leaves out the reference TSC and the timers,
 * without which an idle Windows takes a third of a CPU. */
static bool viridian_to_libxl(Context *context, libxl_domain_build_info *info, GError **error)
{
	static const libxl_viridian_enlightenment wanted[] = {
	    LIBXL_VIRIDIAN_ENLIGHTENMENT_REFERENCE_TSC,
	    LIBXL_VIRIDIAN_ENLIGHTENMENT_SYNIC,
	    LIBXL_VIRIDIAN_ENLIGHTENMENT_STIMER,
	    LIBXL_VIRIDIAN_ENLIGHTENMENT_HCALL_REMOTE_TLB_FLUSH,
	    LIBXL_VIRIDIAN_ENLIGHTENMENT_HCALL_IPI,
	};
	int rc = libxl_bitmap_alloc(context_libxl(context), &info->u.hvm.viridian_enable,
				    LIBXL_BUILDINFO_HVM_VIRIDIAN_ENABLE_DISABLE_WIDTH);

	if (rc) {
		return context_fail(context, rc, "viridian", error);
	}
	libxl_defbool_set(&info->u.hvm.viridian, true);
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		libxl_bitmap_set(&info->u.hvm.viridian_enable, (int)wanted[i]);
	}
	return true;
}

static bool hvm_to_libxl(Context *context, const VmConfig *config, libxl_domain_build_info *info,
			 GError **error)
{
	info->device_model_version = LIBXL_DEVICE_MODEL_VERSION_QEMU_XEN;
	info->u.hvm.bios =
	    g_str_equal(config->firmware, "uefi") ? LIBXL_BIOS_TYPE_OVMF : LIBXL_BIOS_TYPE_SEABIOS;
	info->u.hvm.boot = text_or_null(config->boot);
	info->u.hvm.serial = g_strdup("pty");
	libxl_defbool_set(&info->u.hvm.vnc.enable, false);
	libxl_defbool_set(&info->u.hvm.sdl.enable, false);
	libxl_defbool_set(&info->u.hvm.spice.enable, false);
	return !config->viridian || viridian_to_libxl(context, info, error);
}

static bool build_to_libxl(Context *context, const VmConfig *config, libxl_domain_build_info *info,
			   GError **error)
{
	libxl_domain_build_info_init_type(info, type_of(config));
	info->target_memkb = config->memory << 10;
	info->max_memkb = (config->maxmemory ? config->maxmemory : config->memory) << 10;
	info->kernel = text_or_null(config->kernel);
	info->ramdisk = text_or_null(config->initrd);
	info->cmdline = text_or_null(config->cmdline);
	if (*config->bootloader) {
		g_auto(GStrv) words = g_strsplit(config->bootloader, " ", 2);

		info->bootloader = g_strdup(words[0]);
		info->bootloader_args = words[1] ? g_strsplit(words[1], " ", -1) : NULL;
	}
	if (!vcpus_to_libxl(context, config, info, error)) {
		return false;
	}
	return type_of(config) != LIBXL_DOMAIN_TYPE_HVM ||
	       hvm_to_libxl(context, config, info, error);
}

/* mullion-hotplug, which lies beside this program; NULL: Xen's own scripts. */
static const char *hotplug_program(void)
{
	static gsize looked;
	static char *program;

	if (g_once_init_enter(&looked)) {
		g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
		g_autofree char *folder = self ? g_path_get_dirname(self) : g_strdup("");
		g_autofree char *path = g_build_filename(folder, "mullion-hotplug", NULL);

		program =
		    g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) ? g_steal_pointer(&path) : NULL;
		g_once_init_leave(&looked, 1);
	}
	return program;
}

static void disk_to_libxl(const VmConfig *config, const VmDisk *disk, libxl_device_disk *out)
{
	libxl_device_disk_init(out);
	/* qemu serves qcow2 and an emulated PC's disks, without a script. */
	if (type_of(config) != LIBXL_DOMAIN_TYPE_HVM && !disk->cdrom &&
	    !g_str_equal(disk->format, "qcow2")) {
		out->script = g_strdup(hotplug_program());
	}
	out->pdev_path = text_or_null(disk->source);
	out->vdev = g_strdup(disk->target);
	out->format = !*disk->source			   ? LIBXL_DISK_FORMAT_EMPTY
		      : g_str_equal(disk->format, "qcow2") ? LIBXL_DISK_FORMAT_QCOW2
							   : LIBXL_DISK_FORMAT_RAW;
	out->readwrite = !disk->readonly && !disk->cdrom;
	out->is_cdrom = disk->cdrom;
	out->removable = disk->cdrom;
}

static bool nic_to_libxl(const VmNic *nic, const char *bridge, const char *script, int id,
			 libxl_device_nic *out)
{
	guint bytes[6];

	libxl_device_nic_init(out);
	out->devid = id;
	out->bridge = g_strdup(bridge);
	out->script = g_strdup(script);
	out->model = text_or_null(nic->model);
	if (sscanf(nic->mac, "%2x:%2x:%2x:%2x:%2x:%2x", &bytes[0], &bytes[1], &bytes[2], &bytes[3],
		   &bytes[4], &bytes[5]) != 6) {
		return false;
	}
	for (int i = 0; i < 6; i++) {
		out->mac[i] = (guint8)bytes[i];
	}
	return true;
}

bool config_to_libxl(Context *context, const VmmSpec *spec, libxl_domain_config *out,
		     GError **error)
{
	const VmConfig *config = spec->config;

	libxl_domain_config_init(out);
	out->c_info.type = type_of(config);
	out->c_info.name = g_strdup(spec->name);
	if (libxl_uuid_from_string(&out->c_info.uuid, config->uuid)) {
		g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
			    "'%s' is not a UUID", config->uuid);
		return false;
	}
	/* What these say is done by the manager; they are what xl would show. */
	out->on_poweroff = LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
	out->on_reboot = LIBXL_ACTION_ON_SHUTDOWN_RESTART;
	out->on_watchdog = LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
	out->on_crash = LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
	if (!build_to_libxl(context, config, &out->b_info, error)) {
		return false;
	}
	out->disks = g_new0(libxl_device_disk, config->disks->len);
	for (guint i = 0; i < config->disks->len; i++) {
		disk_to_libxl(config, g_ptr_array_index(config->disks, i),
			      &out->disks[out->num_disks++]);
	}
	out->nics = g_new0(libxl_device_nic, config->nics->len);
	for (guint i = 0; i < config->nics->len; i++) {
		const VmNic *nic = g_ptr_array_index(config->nics, i);

		/* An administrator's own bridge may be firewalled, which Xen's script opens up. */
		const char *script = g_str_has_prefix(spec->bridges[i], "mbr-") &&
					     type_of(config) != LIBXL_DOMAIN_TYPE_HVM
					 ? hotplug_program()
					 : NULL;

		if (!nic_to_libxl(nic, spec->bridges[i], script, (int)i,
				  &out->nics[out->num_nics++])) {
			g_set_error(error, MULLION_ERROR, MULLION_ERROR_INVALID_ARGUMENT,
				    "nics/%u: '%s' is not a MAC address", i, nic->mac);
			return false;
		}
	}
	return true;
}
