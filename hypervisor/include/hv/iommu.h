/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * DMA confinement. common part: hypervisor/common/iommu.c; AMD-Vi: arch/x86/svm/, VT-d: arch/x86/vmx/, SMMUv3:
 * arch/arm-common/smmu_v3*.c.
 * Device frame numbers (dfn) equal guest frame numbers. Locks: iommu_domain's own lock is a leaf below
 * p2m->lock.
 */
#include <hv/addr.h>
#include <hv/p2m.h>
#include <hv/types.h>

struct domain;

/* segment:bus:device.function packed as in PCI: seg << 16 | bus << 8 | devfn. */
typedef struct { uint32_t v; } pci_sbdf_t;

#define IOMMU_READ	0x1
#define IOMMU_WRITE	0x2
#define IOMMU_DEVICE	0x4		/* registers, no memory; x86's units know no difference */

/* What devices may do with a frame that is that in the map. */
static inline unsigned int iommu_rights(enum p2m_type t)
{
	switch (t) {
	case P2M_RAM_RW:
	case P2M_FOREIGN:
	case P2M_GRANT_RW:
		return IOMMU_READ | IOMMU_WRITE;
	case P2M_RAM_RO:
	case P2M_GRANT_RO:
		return IOMMU_READ;
	default:
		return 0;
	}
}

/* Boot, after the frame allocator, ACPI, the clock and irq_init: finds units, builds tables that deny
 * everything, turns translation on. 0; -ENODEV when there is none or iommu=off (said loudly). With
 * iommu=force and no unit it does not return. */
int iommu_init(void);
bool iommu_enabled(void);
const char *iommu_name(void);			/* "AMD-Vi", "VT-d", "none" */

/* Gives d a device address space. */
int iommu_domain_init(struct domain *d);
void iommu_domain_destroy(struct domain *d);	/* frees tables; no device is attached any more */
/* No-ops (0) when d->iommu is NULL. Changes reach the device before the call returns.
 * Frames beyond the units' address width are skipped: no device can name them. -ENOMEM: a map leaves
 * nothing of the range mapped; an unmap (it had to split a large page) may leave some of it mapped, so the
 * caller must keep the frames. */
int iommu_map(struct domain *d, uint64_t dfn, mfn_t m, unsigned int order, unsigned int rw);
int iommu_unmap(struct domain *d, uint64_t dfn, unsigned int order);
/* Batches: the same two, but devices may use what was there before until iommu_flush, when *flush was set. */
int iommu_map_noflush(struct domain *d, uint64_t dfn, mfn_t m, unsigned int order, unsigned int rw, bool *flush);
int iommu_unmap_noflush(struct domain *d, uint64_t dfn, unsigned int order, bool *flush);
/* No device uses a translation of d from before any more when it returns; also of batches of other CPUs. */
void iommu_flush(struct domain *d);

/* Attaches a device (and the requester ids it may use) to d, detaching it from whoever had it. -EBUSY: its
 * DMA looks like that of a device of another domain (both behind one old bridge). On any error the device
 * belongs to nobody. */
int iommu_attach(struct domain *d, pci_sbdf_t dev);
int iommu_detach(pci_sbdf_t dev);
/* True when the PCI function is an IOMMU's own: the service VM must not see it. */
bool iommu_owns_device(pci_sbdf_t dev);
/* True when the frame holds an IOMMU's registers: never to be mapped by anybody. */
bool iommu_owns_frame(mfn_t m);
/* Ranges that firmware demands (IVMD, RMRR) are mapped 1:1 for the service VM by iommu_domain_init. The
 * i-th of them, for XENMEM_reserved_device_memory_map; false at the end. dev is all ones for "any". */
bool iommu_reserved_range(unsigned int i, mfn_t *first, uint64_t *count, pci_sbdf_t *dev);
