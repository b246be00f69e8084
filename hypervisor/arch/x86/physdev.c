/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HYPERVISOR_physdev_op of HVM domains: Xen 4.17 knows four calls of the service VM; those about
 * pirqs are for domains with X86_EMU_USE_PIRQ, which are not built.
 */
#include <asm/acpi.h>
#include <asm/vpci.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <xen/physdev.h>

static uint32_t sbdf_of(uint16_t segment, uint8_t bus, uint8_t devfn)
{
	return (uint32_t)segment << 16 | (uint32_t)bus << 8 | devfn;
}

/* The kernel found in AML that the region is reserved, as MCFG said. All regions of MCFG are in use anyway. */
static long mmcfg_reserved(gva_t arg)
{
	struct physdev_pci_mmcfg_reserved untrusted;

	if (guest_read_obj(&untrusted, arg)) {
		return -EFAULT;
	}
	for (unsigned int i = 0; i < acpi_info.ecam_count; i++) {
		const struct acpi_ecam *e = &acpi_info.ecam[i];

		if (e->segment == untrusted.segment && e->start_bus == untrusted.start_bus &&
		    e->end_bus == untrusted.end_bus) {
			return e->base == untrusted.address ? 0 : -EIO;
		}
	}
	return -ENODEV;
}

static long device_add(struct domain *d, gva_t arg)
{
	struct physdev_pci_device_add untrusted;
	uint32_t node;

	if (guest_read(&untrusted, arg, offsetof(struct physdev_pci_device_add, optarr))) {
		return -EFAULT;
	}
	/* The node is of no use here, but a bad pointer is one. */
	if ((untrusted.flags & XEN_PCI_DEV_PXM) &&
	    guest_read(&node,
		       gva(arg.v + offsetof(struct physdev_pci_device_add, optarr)), sizeof(node))) {
		return -EFAULT;
	}
	return vpci_add_device(d, sbdf_of(untrusted.seg, untrusted.bus, untrusted.devfn));
}

static long device_remove(struct domain *d, gva_t arg)
{
	struct physdev_pci_device untrusted;

	if (guest_read_obj(&untrusted, arg)) {
		return -EFAULT;
	}
	return vpci_remove_device(d, sbdf_of(untrusted.seg, untrusted.bus, untrusted.devfn));
}

/* The kernel resets the USB controller with the debug port: ours is none, so there is nothing to prepare. */
static long debug_port(gva_t arg)
{
	struct physdev_dbgp_op untrusted;

	return guest_read_obj(&untrusted, arg) ? -EFAULT : 0;
}

long hypercall_physdev_op(const struct hypercall_args *a)
{
	struct domain *d = current->domain;
	gva_t arg = gva(a->v[1]);

	if (!d->is_service) {
		return -ENOSYS;
	}
	switch ((int)a->v[0]) {
	case PHYSDEVOP_pci_mmcfg_reserved:
		return mmcfg_reserved(arg);
	case PHYSDEVOP_pci_device_add:
		return device_add(d, arg);
	case PHYSDEVOP_pci_device_remove:
		return device_remove(d, arg);
	case PHYSDEVOP_dbgp_op:
		return debug_port(arg);
	default:
		return -ENOSYS;
	}
}
