// SPDX-License-Identifier: GPL-2.0-or-later
/* What both vendors' IOMMUs need of the machine: their ACPI tables, cache lines, the MSI
 * capability. */
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/iommu_impl.h>
#include <hv/lib.h>
#include <asm/acpi.h>
#include <asm/dom0.h>
#include <asm/iommu.h>
#include <asm/irq.h>
#include <asm/processor.h>

const struct iommu_ops *const arch_iommu_ops[] = {&amd_vi_ops, &vtd_ops, NULL};

const void *arch_iommu_firmware(const char *signature, size_t *len)
{
	const struct acpi_header *t = acpi_table(signature, 0);

	*len = t ? t->length : 0;
	return t;
}

const char *arch_iommu_none(void)
{
	return "the firmware describes no IOMMU (no IVRS or DMAR table)";
}

/* Stores are seen in their order, by units as well. */
void arch_iommu_written(void)
{
	smp_wmb();
}

void arch_cache_clean(const void *p, size_t len)
{
	static unsigned int line;
	uintptr_t at, end = (uintptr_t)p + len;

	if (!line) {
		line = ((cpuid(1, 0).ebx >> 8) & 0xff) * 8;
		line = line ? line : 64;
	}
	for (at = ROUND_DOWN((uintptr_t)p, line); at < end; at += line) {
		__asm__ volatile("clflush (%0)" ::"r"(at) : "memory");
	}
	__asm__ volatile("mfence" ::: "memory");
}

/* Lines that are written back by CLFLUSH are out of the cache as well. */
void arch_cache_clean_invalidate(const void *p, size_t len)
{
	arch_cache_clean(p, len);
}

const bool arch_grant_cache_flush = false;

#define PCI_STATUS_CAPABILITIES BIT(4)
#define PCI_CAP_MSI		5
#define MSI_CONTROL_ENABLE	BIT(0)
#define MSI_CONTROL_COUNT	(7 << 4)
#define MSI_CONTROL_64BIT	BIT(7)

static unsigned int find_msi(uint32_t sbdf)
{
	unsigned int at;

	if (!(pci_read(sbdf, 6, 2) & PCI_STATUS_CAPABILITIES)) {
		return 0;
	}
	at = pci_read(sbdf, 0x34, 1) & 0xfc;
	for (unsigned int i = 0; at >= 0x40 && i < 48; i++) {
		if (pci_read(sbdf, at, 1) == PCI_CAP_MSI) {
			return at;
		}
		at = pci_read(sbdf, at + 1, 1) & 0xfc;
	}
	return 0;
}

int iommu_setup_msi(pci_sbdf_t dev)
{
	unsigned int at = find_msi(dev.v);
	struct msi_message msg;
	uint32_t control;
	int vector;

	if (!at) {
		return -ENODEV;
	}
	vector = irq_alloc_vector(0, iommu_fault_irq, NULL);
	if (vector < 0) {
		return vector;
	}
	msi_compose((uint8_t)vector, 0, &msg);
	control = pci_read(dev.v, at + 2, 2) & ~(MSI_CONTROL_COUNT | MSI_CONTROL_ENABLE);
	pci_write(dev.v, at + 2, 2, control);
	pci_write(dev.v, at + 4, 4, (uint32_t)msg.address);
	if (control & MSI_CONTROL_64BIT) {
		pci_write(dev.v, at + 8, 4, (uint32_t)(msg.address >> 32));
		pci_write(dev.v, at + 12, 2, msg.data);
	} else {
		pci_write(dev.v, at + 8, 2, msg.data);
	}
	pci_write(dev.v, at + 2, 2, control | MSI_CONTROL_ENABLE);
	/* Messages are writes of the function: it must be a bus master. */
	pci_write(dev.v, 4, 2, pci_read(dev.v, 4, 2) | 0x4);
	return 0;
}
