/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What common/iommu.c asks of the machine: which units there are, and memory that they see. */
#include "smmu_v3.h"
#include <asm/processor.h>
#include <hv/errno.h>
#include <hv/lib.h>

const struct iommu_ops *const arch_iommu_ops[] = {&smmu_v3_ops, NULL};

static bool tree_has(const char *name)
{
	const struct fdt *t = &platform.tree;

	for (int node = fdt_root(t); node >= 0; node = fdt_next_node(t, node, NULL)) {
		if (fdt_compatible(t, node, name) && fdt_available(t, node)) {
			return true;
		}
	}
	return false;
}

/* The device tree is the table. */
const void *arch_iommu_firmware(const char *name, size_t *len)
{
	*len = platform.tree.size;
	return tree_has(name) ? platform.tree.base : NULL;
}

const char *arch_iommu_none(void)
{
	static const char *const others[] = {"arm,smmu-v1", "arm,smmu-v2", "arm,mmu-400",
					     "arm,mmu-401", "arm,mmu-500"};

	for (unsigned int i = 0; i < ARRAY_SIZE(others); i++) {
		if (tree_has(others[i])) {
			return "the machine has SMMUs of a kind that is not driven here";
		}
	}
	return "the device tree has no SMMUv3";
}

void arch_iommu_written(void)
{
	dsb(st);
}
