/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test: qemu="-device edu,addr=5" */
/*
 * physdev_op: a PVH initial domain on x86 has the operations that tell of PCI devices, on ARM none;
 * everything about pirqs and IO-APICs does not exist for it.
 */
#include "guest.h"

void guest_main(void)
{
	static const int absent[] = {
	    PHYSDEVOP_eoi,
	    PHYSDEVOP_irq_status_query,
	    PHYSDEVOP_set_iopl,
	    PHYSDEVOP_set_iobitmap,
	    PHYSDEVOP_apic_read,
	    PHYSDEVOP_apic_write,
	    PHYSDEVOP_alloc_irq_vector,
	    PHYSDEVOP_map_pirq,
	    PHYSDEVOP_unmap_pirq,
	    PHYSDEVOP_manage_pci_add,
	    PHYSDEVOP_restore_msi,
	    PHYSDEVOP_setup_gsi,
	    PHYSDEVOP_get_free_pirq,
	    PHYSDEVOP_prepare_msix,
	    PHYSDEVOP_pirq_eoi_gmfn_v2,
	    99,
	    -1,
	};
	static char page[256];
	struct physdev_pci_device_add add = {.bus = 0, .devfn = 5 << 3};
	struct physdev_pci_device remove = {.bus = 200, .devfn = 0};
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(absent); i++) {
		long rc = HC(physdev_op, absent[i], page);

		EXPECT(rc == -XEN_ENOSYS, "command %d: %ld", absent[i], rc);
	}
	if (!on_x86) {
		EXPECT_EQ(HC(physdev_op, PHYSDEVOP_pci_device_add, &add), -XEN_ENOSYS);
		EXPECT_EQ(HC(physdev_op, PHYSDEVOP_pci_device_remove, &remove), -XEN_ENOSYS);
		return;
	}
	EXPECT_EQ(HC(physdev_op, PHYSDEVOP_pci_device_add, &add), 0);
	/* A second time is no error. */
	EXPECT_EQ(HC(physdev_op, PHYSDEVOP_pci_device_add, &add), 0);
	EXPECT_EQ(HC(physdev_op, PHYSDEVOP_pci_device_remove, &remove), -XEN_ENODEV);
	EXPECT_EQ(HC(physdev_op, PHYSDEVOP_pci_device_add, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(physdev_op, PHYSDEVOP_pci_device_remove, 0x200000000ul), -XEN_EFAULT);
	EXPECT_EQ(HC(physdev_op, PHYSDEVOP_pci_mmcfg_reserved, 0x200000000ul), -XEN_EFAULT);
}
