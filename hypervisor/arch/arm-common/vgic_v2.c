/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual GICv2's distributor. The guest's CPU interface is the machine's virtual one, mapped
 * in its place, or the driver's of a machine that has none. Arm IHI 0048B.b, 4.3.
 */
#include "vgic.h"
#include <asm/gic.h>
#include <asm/platform.h>
#include <hv/cpu.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/p2m.h>

#define GICD_CTLR	0x000u
#define GICD_TYPER	0x004u
#define GICD_IIDR	0x008u
#define GICD_SGIR	0xf00u
#define GICD_CPENDSGIR	0xf10u
#define GICD_SPENDSGIR	0xf20u
#define GICD_SGI_END	0xf30u
#define GICD_ICPIDR2	0xfe8u
#define ARCHITECTURE_V2 0x20u
#define IIDR_ARM	0x43bu

#define DIST_SIZE 0x1000u
#define CPU_SIZE  0x2000u

static void write_sgir(struct vcpu *v, uint32_t val)
{
	struct domain *d = v->domain;
	unsigned int filter = val >> 24 & 3, targets = val >> 16 & 0xff;
	struct vgic_kicks k = {0};

	if (filter == 3) {
		return;
	}
	if (filter == 1) {
		targets = 0xff & ~(1u << v->id);
	} else if (filter == 2) {
		targets = 1u << v->id;
	}
	for (unsigned int i = 0; i < 8 && i < d->max_vcpus; i++) {
		if ((targets & 1u << i) && d->vcpu[i]) {
			vgic_sgi(d->vcpu[i], val & 0xf, v->id, &k);
		}
	}
	vgic_kick_all(d, &k);
}

/* A byte for each of the guest's own SGIs: who has sent it. */
static void sgi_pending(struct vcpu *v, struct mmio_access *a, uint32_t off)
{
	bool set = off >= GICD_SPENDSGIR;
	struct vgic_kicks k = {0};
	unsigned long flags = vgic_lock_both(v);
	uint64_t value = a->value;

	vgic_fold(v);
	a->value = a->write ? a->value : 0;
	for (unsigned int i = 0; i < a->size; i++) {
		struct vgic_irq *irq = &v->arch.vgic.irqs[(off + i) & 0xf];
		uint8_t byte = (uint8_t)(value >> 8 * i);

		if (!a->write) {
			a->value |= (uint64_t)irq->sources << 8 * i;
			continue;
		}
		irq->sources = set ? irq->sources | byte : irq->sources & (uint8_t)~byte;
		vgic_requeue(v->domain, irq, v, &k);
	}
	vgic_unlock_both(v, flags, &k);
}

static uint32_t read_word(const struct domain *d, uint32_t reg)
{
	const struct vgic_domain *g = &d->arch.vgic;

	switch (reg) {
	case GICD_CTLR:
		return g->ctlr;
	case GICD_TYPER:
		return (g->spi_count + 31) / 32 | (MIN(d->max_vcpus, 8U) - 1) << 5;
	case GICD_IIDR:
		return IIDR_ARM;
	case GICD_ICPIDR2:
		return ARCHITECTURE_V2;
	default:
		return 0;
	}
}

static bool dist_access(struct vcpu *v, struct mmio_access *a, void *opaque)
{
	uint32_t off = (uint32_t)(a->gpa - v->domain->arch.vgic.dist_base) & (DIST_SIZE - 1);

	if (vgic_is_bank(off) && vgic_bank_access(v, a, off, 0, ~0U)) {
		return true;
	}
	if (off >= GICD_CPENDSGIR && off < GICD_SGI_END && a->size <= 4) {
		sgi_pending(v, a, off);
		return true;
	}
	if (a->size != 4) {
		return false;
	}
	if (!a->write) {
		a->value = read_word(v->domain, off);
	} else if (off == GICD_CTLR) {
		(void)vgic_enable(v->domain, a->value & 1, a->value & 1);
	} else if (off == GICD_SGIR) {
		write_sgir(v, (uint32_t)a->value);
	}
	/* All else reads as zero and ignores what is written. */
	return true;
}

/* The machine's virtual CPU interface in the place of the guest's. */
static int map_cpu(struct domain *d)
{
	const struct platform_gic *host = &platform.gic;
	/* The service VM finds all that its tree says, copies included. */
	bool copies = d->is_service && host->cpu_offset;
	uint64_t from = host->vcpu.base + (copies ? 0 : host->cpu_offset);
	uint64_t size = copies ? MIN(host->cpu.size, host->vcpu.size) : CPU_SIZE;
	int err = 0;

	for (uint64_t off = 0; off < size && !err; off += PAGE_SIZE) {
		err = p2m_set(d, gpa_to_gfn(gpa(d->arch.vgic.cpu_base + off)),
			      hpa_to_mfn(hpa(from + off)), ORDER_4K, P2M_MMIO);
	}
	return err;
}

int vgic_v2_init(struct domain *d)
{
	struct vgic_domain *g = &d->arch.vgic;
	int err;

	g->dist_base = d->is_service ? platform.gic.dist.base : GUEST_GICD_BASE;
	g->cpu_base = d->is_service ? platform.gic.cpu.base : GUEST_GICC_BASE;
	err = mmio_register(d, g->dist_base, DIST_SIZE, dist_access, NULL);
	if (err) {
		return err;
	}
	return gic->play_cpu ? gic->play_cpu(d) : map_cpu(d);
}
