// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The entries of VT-d: second-level page tables (Intel VT-d Specification, 9.8), interrupt
 * remapping (5.1.2, 9.10).
 */
#include "vtd.h"

#define SL_TABLE (SL_READ | SL_WRITE)

const struct iommu_format vtd_format = {
    .address_mask = 0x000ffffffffff000UL,
    .read = SL_READ,
    .write = SL_WRITE,
    .present = SL_READ | SL_WRITE,
    .absent = 0,
    .type_mask = SL_LARGE,
    .leaf_type = SL_LARGE,
    .leaf = {0, 0, SL_LARGE, SL_LARGE},
    .table = {0, 0, SL_TABLE, SL_TABLE, SL_TABLE, SL_TABLE, SL_TABLE},
};

/* Physical destination, fixed delivery. */
uint64_t vtd_irte_low(const struct intr_target *t, bool wide)
{
	uint64_t destination = wide ? t->apic_id : (uint64_t)(t->apic_id & 0xff) << 8;

	return destination << 32 | (uint64_t)t->vector << 16 | (t->level ? IRTE_LEVEL : 0) |
	       IRTE_PRESENT;
}

#define LINE_REMAPPABLE	   BIT(48)
#define MESSAGE_BASE	   0xfee00000UL
#define MESSAGE_REMAPPABLE BIT(4)

/* The vector is that of the table's entry: the EOI of a level line finds the line by it. */
uint64_t vtd_line_entry(unsigned int index, uint8_t vector)
{
	return (uint64_t)(index & 0x7fff) << 49 | LINE_REMAPPABLE |
	       (uint64_t)(index >> 15 & 1) << 11 | vector;
}

/* No sub-handle, so the data say nothing. */
uint64_t vtd_message_address(unsigned int index)
{
	return MESSAGE_BASE | (uint64_t)(index & 0x7fff) << 5 | MESSAGE_REMAPPABLE |
	       (uint64_t)(index >> 15 & 1) << 2;
}
