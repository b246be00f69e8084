// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The entries of AMD-Vi: page tables (AMD I/O Virtualization Technology Specification, 2.2.3),
 * interrupts (2.2.5).
 */
#include "amd_vi.h"

#define PTE_PRESENT  BIT(0)
#define PTE_NEXT(n)  ((uint64_t)(n) << 9)
#define PTE_COHERENT BIT(60)
#define PTE_READ     DTE_READ
#define PTE_WRITE    DTE_WRITE
#define PTE_TABLE(n) (PTE_PRESENT | PTE_NEXT(n) | PTE_READ | PTE_WRITE)

/*
 * Bits beside "present" mean nothing in an entry that is not present. QEMU's unit records a fault
 * only when such an entry is not all zero and has a next level, so absent entries carry one.
 */
#define PTE_ABSENT PTE_NEXT(1)

const struct iommu_format amd_format = {
    .address_mask = 0x000ffffffffff000UL,
    .read = PTE_READ,
    .write = PTE_WRITE,
    .present = PTE_PRESENT,
    .absent = PTE_ABSENT,
    .type_mask = PTE_NEXT(7),
    .leaf_type = PTE_NEXT(0),
    .leaf = {0, PTE_PRESENT | PTE_COHERENT, PTE_PRESENT | PTE_COHERENT, PTE_PRESENT | PTE_COHERENT},
    .table = {0, 0, PTE_TABLE(1), PTE_TABLE(2), PTE_TABLE(3), PTE_TABLE(4), PTE_TABLE(5)},
};

/* Fixed delivery, physical destination. Whether it is level or edge stays with the message. */
uint32_t amd_irte_short(const struct intr_target *t)
{
	return (uint32_t)IRTE_ENABLE | (t->apic_id & 0xff) << 8 | (uint32_t)t->vector << 16;
}

struct amd_irte amd_irte_long(const struct intr_target *t)
{
	return (struct amd_irte){
	    .lo = IRTE_ENABLE | (uint64_t)(t->apic_id & 0xffffff) << 8,
	    .hi = t->vector | (uint64_t)(t->apic_id >> 24) << 56,
	};
}
