// SPDX-License-Identifier: GPL-2.0-or-later
/* The second-level page-table entries of VT-d (Intel VT-d Specification, 9.8). */
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
