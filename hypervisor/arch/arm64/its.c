/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's interrupt translation services: their tables, and the devices in them.
 * Arm IHI 0069H, 5.2 and 12.19. No table that an ITS reads is in memory of a guest's.
 */
#include "its_unit.h"
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <hv/bitops.h>
#include <hv/boot.h>
#include <hv/cpu.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#define GITS_CTLR	    0x0000
#define GITS_CTLR_ENABLED   BIT(0)
#define GITS_CTLR_QUIESCENT BIT(31)
#define GITS_TYPER	    0x0008
#define GITS_CBASER	    0x0080
#define GITS_CWRITER	    0x0088
#define GITS_BASER(i)	    (0x0100 + 8 * (i))
#define GITS_BASERS	    8u
#define ITS_SIZE	    0x20000u

#define TYPER_PHYSICAL	     BIT(0)
#define TYPER_ITT_ENTRY(v)   (((v) >> 4 & 0xf) + 1)
#define TYPER_EVENT_BITS(v)  (((v) >> 8 & 0x1f) + 1)
#define TYPER_DEVICE_BITS(v) (((v) >> 13 & 0x1f) + 1)
#define TYPER_PTA	     BIT(19)

#define BASER_VALID	  BIT(63)
#define BASER_INDIRECT	  BIT(62)
#define BASER_CACHE_WB	  (7UL << 59)
#define BASER_CACHE_NC	  (1UL << 59)
#define BASER_CACHES	  (7UL << 59)
#define BASER_INNER	  (1UL << 10)
#define BASER_SHARED	  (3UL << 10)
#define BASER_TYPE(v)	  ((v) >> 56 & 7)
#define BASER_ENTRY(v)	  (((v) >> 48 & 0x1f) + 1)
#define BASER_PAGE_SHIFT  8
#define BASER_PAGE(v)	  ((v) >> BASER_PAGE_SHIFT & 3)
#define BASER_DEVICES	  1u
#define BASER_COLLECTIONS 4u
#define BASER_PAGES_MAX	  256u

/* A flat device table is no larger; what needs more is indirect, or has fewer devices. */
#define FLAT_MAX  MIB(1)
#define CMD_MAPD  0x08u
#define CMD_VALID BIT(63)
#define ITT_ALIGN 256u
#define ITT_LEAST 2048u /* hv_alloc aligns what is as large to a page */
#define SPIN_MAX  1000000u

struct its_device {
	struct its_unit *unit;
	uint32_t id;
	void *itt;
};

static struct its_unit units[ITS_MAX];
static unsigned int unit_count;

struct its_unit *its_device_unit(const struct its_device *d)
{
	return d->unit;
}

uint32_t its_device_id(const struct its_device *d)
{
	return d->id;
}

unsigned int its_count(void)
{
	return unit_count;
}

void its_get_facts(unsigned int its, struct its_facts *out)
{
	const struct its_unit *u = &units[its];

	*out = (struct its_facts){u->base, u->device_bits, MIN(u->event_bits, ITS_EVENT_BITS)};
}

bool its_finish(unsigned int its)
{
	struct its_unit *u = &units[its];
	bool ok;

	spin_lock(&u->lock);
	ok = its_drain(u);
	spin_unlock(&u->lock);
	return ok;
}

/* Tables ------------------------------------------------------------------------------------------
 */

/* Frames for a table, on a multiple of its size; NULL: no memory. */
static void *table_alloc(uint64_t size)
{
	unsigned int order = size > PAGE_SIZE ? highest_bit(size - 1) + 1 - PAGE_SHIFT : 0;
	struct page_info *pg = page_alloc(order, ALLOC_ZERO);
	void *p = pg ? page_to_virt(pg) : NULL;

	if (p) {
		cache_clean_invalidate_range(p, size);
	}
	return p;
}

/* The largest pages that the register takes: 64, 16 or 4 KiB. */
static uint64_t page_size(volatile uint8_t *reg, uint64_t *code)
{
	for (*code = 2; *code; --*code) {
		mmio_write64(reg, *code << BASER_PAGE_SHIFT);
		if (BASER_PAGE(mmio_read64(reg)) == *code) {
			break;
		}
	}
	return KIB(4) << 2 * *code;
}

/* With caches, if the ITS looks into them. */
static bool set_table(struct its_unit *u, volatile uint8_t *reg, uint64_t v)
{
	mmio_write64(reg, v | BASER_INNER | BASER_CACHE_WB);
	if (!(mmio_read64(reg) & BASER_SHARED)) {
		mmio_write64(reg, v | BASER_CACHE_NC);
		u->flush_tables = true;
	}
	return mmio_read64(reg) & BASER_VALID;
}

static bool is_indirect(volatile uint8_t *reg, uint64_t code)
{
	mmio_write64(reg, BASER_INDIRECT | code << BASER_PAGE_SHIFT);
	return mmio_read64(reg) & BASER_INDIRECT;
}

static const char *init_devices(struct its_unit *u, volatile uint8_t *reg, uint64_t entry)
{
	uint64_t code, page = page_size(reg, &code), size = entry << u->device_bits, flags = 0;
	void *p;

	if (size > FLAT_MAX && is_indirect(reg, code)) {
		u->l2_shift = highest_bit(page / entry);
		u->l2_size = page;
		size = 8UL << (u->device_bits - MIN(u->device_bits, u->l2_shift));
		flags = BASER_INDIRECT;
	}
	if (size > FLAT_MAX) {
		u->device_bits = highest_bit(FLAT_MAX / (flags ? 8 : entry)) + u->l2_shift;
		size = FLAT_MAX;
	}
	size = ROUND_UP(size, page);
	if (size / page > BASER_PAGES_MAX) {
		return "has pages that are too small for a table of its devices";
	}
	p = table_alloc(size);
	if (!p) {
		return "has no memory for a table of its devices";
	}
	u->l1 = flags ? p : NULL;
	return set_table(u, reg,
			 BASER_VALID | flags | virt_to_hpa(p).v | code << BASER_PAGE_SHIFT |
			     (size / page - 1))
		   ? NULL
		   : "does not take a table of its devices";
}

static const char *init_collections(struct its_unit *u, volatile uint8_t *reg, uint64_t entry)
{
	uint64_t code, page = page_size(reg, &code), size = ROUND_UP(entry * MAX_CPUS, page);
	void *p = table_alloc(size);

	if (!p) {
		return "has no memory for a table of its collections";
	}
	return set_table(u, reg,
			 BASER_VALID | virt_to_hpa(p).v | code << BASER_PAGE_SHIFT |
			     (size / page - 1))
		   ? NULL
		   : "does not take a table of its collections";
}

static const char *init_tables(struct its_unit *u)
{
	const char *wrong = NULL;

	for (unsigned int i = 0; i < GITS_BASERS && !wrong; i++) {
		volatile uint8_t *reg = u->regs + GITS_BASER(i);
		uint64_t v = mmio_read64(reg);

		if (BASER_TYPE(v) == BASER_DEVICES) {
			wrong = init_devices(u, reg, BASER_ENTRY(v));
		} else if (BASER_TYPE(v) == BASER_COLLECTIONS) {
			wrong = init_collections(u, reg, BASER_ENTRY(v));
		}
	}
	return wrong;
}

static const char *init_queue(struct its_unit *u)
{
	volatile uint8_t *reg = u->regs + GITS_CBASER;
	uint64_t v;

	u->queue = table_alloc(ITS_QUEUE_SIZE);
	if (!u->queue) {
		return "has no memory for a queue";
	}
	v = BASER_VALID | virt_to_hpa(u->queue).v | (ITS_QUEUE_SIZE / PAGE_SIZE - 1);
	mmio_write64(reg, v | BASER_INNER | BASER_CACHE_WB);
	if (!(mmio_read64(reg) & BASER_SHARED)) {
		mmio_write64(reg, v | BASER_CACHE_NC);
		u->flush_queue = true;
	}
	mmio_write64(u->regs + GITS_CWRITER, 0);
	mmio_write32(u->regs + GITS_CTLR, GITS_CTLR_ENABLED);
	return its_map_collection(u) ? NULL : "takes no commands";
}

/* Firmware's work ends. */
static bool turn_off(struct its_unit *u)
{
	uint32_t ctlr = mmio_read32(u->regs + GITS_CTLR);

	mmio_write32(u->regs + GITS_CTLR, ctlr & ~(uint32_t)GITS_CTLR_ENABLED);
	for (unsigned int n = 0; n < SPIN_MAX; n++) {
		if (mmio_read32(u->regs + GITS_CTLR) & GITS_CTLR_QUIESCENT) {
			return true;
		}
		cpu_relax();
	}
	return false;
}

/* NULL, or what is wrong with it. */
static const char *init_unit(struct its_unit *u, const struct platform_region *r)
{
	const char *wrong;
	uint64_t typer;

	if (!IS_ALIGNED(r->base, 0x10000UL) || r->size < ITS_SIZE) {
		return "is not two pages of registers";
	}
	u->regs = ioremap(hpa(r->base), ITS_SIZE / 2);
	if (!u->regs) {
		return "cannot be mapped";
	}
	typer = mmio_read64(u->regs + GITS_TYPER);
	if (!(typer & TYPER_PHYSICAL)) {
		return "serves no LPIs of the machine";
	}
	if (!turn_off(u)) {
		return "does not rest";
	}
	u->device_bits = TYPER_DEVICE_BITS(typer);
	u->event_bits = TYPER_EVENT_BITS(typer);
	u->itt_entry = TYPER_ITT_ENTRY(typer);
	u->target_by_address = typer & TYPER_PTA;
	wrong = init_tables(u);
	if (!wrong) {
		wrong = init_queue(u);
	}
	if (wrong) {
		/* Whatever it was told of tables, it does not use them. */
		(void)turn_off(u);
	}
	return wrong;
}

void its_init(void)
{
	bool lpis = false;

	for (unsigned int i = 0; i < platform.gic.msi_count; i++) {
		struct platform_msi *m = &platform.gic.msi[i];
		const char *wrong;
		struct its_unit *u;

		if (m->kind != MSI_ITS || unit_count == ITS_MAX) {
			continue;
		}
		if (!lpis && !lpi_init()) {
			return;
		}
		lpis = true;
		u = &units[unit_count];
		*u = (struct its_unit){.base = m->regs.base};
		wrong = init_unit(u, &m->regs);
		if (wrong) {
			log_warn("ITS at %" PRIx64 " %s: not used\n", u->base, wrong);
			continue;
		}
		m->usable = true;
		unit_count++;
		log_info("ITS at %" PRIx64 ": %u bits of devices%s, %u of events\n", u->base,
			 u->device_bits, u->l2_shift ? " (two levels)" : "", u->event_bits);
	}
}

void its_init_cpu(void)
{
	if (!unit_count || !lpi_init_cpu()) {
		return;
	}
	for (unsigned int i = 0; i < unit_count; i++) {
		(void)its_map_collection(&units[i]);
	}
}

/* Devices -----------------------------------------------------------------------------------------
 */

/* Of two levels: the page that id's entry is in. Lock held. */
static int add_l2(struct its_unit *u, uint32_t id)
{
	uint64_t *slot = u->l1 ? &u->l1[id >> u->l2_shift] : NULL;
	void *page;

	if (!slot || (*slot & BASER_VALID)) {
		return 0;
	}
	page = table_alloc(u->l2_size);
	if (!page) {
		return -ENOMEM;
	}
	WRITE_ONCE(*slot, BASER_VALID | virt_to_hpa(page).v);
	cache_clean_range(slot, sizeof(*slot));
	return 0;
}

static void post_device(struct its_device *d, unsigned int event_bits, uint64_t itt)
{
	its_post(d->unit, (uint64_t[]){CMD_MAPD | (uint64_t)d->id << 32, event_bits - 1, itt, 0});
	d->unit->touched |= d->unit->cpus;
}

struct its_device *its_device_map(unsigned int its, uint32_t id, unsigned int event_bits, int *err)
{
	struct its_unit *u = &units[its];
	struct its_device *d;
	void *itt;
	size_t size;

	if (!event_bits || event_bits > MIN(u->event_bits, ITS_EVENT_BITS) ||
	    (uint64_t)id >> u->device_bits) {
		*err = -EINVAL;
		return NULL;
	}
	*err = -ENOMEM;
	size = MAX((size_t)u->itt_entry << event_bits, ITT_LEAST);
	d = hv_alloc(sizeof(*d));
	itt = hv_alloc(size);
	if (!d || !itt) {
		goto fail;
	}
	*d = (struct its_device){u, id, itt};
	cache_clean_invalidate_range(itt, size);
	spin_lock(&u->lock);
	*err = u->dead ? -EIO : add_l2(u, id);
	if (!*err) {
		post_device(d, event_bits, CMD_VALID | virt_to_hpa(itt).v);
	}
	spin_unlock(&u->lock);
	if (!*err) {
		return d;
	}
fail:
	hv_free(itt);
	hv_free(d);
	return NULL;
}

void its_device_unmap(struct its_device *d)
{
	struct its_unit *u = d->unit;
	bool gone;

	spin_lock(&u->lock);
	post_device(d, 1, 0);
	gone = its_drain(u);
	spin_unlock(&u->lock);
	/* What an ITS may still write to is nobody else's. */
	if (gone) {
		hv_free(d->itt);
	}
	hv_free(d);
}
