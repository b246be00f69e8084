/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Between the parts of the virtual GIC (vgic*.c). Where not said otherwise the lock is held that covers the interrupt:
 * of an SPI or LPI the domain's, of a private one its vCPU's (asm/vgic.h).
 */
#include <asm/mmio.h>
#include <asm/vgic.h>
#include <hv/bitops.h>
#include <hv/domain.h>

#define VGIC_VCPU_MAX	128u
#define VGIC_KICK_WORDS BITS_TO_LONGS(VGIC_VCPU_MAX) /* vCPUs of a domain, as bits */

/* Who has to be kicked once the lock is free: a kick takes the scheduler's. */
struct vgic_kicks {
	unsigned long who[VGIC_KICK_WORDS];
};

/* No lock held: the kicks that were noted. */
void vgic_kick_all(struct domain *d, const struct vgic_kicks *k);
/* Frees the domain's lock, then kicks. */
void vgic_unlock(struct domain *d, unsigned long flags, const struct vgic_kicks *k);
/* Both locks, for registers that show private interrupts of v and shared ones. */
unsigned long vgic_lock_both(struct vcpu *v);
void vgic_unlock_both(struct vcpu *v, unsigned long flags, const struct vgic_kicks *k);

/* A line that is high makes it pending for as long as it is. */
static inline bool vgic_is_held(const struct vgic_irq *irq)
{
	return irq->line && irq->level;
}

static inline bool vgic_is_pending(const struct vgic_irq *irq)
{
	return irq->pending || irq->sources || vgic_is_held(irq);
}

/* v's own, or an SPI of its domain, or NULL. */
struct vgic_irq *vgic_irq(struct vcpu *v, unsigned int intid);
/* Something of irq has changed: queues it where it belongs if it is to be delivered. */
void vgic_update(struct domain *d, struct vgic_irq *irq, struct vcpu *own, struct vgic_kicks *k);
/* Takes irq, which is not in a list register, off its queue when it has no reason to be there, or for another vCPU. */
void vgic_requeue(struct domain *d, struct vgic_irq *irq, struct vcpu *own, struct vgic_kicks *k);
/* As at a domain's creation. */
void vgic_irq_init(struct vgic_irq *irq, unsigned int intid);
/* An LPI is neither pending nor active any more, nor in a list register that is still to be looked at. */
void vgic_detach(struct vgic_irq *irq, struct vgic_kicks *k);
/* (both locks) Reads the list registers of the current vCPU v back; the next entry fills them anew. */
void vgic_fold(struct vcpu *v);
/* GICD_CTLR: interrupts are forwarded or not. True when that changed: LPIs are the caller's. No lock held. */
bool vgic_enable(struct domain *d, uint32_t ctlr, bool on);
/* The service VM's SPI: the machine's line follows. */
void vgic_update_line(struct domain *d, const struct vgic_irq *irq);
/* A software-generated interrupt from vCPU `from` to v. No lock held; the kick is noted. */
void vgic_sgi(struct vcpu *v, unsigned int intid, unsigned int from, struct vgic_kicks *k);

#define VGIC_BANK_START 0x080u /* GICD_IGROUPR */
#define VGIC_BANK_END	0xd00u /* behind GICD_ICFGR */

static inline bool vgic_is_bank(uint32_t off)
{
	return off >= VGIC_BANK_START && off < VGIC_BANK_END;
}

/*
 * Registers that distributor and redistributors share (vgic_is_bank), of interrupts lo to hi - 1, by their offset
 * from GICD_IGROUPR's frame. False: no such access. No lock held.
 */
bool vgic_bank_access(struct vcpu *own, struct mmio_access *a, uint32_t off, unsigned int lo,
		      unsigned int hi);
/* Part of a 32-bit register at reg, which has value v, for a read of 1, 2 or 4 bytes at off. */
static inline uint64_t vgic_part(uint32_t v, uint32_t off)
{
	return v >> (off & 3) * 8;
}

/* Domain creation: places and handlers. 0 or -errno. */
int vgic_v2_init(struct domain *d);
int vgic_v3_init(struct domain *d);
