/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The vendors' halves of DMA confinement (hv/iommu_impl.h). */
struct iommu_ops;

extern const struct iommu_ops amd_vi_ops;	/* arch/x86/svm/amd_vi.c */
extern const struct iommu_ops vtd_ops;		/* arch/x86/vmx/vtd.c */
