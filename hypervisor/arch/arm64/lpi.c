/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LPIs at the redistributors: one table of properties for all, a table of what is pending for each
 * CPU. Arm IHI 0069H, 5.1 and 12.11. Boot, but for lpi_set_enabled (the lock of the LPI's ITS).
 */
#include "its_unit.h"
#include <asm/gic.h>
#include <asm/paging.h>
#include <asm/processor.h>
#include <hv/cpu.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#define GICD_TYPER_LPIS	       BIT(17)
#define GICD_TYPER_ID_BITS(v)  (((v) >> 19 & 0x1f) + 1)
#define GICD_TYPER_NUM_LPIS(v) ((v) >> 11 & 0x1f)

#define GICR_CTLR      0x0000
#define GICR_CTLR_RWP  BIT(3)
#define GICR_TYPER     0x0008
#define GICR_PROPBASER 0x0070
#define GICR_PENDBASER 0x0078

#define BASER_CACHE_WB	7UL << 7
#define BASER_CACHE_NC	1UL << 7
#define BASER_INNER	(1UL << 10)
#define BASER_SHARED(v) ((v)&3UL << 10)
#define PENDBASER_PTZ	BIT(62)

#define PROPERTY_ENABLED 0x01u
/* Of the table of what is pending: a bit for each, from INTID 0 on, on a multiple of 64 KiB. */
#define PENDING_SIZE  ((1UL << LPI_ID_BITS) / 8)
#define PENDING_ORDER 4u
#define SPIN_MAX      1000000u

static uint8_t *properties; /* [LPI_COUNT] */
static bool flush_properties;

/* Writes a base register, with caches if the redistributor looks into them. True: it does not. */
static bool write_base(volatile uint8_t *reg, uint64_t v, uint64_t extra)
{
	mmio_write64(reg, v | extra | BASER_INNER | BASER_CACHE_WB);
	if (BASER_SHARED(mmio_read64(reg))) {
		return false;
	}
	mmio_write64(reg, v | extra | BASER_CACHE_NC);
	return true;
}

/* Firmware's LPIs, whose tables would stay in use. */
static bool turn_off(volatile uint8_t *r)
{
	uint32_t ctlr = mmio_read32(r + GICR_CTLR);

	if (!(ctlr & GICR_CTLR_LPIS)) {
		return true;
	}
	mmio_write32(r + GICR_CTLR, ctlr & ~(uint32_t)GICR_CTLR_LPIS);
	for (unsigned int n = 0; n < SPIN_MAX && (mmio_read32(r + GICR_CTLR) & GICR_CTLR_RWP);
	     n++) {
		cpu_relax();
	}
	return !(mmio_read32(r + GICR_CTLR) & GICR_CTLR_LPIS);
}

bool lpi_init_cpu(void)
{
	uint64_t pa, typer;
	volatile uint8_t *r = gic_v3_redist(this_cpu()->id, &pa);
	struct page_info *pg;

	typer = mmio_read64(r + GICR_TYPER);
	if (!(typer & GICR_TYPER_PLPIS)) {
		log_warn("LPIs: CPU %u takes none\n", this_cpu()->id);
		return false;
	}
	if (!turn_off(r)) {
		log_warn("LPIs: firmware left them on, and CPU %u cannot turn them off\n",
			 this_cpu()->id);
		return false;
	}
	pg = page_alloc(PENDING_ORDER, ALLOC_ZERO);
	if (!pg) {
		log_warn("LPIs: no memory for CPU %u\n", this_cpu()->id);
		return false;
	}
	cache_clean_invalidate_range(page_to_virt(pg), PENDING_SIZE);
	flush_properties |=
	    write_base(r + GICR_PROPBASER, virt_to_hpa(properties).v, LPI_ID_BITS - 1);
	(void)write_base(r + GICR_PENDBASER, mfn_to_hpa(page_to_mfn(pg)).v, PENDBASER_PTZ);
	dsb(sy);
	mmio_write32(r + GICR_CTLR, mmio_read32(r + GICR_CTLR) | (uint32_t)GICR_CTLR_LPIS);
	dsb(sy);
	return true;
}

bool lpi_init(void)
{
	uint32_t typer = gic_v3_dist_typer();
	unsigned int bits = GICD_TYPER_ID_BITS(typer);

	if (GICD_TYPER_NUM_LPIS(typer)) {
		bits = MIN(bits, GICD_TYPER_NUM_LPIS(typer) >= LPI_ID_BITS - 2 ? bits : 0);
	}
	if (!(typer & GICD_TYPER_LPIS) || bits < LPI_ID_BITS) {
		log_warn("LPIs: the GIC has none, or too few\n");
		return false;
	}
	properties = hv_alloc(LPI_COUNT);
	if (!properties) {
		log_warn("LPIs: no memory for %u\n", LPI_COUNT);
		return false;
	}
	memset(properties, GIC_PRIORITY, LPI_COUNT);
	cache_clean_invalidate_range(properties, LPI_COUNT);
	if (!lpi_init_cpu()) {
		hv_free(properties);
		properties = NULL;
		return false;
	}
	return true;
}

void lpi_set_enabled(uint32_t lpi, bool on)
{
	uint8_t *p = &properties[lpi - LPI_FIRST];

	WRITE_ONCE(*p, (uint8_t)(GIC_PRIORITY | (on ? PROPERTY_ENABLED : 0)));
	if (flush_properties) {
		cache_clean_range(p, 1);
	} else {
		dsb(ishst);
	}
}
