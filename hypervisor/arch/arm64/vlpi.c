/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual LPIs: their state, and the registers of redistributors for them. An LPI is never active:
 * taken by the guest it is gone from us (Arm IHI 0069H, 6.1). GICR_PENDBASER's table is not used,
 * for what is pending stands here.
 */
#include "../arm-common/vgic.h"
#include "vlpi_parts.h"
#include <asm/mmio.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/page.h>

#define GICD_TYPER_LPIS	   BIT(17)
#define GICD_TYPER_ID_BITS ((LPI_ID_BITS - 1) << 19)

#define GICR_CTLR      0x0000u
#define GICR_PROPBASER 0x0070u
#define GICR_PENDBASER 0x0078u
#define CTLR_LPIS      BIT(0)
#define CTLR_CES       BIT(1) /* LPIs can be turned off again */
#define TYPER_PLPIS    BIT(0)
#define PROPBASER_KEPT 0x070fffffffffff9fUL
#define PENDBASER_KEPT 0x070fffffffff0f80UL

static struct vlpi_domain *of(const struct domain *d)
{
	return d->arch.vgic.lpis;
}

/* State -------------------------------------------------------------------------------------------
 */

struct vlpi *vlpi_find(struct domain *d, uint32_t lpi)
{
	uint32_t n = lpi - LPI_FIRST;
	struct vlpi *chunk;

	if (!of(d) || n >= LPI_COUNT) {
		return NULL;
	}
	chunk = __atomic_load_n(&of(d)->chunks[n / VLPI_CHUNK], __ATOMIC_ACQUIRE);
	return chunk ? &chunk[n % VLPI_CHUNK] : NULL;
}

struct vlpi *vlpi_make(struct domain *d, uint32_t lpi)
{
	struct vlpi *found = vlpi_find(d, lpi), *chunk;
	uint32_t first = lpi - lpi % VLPI_CHUNK;

	if (found || lpi - LPI_FIRST >= LPI_COUNT) {
		return found;
	}
	chunk = hv_alloc(VLPI_CHUNK * sizeof(*chunk));
	if (!chunk) {
		return NULL;
	}
	for (unsigned int i = 0; i < VLPI_CHUNK; i++) {
		vgic_irq_init(&chunk[i].irq, first + i);
		chunk[i].irq.level = false;
		chunk[i].irq.route = VLPI_NOWHERE;
	}
	__atomic_store_n(&of(d)->chunks[(first - LPI_FIRST) / VLPI_CHUNK], chunk, __ATOMIC_RELEASE);
	return vlpi_find(d, lpi);
}
static_assert(LPI_FIRST % VLPI_CHUNK == 0 && LPI_COUNT % VLPI_CHUNK == 0, "chunks of LPIs");

void vlpi_route(struct domain *d, struct vlpi *l, unsigned int vcpu)
{
	struct vgic_kicks k = {0};
	unsigned long flags = spin_lock_irq(&d->arch.vgic.lock);

	l->irq.route = vcpu < d->max_vcpus ? vcpu : VLPI_NOWHERE;
	l->mapped = true;
	vgic_requeue(d, &l->irq, NULL, &k);
	vgic_unlock(d, flags, &k);
}

void vlpi_set_property(struct domain *d, struct vlpi *l, uint8_t property)
{
	struct vgic_kicks k = {0};
	unsigned long flags = spin_lock_irq(&d->arch.vgic.lock);

	l->irq.enabled = property & VLPI_PROPERTY_ENABLED;
	/* As many bits as list registers of the smallest machine hold. */
	l->irq.priority = property & 0xf8;
	vgic_requeue(d, &l->irq, NULL, &k);
	vgic_unlock(d, flags, &k);
}

void vlpi_raise(struct domain *d, struct vlpi *l)
{
	struct vgic_kicks k = {0};
	unsigned long flags = spin_lock_irq(&d->arch.vgic.lock);

	if (l->mapped) {
		l->irq.pending = true;
		vgic_update(d, &l->irq, NULL, &k);
	}
	vgic_unlock(d, flags, &k);
}

void vlpi_forget(struct domain *d, struct vlpi *l, bool keep)
{
	struct vgic_kicks k = {0};
	unsigned long flags = spin_lock_irq(&d->arch.vgic.lock);

	l->mapped = keep;
	vgic_detach(&l->irq, &k);
	vgic_unlock(d, flags, &k);
}

void vlpi_inject(uint32_t lpi)
{
	struct domain *d = service_domain;
	struct vlpi *l = d ? vlpi_find(d, lpi) : NULL;

	if (l) {
		vlpi_raise(d, l);
	}
}

void vlpi_requeue_all(struct domain *d)
{
	if (!of(d)) {
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(of(d)->chunks); i++) {
		struct vlpi *chunk = __atomic_load_n(&of(d)->chunks[i], __ATOMIC_ACQUIRE);
		struct vgic_kicks k = {0};
		unsigned long flags;

		if (!chunk) {
			continue;
		}
		/* A chunk at a time: interrupts are off. */
		flags = spin_lock_irq(&d->arch.vgic.lock);
		for (unsigned int n = 0; n < VLPI_CHUNK; n++) {
			vgic_requeue(d, &chunk[n].irq, NULL, &k);
		}
		vgic_unlock(d, flags, &k);
	}
}

/* Redistributors ----------------------------------------------------------------------------------
 */

static void write_ctlr(struct vcpu *v, bool on)
{
	struct vgic_vcpu *g = &v->arch.vgic;
	unsigned long flags = spin_lock_irq(&v->domain->arch.vgic.lock);
	bool changed = g->lpis != on;

	g->lpis = on;
	spin_unlock_irq(&v->domain->arch.vgic.lock, flags);
	if (changed) {
		vlpi_requeue_all(v->domain);
	}
}

/* A register of 8 bytes, as one access or by halves. */
static uint64_t merged(uint64_t old, const struct mmio_access *a, uint32_t off)
{
	uint64_t mask = a->size == 8 ? ~0ULL : 0xffffffffULL << (off & 4) * 8;

	return (old & ~mask) | (a->value << (off & 4) * 8 & mask);
}

static void access_base(struct mmio_access *a, uint32_t off, uint64_t *reg, uint64_t kept,
			bool may_write)
{
	uint64_t old = READ_ONCE(*reg);

	if (!a->write) {
		a->value = old >> (off & 4) * 8;
	} else if (may_write) {
		WRITE_ONCE(*reg, merged(old, a, off) & kept);
	}
}

bool vlpi_redist_access(struct vcpu *v, struct mmio_access *a, uint32_t off)
{
	struct vgic_vcpu *g = &v->arch.vgic;

	if (!of(v->domain)) {
		return false;
	}
	if (off == GICR_CTLR && a->size == 4) {
		if (a->write) {
			write_ctlr(v, a->value & CTLR_LPIS);
		} else {
			a->value = CTLR_CES | (READ_ONCE(g->lpis) ? CTLR_LPIS : 0);
		}
		return true;
	}
	/* A redistributor that uses its tables keeps them. */
	if ((off & ~7u) == GICR_PROPBASER) {
		access_base(a, off, &of(v->domain)->propbase, PROPBASER_KEPT, !READ_ONCE(g->lpis));
		return true;
	}
	if ((off & ~7u) == GICR_PENDBASER) {
		access_base(a, off, &g->pendbase, PENDBASER_KEPT, !READ_ONCE(g->lpis));
		return true;
	}
	return false;
}

uint64_t vlpi_redist_typer(const struct domain *d)
{
	return of(d) ? TYPER_PLPIS : 0;
}

uint32_t vlpi_dist_typer(const struct domain *d)
{
	return of(d) ? (uint32_t)GICD_TYPER_LPIS | GICD_TYPER_ID_BITS : 0;
}

int vlpi_domain_init(struct domain *d)
{
	struct vlpi_domain *l;
	int err = 0;

	if (!d->is_service || !its_count()) {
		return 0;
	}
	l = hv_alloc(sizeof(*l));
	if (!l) {
		return -ENOMEM;
	}
	l->its = hv_alloc(its_count() * sizeof(*l->its));
	if (!l->its) {
		hv_free(l);
		return -ENOMEM;
	}
	spin_lock_init(&l->lock);
	l->its_count = its_count();
	d->arch.vgic.lpis = l;
	/* It lives as long as the machine: there is no way back. */
	for (unsigned int i = 0; i < l->its_count && !err; i++) {
		err = vits_init(d, &l->its[i], i);
	}
	return err;
}
