/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The machine's SMMUs (arch/arm-common/smmu_v3*.c) beyond hv/iommu.h. */

struct domain;

/*
 * Boot, before the service VM d runs: all streams that the device tree names, and are not refused, are d's; d->iommu is
 * there. -ENOMEM: none is.
 */
int smmu_attach(struct domain *d);
