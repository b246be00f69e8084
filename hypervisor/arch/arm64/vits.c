/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service VM's ITSs: registers. Arm IHI 0069H, 12.19. There are no GITS_BASER: tables are ours.
 * GITS_TRANSLATER is for devices; CPUs find nothing there.
 */
#include "vlpi_parts.h"
#include <asm/mmio.h>
#include <hv/domain.h>
#include <hv/lib.h>

#define GITS_CTLR    0x0000u
#define GITS_IIDR    0x0004u
#define GITS_TYPER   0x0008u
#define GITS_CBASER  0x0080u
#define GITS_CWRITER 0x0088u
#define GITS_CREADR  0x0090u
#define GITS_PIDR2   0xffe8u
#define GITS_FRAME   0x10000u
#define GITS_SIZE    0x20000u

#define CTLR_ENABLED	BIT(0)
#define CTLR_QUIESCENT	BIT(31)
#define IIDR_ARM	0x43bu
#define ARCHITECTURE	0x30u
#define TYPER_PHYSICAL	BIT(0)
#define TYPER_ITT_ENTRY (7UL << 4) /* 8 bytes, that stay as they are */
#define CBASER_VALID	BIT(63)
#define CBASER_KEPT	0xb8effffffffffcffUL
#define CBASER_SIZE(v)	((((v)&0xff) + 1) << PAGE_SHIFT)
#define OFFSET_MASK	0xfffe0u
/* A queue that is too long for one go is gone on with after that time. */
#define PAUSE_NS (50 * NS_PER_US)

static void run(struct vits *u)
{
	if (u->enabled && (u->cbaser & CBASER_VALID) && vits_run(u)) {
		timer_set(&u->more, time_now() + PAUSE_NS);
	}
}

static void go_on(void *data)
{
	struct vits *u = data;
	struct vlpi_domain *l = u->domain->arch.vgic.lpis;

	spin_lock(&l->lock);
	run(u);
	spin_unlock(&l->lock);
}

static uint64_t typer(const struct vits *u)
{
	return TYPER_PHYSICAL | TYPER_ITT_ENTRY | (uint64_t)(u->facts.event_bits - 1) << 8 |
	       (uint64_t)(u->facts.device_bits - 1) << 13 | (uint64_t)VITS_COLLECTIONS << 24;
}

/* By registers of 8 bytes; off & 4 is the half. */
static uint64_t read_reg(struct vits *u, uint32_t reg)
{
	switch (reg) {
	case GITS_CTLR:
		return (uint64_t)IIDR_ARM << 32 |
		       (u->enabled ? CTLR_ENABLED | (u->read == u->write ? CTLR_QUIESCENT : 0)
				   : CTLR_QUIESCENT);
	case GITS_TYPER:
		return typer(u);
	case GITS_CBASER:
		return u->cbaser;
	case GITS_CWRITER:
		return u->write;
	case GITS_CREADR:
		/* Who waits for the queue helps it on. */
		run(u);
		return u->read;
	case GITS_PIDR2:
		return ARCHITECTURE;
	default:
		return 0;
	}
}

static void write_cbaser(struct vits *u, uint64_t v)
{
	if (!u->enabled) {
		u->cbaser = v & CBASER_KEPT;
		u->read = u->write = u->cursor = 0;
	}
}

static void write_cwriter(struct vits *u, uint64_t v)
{
	uint32_t at = v & OFFSET_MASK;

	/* Beyond the queue's end nothing can have been written. */
	if (at < CBASER_SIZE(u->cbaser)) {
		u->write = at;
		run(u);
	}
}

static void write_reg(struct vits *u, const struct mmio_access *a, uint32_t off)
{
	bool half = a->size == 4;
	uint64_t v = a->value;

	switch (off) {
	case GITS_CTLR:
		u->enabled = v & CTLR_ENABLED;
		run(u);
		break;
	case GITS_CBASER:
		v = half ? (u->cbaser & ~0xffffffffULL) | (v & 0xffffffff) : v;
		write_cbaser(u, v);
		break;
	case GITS_CBASER + 4:
		write_cbaser(u, (u->cbaser & 0xffffffff) | v << 32);
		break;
	case GITS_CWRITER:
		write_cwriter(u, v);
		break;
	default:
		break;
	}
}

static bool its_access(struct vcpu *v, struct mmio_access *a, void *opaque)
{
	struct vits *u = opaque;
	struct vlpi_domain *l = u->domain->arch.vgic.lpis;
	uint64_t off = a->gpa - u->facts.base;

	if (a->size < 4) {
		return false;
	}
	if (off >= GITS_FRAME) {
		a->value = a->write ? a->value : 0;
		return true;
	}
	spin_lock(&l->lock);
	if (a->write) {
		write_reg(u, a, (uint32_t)off);
	} else {
		a->value = read_reg(u, (uint32_t)off & ~7u) >> (off & 4) * 8;
	}
	spin_unlock(&l->lock);
	return true;
}

int vits_init(struct domain *d, struct vits *u, unsigned int its)
{
	u->domain = d;
	u->its = its;
	its_get_facts(its, &u->facts);
	for (unsigned int i = 0; i < VITS_COLLECTIONS; i++) {
		u->collection[i] = VITS_NO_VCPU;
	}
	timer_init(&u->more, go_on, u, 0);
	return mmio_register(d, u->facts.base, GITS_SIZE, its_access, u);
}
