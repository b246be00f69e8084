// SPDX-License-Identifier: GPL-2.0-or-later
/* VT-d: finding the units and turning them on; interrupt remapping follows (vtd_ir.c). */
#include <hv/boot.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <asm/iommu.h>
#include <asm/paging.h>
#include "vtd.h"

struct vtd_unit *vtd_units[DMAR_UNITS_MAX];
unsigned int vtd_unit_count;
struct dmar_info *vtd_dmar;

static bool owns_device(pci_sbdf_t dev)
{
	return false; /* VT-d units are no PCI functions */
}

static bool owns_frame(mfn_t m)
{
	for (unsigned int i = 0; i < vtd_unit_count; i++) {
		const struct dmar_unit *u = &vtd_units[i]->info;

		if (m.v >= u->base >> PAGE_SHIFT && m.v < (u->base + u->size) >> PAGE_SHIFT) {
			return true;
		}
	}
	return false;
}

/* A boot loader or firmware may have left the unit running on tables of its own. */
static int stop(struct vtd_unit *u)
{
	static const uint32_t bits[] = {GLOBAL_TRANSLATION, GLOBAL_IR, GLOBAL_QUEUE};

	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++) {
		if ((vtd_read(u, VTD_STATUS) & bits[i]) && vtd_command(u, bits[i], false)) {
			return -EIO;
		}
	}
	return 0;
}

static int probe_unit(struct vtd_unit *u)
{
	unsigned int end;

	u->regs = ioremap(hpa(u->info.base), PAGE_SIZE);
	if (!u->regs) {
		return -ENOMEM;
	}
	u->cap = vtd_read64(u, VTD_CAP);
	u->ecap = vtd_read64(u, VTD_ECAP);
	if (u->cap == ~0UL || u->ecap == ~0UL || !(vtd_read(u, VTD_VERSION) & 0xff)) {
		return -ENODEV;
	}
	/* Fault records and the IOTLB registers may lie beyond the first page. */
	end = MAX(CAP_FAULT_OFFSET(u->cap) + 16 * CAP_FAULT_COUNT(u->cap),
		  ECAP_IOTLB_OFFSET(u->ecap) + 16);
	u->info.size = MAX(u->info.size, ROUND_UP((uint64_t)end, PAGE_SIZE));
	if (u->info.size > PAGE_SIZE) {
		iounmap(u->regs);
		u->regs = ioremap(hpa(u->info.base), u->info.size);
		if (!u->regs) {
			return -ENOMEM;
		}
	}
	return stop(u);
}

/* What all units can do. The depth must be one that every unit can walk. */
static int agree(void)
{
	uint64_t cap = ~0UL, ecap = ~0UL;
	unsigned int mgaw = 64, domains = 7;
	bool caching = false;

	for (unsigned int i = 0; i < vtd_unit_count; i++) {
		cap &= vtd_units[i]->cap;
		ecap &= vtd_units[i]->ecap;
		mgaw = MIN(mgaw, CAP_MGAW(vtd_units[i]->cap));
		domains = MIN(domains, CAP_DOMAINS(vtd_units[i]->cap));
		caching |= (vtd_units[i]->cap & CAP_CACHING_MODE) != 0;
	}
	if (cap & CAP_SAGAW_48) {
		iommu_caps.levels = 4;
	} else if (cap & CAP_SAGAW_39) {
		iommu_caps.levels = 3;
	} else if (cap & CAP_SAGAW_57) {
		iommu_caps.levels = 5;
	} else {
		return -ENODEV;
	}
	iommu_caps.format = &vtd_format;
	iommu_caps.address_bits = MIN(MIN(mgaw, iommu_caps.levels * 9 + PAGE_SHIFT), 52U);
	iommu_caps.leaf_level = !(cap & CAP_2M) ? 1 : cap & CAP_1G ? 3 : 2;
	iommu_caps.domain_ids = 1U << (4 + 2 * MIN(domains, 6U));
	iommu_caps.clean = !(ecap & ECAP_COHERENT);
	iommu_caps.cache_absent = caching;
	/* Without snoop control in all units the bit is reserved in some. */
	iommu_caps.leaf_extra = ecap & ECAP_SNOOP_CONTROL ? SL_SNOOP : 0;
	return 0;
}

/* Protected memory regions of the firmware are of no use once nothing is mapped, and would be in
 * the way. */
static void release_protected(struct vtd_unit *u)
{
	if ((u->cap & (CAP_PLMR | CAP_PHMR)) &&
	    (vtd_read(u, VTD_PMEN) & (PMEN_ENABLE | PMEN_STATUS))) {
		vtd_write(u, VTD_PMEN, 0);
	}
}

static int enable_unit(struct vtd_unit *u)
{
	int ret;

	u->segment = vtd_segment_get(u->info.segment, true);
	if (!u->segment) {
		return -ENOMEM;
	}
	vtd_write64(u, VTD_ROOT, virt_to_hpa(u->segment->roots).v);
	ret = vtd_command(u, GLOBAL_ROOT, true);
	if (ret) {
		return ret;
	}
	ret = vtd_queue_init(u);
	if (ret) {
		return ret;
	}
	vtd_fault_init(u);
	ret = vtd_command(u, GLOBAL_TRANSLATION, true);
	if (ret) {
		return ret;
	}
	release_protected(u);
	if (boot_options.iommu_verbose) {
		log_info("VT-d: unit at %#lx, cap %#lx, ecap %#lx, %s, %s\n", u->info.base, u->cap,
			 u->ecap, u->queued ? "queued" : "registers",
			 u->has_irq ? "MSI" : "polled");
	}
	return 0;
}

static int start_units(void)
{
	int ret;

	for (unsigned int i = 0; i < vtd_dmar->unit_count; i++) {
		struct vtd_unit *u = hv_alloc(sizeof(*u));

		if (!u) {
			return -ENOMEM;
		}
		u->info = vtd_dmar->units[i];
		vtd_units[vtd_unit_count++] = u;
		ret = probe_unit(u);
		if (ret) {
			log_err("VT-d: unit at %#lx cannot be used (error %d)\n", u->info.base,
				-ret);
			return ret;
		}
	}
	ret = agree();
	for (unsigned int i = 0; i < vtd_unit_count && !ret; i++) {
		ret = enable_unit(vtd_units[i]);
	}
	return ret;
}

static void add_reserved(void)
{
	for (unsigned int i = 0; i < vtd_dmar->reserved_count; i++) {
		const struct dmar_reserved *r = &vtd_dmar->reserved[i];
		const struct dmar_scope *s = &vtd_dmar->scopes[r->scope_first];
		pci_sbdf_t dev = {~0U};

		if (r->scope_count == 1 && s->path_count == 1) {
			dev.v =
			    (uint32_t)r->segment << 16 | (uint32_t)s->start_bus << 8 | s->path[0];
		}
		iommu_add_reserved(r->start, r->end, IOMMU_READ | IOMMU_WRITE, dev);
	}
}

static int vtd_init(const void *table, size_t len)
{
	int ret;

	vtd_dmar = hv_alloc(sizeof(*vtd_dmar));
	if (!vtd_dmar) {
		return -ENOMEM;
	}
	ret = dmar_parse(table, len, vtd_dmar);
	if (ret || !vtd_dmar->unit_count) {
		log_err("VT-d: the firmware's DMAR table is %s\n", ret ? "malformed" : "empty");
		hv_free(vtd_dmar);
		return ret ? ret : -ENODEV;
	}
	vtd_scope_init();
	add_reserved();
	ret = start_units();
	for (unsigned int i = 0; i < vtd_unit_count && ret; i++) {
		if (vtd_units[i]->regs) {
			(void)stop(vtd_units[i]);
		}
	}
	return ret;
}

const struct iommu_ops vtd_ops = {
    .name = "VT-d",
    .table = "DMAR",
    .init = vtd_init,
    .requesters = vtd_requesters,
    .set = vtd_set,
    .flush = vtd_flush,
    .owns_device = owns_device,
    .owns_frame = owns_frame,
    .drain = vtd_drain,
    .fault_interrupt = vtd_fault_interrupt,
    .interrupts = &vtd_intr_ops,
};
