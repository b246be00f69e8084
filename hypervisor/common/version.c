/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xen_version: the ABI's version is Xen 4.17's; the extra version says whose implementation this is. */
#include <hv/bitops.h>
#include <hv/boot.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <xen/version.h>

#define ABI_MAJOR		4
#define ABI_MINOR		17
#define EXTRA_VERSION		".0-mullion"
#define DENIED			"<denied>"

/* Where the linker has put the note that names this very image; none: nothing between them. */
extern const uint32_t _build_id_start[], _build_id_end[];

/* A fixed-size text field of the ABI: all of it is written. */
static long give_text(gva_t arg, const char *text, size_t size)
{
	char buf[1024];

	memset(buf, 0, sizeof(buf));
	str_copy(buf, text, MIN(size, sizeof(buf)));
	return guest_write(arg, buf, MIN(size, sizeof(buf)));
}

static long give_compile_info(gva_t arg)
{
	struct xen_compile_info info;

	memset(&info, 0, sizeof(info));
	/* No date and no builder: the image is the same wherever it is built. */
	str_copy(info.compiler, "gcc " __VERSION__, sizeof(info.compiler));
	str_copy(info.compile_by, "mullion", sizeof(info.compile_by));
	str_copy(info.compile_domain, "localhost", sizeof(info.compile_domain));
	str_copy(info.compile_date, "reproducible", sizeof(info.compile_date));
	return guest_write_obj(arg, &info);
}

static uint32_t features(const struct domain *d)
{
	uint32_t f = BIT(XENFEAT_memory_op_vnode_supported) | BIT(XENFEAT_writable_page_tables) |
		     BIT(XENFEAT_auto_translated_physmap);

	return f | (d->is_service ? (uint32_t)BIT(XENFEAT_dom0) : 0) | arch_domain_features(d);
}

static long give_features(gva_t arg)
{
	struct xen_feature_info untrusted_info;

	if (guest_read_obj(&untrusted_info, arg)) {
		return -EFAULT;
	}
	if (untrusted_info.submap_idx) {
		return -EINVAL;
	}
	untrusted_info.submap = features(current->domain);
	return guest_write_obj(arg, &untrusted_info);
}

/* The linker's note: a header of three words, the owner's name "GNU", the id. */
static unsigned int build_id(const void **id)
{
	size_t header = 4 * sizeof(uint32_t);

	if ((size_t)((const char *)_build_id_end - (const char *)_build_id_start) <= header) {
		return 0;
	}
	*id = _build_id_start + 4;
	return _build_id_start[1];
}

/* Without an address: how long it is. */
static long give_build_id(gva_t arg)
{
	const void *id;
	unsigned int size = build_id(&id);
	uint32_t untrusted_size;

	if (!size) {
		return -ENODATA;
	}
	if (!arg.v) {
		return size;
	}
	if (guest_read_obj(&untrusted_size, arg)) {
		return -EFAULT;
	}
	if (!untrusted_size) {
		return -EINVAL;
	}
	if (untrusted_size < size) {
		return -ENOBUFS;
	}
	return guest_write(gva(arg.v + offsetof(struct xen_build_id, buf)), id, size) ? -EFAULT :
											 (long)size;
}

long hypercall_xen_version(const struct hypercall_args *a)
{
	struct domain *d = current->domain;
	gva_t arg = gva(a->v[1]);

	switch ((int)a->v[0]) {
	case XENVER_version:
		return ABI_MAJOR << 16 | ABI_MINOR;
	case XENVER_extraversion:
		return give_text(arg, EXTRA_VERSION, XEN_EXTRAVERSION_LEN);
	case XENVER_compile_info:
		return give_compile_info(arg);
	case XENVER_capabilities:
		return give_text(arg, arch_abi.capabilities(), XEN_CAPABILITIES_INFO_LEN);
	case XENVER_changeset:
		return give_text(arg, "mullion " MULLION_VERSION, XEN_CHANGESET_INFO_LEN);
	case XENVER_platform_parameters: {
		struct xen_platform_parameters params = { .virt_start = arch_abi.virt_start };

		return guest_write_obj(arg, &params);
	}
	case XENVER_get_features:
		return give_features(arg);
	case XENVER_pagesize:
		return arg.v ? -EINVAL : (long)PAGE_SIZE;
	case XENVER_guest_handle: {
		xen_domain_handle_t handle;

		memcpy(handle, d->handle, sizeof(handle));
		return guest_write(arg, handle, sizeof(handle));
	}
	case XENVER_commandline:
		return give_text(arg, d->is_service ? boot_info.cmdline : DENIED,
				 sizeof(xen_commandline_t));
	case XENVER_build_id:
		return d->is_service ? give_build_id(arg) : -EPERM;
	default:
		return -ENOSYS;
	}
}
