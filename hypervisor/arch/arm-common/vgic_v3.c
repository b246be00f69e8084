/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual GICv3: distributor, redistributors, and the writes that send SGIs. Affinity routing
 * is always on, there is one security state. Arm IHI 0069H, 12.9 to 12.11.
 */
#include "vgic.h"
#include <asm/platform.h>
#include <asm/vlpi.h>
#include <hv/cpu.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>

#define GICD_CTLR      0x0000u
#define GICD_TYPER     0x0004u
#define GICD_IIDR      0x0008u
#define GICD_IROUTER   0x6100u /* of INTID 32 */
#define GICD_IROUTER_0 0x6000u
#define GIC_PIDR2      0xffe8u
#define CTLR_GROUP1    BIT(1)
#define CTLR_ARE       BIT(4)
#define CTLR_DS	       BIT(6)
#define TYPER_ID_BITS  (9u << 19) /* INTIDs of 10 bits */
#define ARCHITECTURE   0x30u
#define IIDR_ARM       0x43bu
#define ROUTE_MASK     (0xff80ffffffUL)

#define GICR_CTLR  0x0000u
#define GICR_IIDR  0x0004u
#define GICR_TYPER 0x0008u
#define GICR_WAKER 0x0014u
#define TYPER_LAST BIT(4)

#define FRAME	     0x10000u
#define DIST_SIZE    FRAME
#define REDIST_PITCH (2 * FRAME)

static void write_ctlr(struct domain *d, uint32_t v)
{
	if (vgic_enable(d, v & CTLR_GROUP1, v & CTLR_GROUP1)) {
		vlpi_requeue_all(d);
	}
}

static uint32_t dist_read_word(const struct domain *d, uint32_t reg)
{
	const struct vgic_domain *g = &d->arch.vgic;

	switch (reg) {
	case GICD_CTLR:
		return g->ctlr | CTLR_ARE | CTLR_DS;
	case GICD_TYPER:
		return (g->spi_count + 31) / 32 |
		       (unlikely(g->lpis) ? vlpi_dist_typer(d) : TYPER_ID_BITS);
	case GICD_IIDR:
		return IIDR_ARM;
	case GIC_PIDR2:
		return ARCHITECTURE;
	default:
		return 0;
	}
}

/* 8 bytes for each SPI, as one access or halves. */
static void router_access(struct domain *d, struct mmio_access *a, uint32_t off)
{
	struct vgic_domain *g = &d->arch.vgic;
	unsigned int n = (off - GICD_IROUTER) / 8, shift = (off & 4) * 8;
	struct vgic_kicks k = {0};
	struct vgic_irq *irq;
	unsigned long flags;
	uint64_t mask;

	if (n >= g->spi_count) {
		a->value = a->write ? a->value : 0;
		return;
	}
	irq = &g->spis[n];
	flags = spin_lock_irq(&g->lock);
	if (!a->write) {
		a->value = irq->route >> shift;
	} else {
		mask = a->size == 8 ? ~0ULL : 0xffffffffULL << shift;
		irq->route = ((irq->route & ~mask) | (a->value << shift & mask)) & ROUTE_MASK;
		vgic_requeue(d, irq, NULL, &k);
		vgic_update_line(d, irq);
	}
	vgic_unlock(d, flags, &k);
}

static bool dist_access(struct vcpu *v, struct mmio_access *a, void *opaque)
{
	uint32_t off = (uint32_t)(a->gpa - v->domain->arch.vgic.dist_base);

	if (off >= GICD_IROUTER_0 && off < 0x8000 && a->size >= 4) {
		if (off >= GICD_IROUTER) {
			router_access(v->domain, a, off);
		} else {
			a->value = a->write ? a->value : 0;
		}
		return true;
	}
	/* The private ones are the redistributors'. */
	if (vgic_is_bank(off) && vgic_bank_access(v, a, off, VGIC_PRIVATE, ~0U)) {
		return true;
	}
	if (a->size != 4) {
		return false;
	}
	if (!a->write) {
		a->value = dist_read_word(v->domain, off);
	} else if (off == GICD_CTLR) {
		write_ctlr(v->domain, (uint32_t)a->value);
	}
	return true;
}

/* Redistributors ----------------------------------------------------------------------------------
 */

static uint64_t redist_typer(const struct domain *d, unsigned int id)
{
	uint64_t affinity = vgic_affinity(d, id);

	return affinity << 32 | (uint64_t)id << 8 | (id == d->max_vcpus - 1 ? TYPER_LAST : 0) |
	       vlpi_redist_typer(d);
}

static uint64_t redist_read(const struct domain *d, unsigned int id, uint32_t reg)
{
	switch (reg) {
	case GICR_IIDR:
		return IIDR_ARM;
	case GICR_TYPER:
		return redist_typer(d, id);
	case GICR_TYPER + 4:
		return redist_typer(d, id) >> 32;
	case GIC_PIDR2:
		return ARCHITECTURE;
	default:
		/* GICR_WAKER among them: always awake. */
		return 0;
	}
}

static bool redist_access(struct vcpu *v, struct mmio_access *a, void *opaque)
{
	struct domain *d = v->domain;
	uint64_t at = a->gpa - d->arch.vgic.redist_base;
	unsigned int id = (unsigned int)(at / REDIST_PITCH);
	uint32_t off = (uint32_t)(at % REDIST_PITCH);

	if (id >= d->max_vcpus || !d->vcpu[id]) {
		return false;
	}
	if (off >= FRAME) {
		if (vgic_is_bank(off - FRAME) &&
		    vgic_bank_access(d->vcpu[id], a, off - FRAME, 0, VGIC_PRIVATE)) {
			return true;
		}
		off = off == FRAME + GIC_PIDR2 ? GIC_PIDR2 : GICR_WAKER;
	}
	if (a->size < 4) {
		return false;
	}
	if (vlpi_redist_access(d->vcpu[id], a, off)) {
		return true;
	}
	if (!a->write) {
		a->value = redist_read(d, id, off);
	}
	return true;
}

/* SGIs --------------------------------------------------------------------------------------------
 */

#define SGIR_ALL_BUT_SELF BIT(40)

void vgic_sgi1r(struct vcpu *v, uint64_t val)
{
	struct domain *d = v->domain;
	unsigned int intid = val >> 24 & 0xf;
	uint64_t cluster =
	    (val >> 16 & 0xff) << 8 | (val >> 32 & 0xff) << 16 | (val >> 48 & 0xff) << 32;
	unsigned int range = val >> 44 & 0xf;
	struct vgic_kicks k = {0};
	struct vcpu *w;

	if (val & SGIR_ALL_BUT_SELF) {
		for_each_vcpu(d, w)
		{
			if (w != v) {
				vgic_sgi(w, intid, v->id, &k);
			}
		}
	} else {
		for (unsigned int i = 0; i < 16; i++) {
			w = val & BIT(i) ? vgic_vcpu_by_affinity(d, cluster | range << 4 | i)
					 : NULL;
			if (w) {
				vgic_sgi(w, intid, v->id, &k);
			}
		}
	}
	vgic_kick_all(d, &k);
}

/* -------------------------------------------------------------------------------------------------
 */

/* The service VM's are where the machine has them, in the first region that is large enough. */
static uint64_t service_redist_base(const struct domain *d)
{
	for (unsigned int i = 0; i < platform.gic.redist_count; i++) {
		if (platform.gic.redist[i].size >= (uint64_t)d->max_vcpus * REDIST_PITCH) {
			return platform.gic.redist[i].base;
		}
	}
	return 0;
}

int vgic_v3_init(struct domain *d)
{
	struct vgic_domain *g = &d->arch.vgic;
	int err;

	g->dist_base = d->is_service ? platform.gic.dist.base : GUEST_GICV3_GICD_BASE;
	g->redist_base = d->is_service ? service_redist_base(d) : GUEST_GICV3_GICR0_BASE;
	if (!g->redist_base) {
		return -EINVAL;
	}
	/* What is looked for most comes last, and is then found first. */
	err = vlpi_domain_init(d);
	if (!err) {
		err = mmio_register(d, g->redist_base, (uint64_t)d->max_vcpus * REDIST_PITCH,
				    redist_access, NULL);
	}
	return err ? err : mmio_register(d, g->dist_base, DIST_SIZE, dist_access, NULL);
}
