/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dm_op: a device model acts on its guest. Guests with a device model are not built, so only what needs none is
 * here; the rest is refused after the checks of arguments and rights.
 */
#include <hv/ctl.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include "dm_internal.h"

#define BUFS_MAX	2

/* Bytes of the operation that follow the header. */
static const uint8_t op_size[] = {
	[XEN_DMOP_create_ioreq_server] = sizeof(struct xen_dm_op_create_ioreq_server),
	[XEN_DMOP_get_ioreq_server_info] = sizeof(struct xen_dm_op_get_ioreq_server_info),
	[XEN_DMOP_map_io_range_to_ioreq_server] = sizeof(struct xen_dm_op_ioreq_server_range),
	[XEN_DMOP_unmap_io_range_from_ioreq_server] = sizeof(struct xen_dm_op_ioreq_server_range),
	[XEN_DMOP_set_ioreq_server_state] = sizeof(struct xen_dm_op_set_ioreq_server_state),
	[XEN_DMOP_destroy_ioreq_server] = sizeof(struct xen_dm_op_destroy_ioreq_server),
	[XEN_DMOP_track_dirty_vram] = sizeof(struct xen_dm_op_track_dirty_vram),
	[XEN_DMOP_set_pci_intx_level] = sizeof(struct xen_dm_op_set_pci_intx_level),
	[XEN_DMOP_set_isa_irq_level] = sizeof(struct xen_dm_op_set_isa_irq_level),
	[XEN_DMOP_set_pci_link_route] = sizeof(struct xen_dm_op_set_pci_link_route),
	[XEN_DMOP_modified_memory] = sizeof(struct xen_dm_op_modified_memory),
	[XEN_DMOP_set_mem_type] = sizeof(struct xen_dm_op_set_mem_type),
	[XEN_DMOP_inject_event] = sizeof(struct xen_dm_op_inject_event),
	[XEN_DMOP_inject_msi] = sizeof(struct xen_dm_op_inject_msi),
	[XEN_DMOP_map_mem_type_to_ioreq_server] =
		sizeof(struct xen_dm_op_map_mem_type_to_ioreq_server),
	[XEN_DMOP_remote_shutdown] = sizeof(struct xen_dm_op_remote_shutdown),
	[XEN_DMOP_relocate_memory] = sizeof(struct xen_dm_op_relocate_memory),
	[XEN_DMOP_pin_memory_cacheattr] = sizeof(struct xen_dm_op_pin_memory_cacheattr),
	[XEN_DMOP_nr_vcpus] = sizeof(struct xen_dm_op_nr_vcpus),
};

/* untrusted_bufs: BUFS_MAX of them, those that were not given empty. */
static long dm_op(struct domain *d, const struct xen_dm_op_buf *untrusted_bufs)
{
	const struct xen_dm_op_buf *untrusted_buf = &untrusted_bufs[0];
	const size_t header = offsetof(struct xen_dm_op, u);
	struct xen_dm_op untrusted_op = { 0 };
	gva_t where = handle_gva(untrusted_buf->h);
	long rc;

	if (untrusted_buf->size < header || guest_read(&untrusted_op, where, header)) {
		return -EFAULT;
	}
	if (untrusted_op.op >= ARRAY_SIZE(op_size) || !op_size[untrusted_op.op]) {
		return -EOPNOTSUPP;
	}
	if (untrusted_buf->size < header + op_size[untrusted_op.op] ||
	    guest_read(&untrusted_op, where, header + op_size[untrusted_op.op])) {
		return -EFAULT;
	}
	if (untrusted_op.pad) {
		return -EINVAL;
	}
	switch (untrusted_op.op) {
	case XEN_DMOP_remote_shutdown:
		domain_shutdown(d, (uint8_t)untrusted_op.u.remote_shutdown.reason);
		return 0;
	case XEN_DMOP_nr_vcpus:
		untrusted_op.u.nr_vcpus.vcpus = d->max_vcpus;
		return guest_write(where, &untrusted_op, header + op_size[untrusted_op.op]);
	case XEN_DMOP_track_dirty_vram:
		return dm_track_dirty_vram(d, &untrusted_op.u.track_dirty_vram, &untrusted_bufs[1]);
	case XEN_DMOP_modified_memory:
		rc = dm_modified_memory(d, &untrusted_op.u.modified_memory, &untrusted_bufs[1]);
		if (rc == -ERESTART && guest_write(where, &untrusted_op, header + op_size[untrusted_op.op])) {
			rc = -EFAULT;
		}
		return rc;
	default:
		return -EOPNOTSUPP;
	}
}

long hypercall_dm_op(const struct hypercall_args *a)
{
	struct xen_dm_op_buf untrusted_bufs[BUFS_MAX] = { 0 };
	uint16_t domid = (uint16_t)a->v[0];
	uint32_t count = (uint32_t)a->v[1];
	struct domain *d;
	long rc = -EPERM;

	if (count > BUFS_MAX) {
		return -E2BIG;
	}
	if (guest_read(untrusted_bufs, gva(a->v[2]), count * sizeof(untrusted_bufs[0]))) {
		return -EFAULT;
	}
	if (domid == DOMID_SELF || domid == current->domain->id) {
		return -EPERM;
	}
	d = domain_get_other(domid);
	if (!d) {
		return -ESRCH;
	}
	if (domain_may_control(current->domain, d)) {
		rc = dm_op(d, untrusted_bufs);
	}
	domain_put(d);
	return rc == -ERESTART ? hypercall_restart(a) : rc;
}
