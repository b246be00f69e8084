/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual GIC's heart: which interrupts of which vCPU are pending or active, and their way
 * through the list registers. An interrupt in a list register has its pending state there alone
 * (irq->pending is what came after), its active state in both.
 * Locks: see asm/vgic.h. Kicks come after them, for they take the scheduler's.
 */
#include "vgic.h"
#include <asm/gic.h>
#include <asm/irq.h>
#include <asm/platform.h>
#include <hv/cpu.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/sched.h>
#include <xen/domctl.h>

static struct vgic_domain *of(struct domain *d)
{
	return &d->arch.vgic;
}

void vgic_kick_all(struct domain *d, const struct vgic_kicks *k)
{
	unsigned int i;

	for_each_set_bit(i, k->who, VGIC_VCPU_MAX)
	{
		vcpu_kick(d->vcpu[i]);
	}
}

void vgic_unlock(struct domain *d, unsigned long flags, const struct vgic_kicks *k)
{
	spin_unlock_irq(&of(d)->lock, flags);
	vgic_kick_all(d, k);
}

unsigned long vgic_lock_both(struct vcpu *v)
{
	unsigned long flags = spin_lock_irq(&of(v->domain)->lock);

	spin_lock(&v->arch.vgic.lock);
	return flags;
}

void vgic_unlock_both(struct vcpu *v, unsigned long flags, const struct vgic_kicks *k)
{
	spin_unlock(&v->arch.vgic.lock);
	vgic_unlock(v->domain, flags, k);
}

/*
 * v's lock, and the domain's if shared interrupts wait for v or are in its list registers.
 * Interrupts are off. Who queues one does that before he sets work, and v clears work before it
 * looks here: what is missed now comes again.
 */
static bool lock_queues(struct vcpu *v)
{
	const struct list_head *queue = &v->arch.vgic.shared;
	bool shared = READ_ONCE(queue->next) != queue;

	if (shared) {
		spin_lock(&of(v->domain)->lock);
	}
	spin_lock(&v->arch.vgic.lock);
	return shared;
}

static void unlock_queues(struct vcpu *v, bool shared)
{
	spin_unlock(&v->arch.vgic.lock);
	if (shared) {
		spin_unlock(&of(v->domain)->lock);
	}
}

struct vgic_irq *vgic_irq(struct vcpu *v, unsigned int intid)
{
	struct vgic_domain *g = of(v->domain);

	if (intid < VGIC_PRIVATE) {
		return &v->arch.vgic.irqs[intid];
	}
	return intid - VGIC_PRIVATE < g->spi_count ? &g->spis[intid - VGIC_PRIVATE] : NULL;
}

/* Routing -----------------------------------------------------------------------------------------
 */

uint64_t vgic_affinity(const struct domain *d, unsigned int id)
{
	return (id & 0xf) | (uint64_t)(id >> 4) << 8;
}

struct vcpu *vgic_vcpu_by_affinity(struct domain *d, uint64_t mpidr)
{
	uint64_t id = (mpidr & 0xf) | (mpidr >> 8 & 0xff) << 4;

	if ((mpidr & 0xff00ff00f0UL) || id >= d->max_vcpus) {
		return NULL;
	}
	return d->vcpu[id];
}

/* Where an SPI goes; NULL: nowhere now. */
static struct vcpu *spi_target(struct domain *d, const struct vgic_irq *irq)
{
	if (of(d)->version == 3) {
		return irq->route & BIT(31) ? d->vcpu[0] : vgic_vcpu_by_affinity(d, irq->route);
	}
	for (unsigned int i = 0; i < 8 && i < d->max_vcpus; i++) {
		if (irq->targets & 1u << i) {
			return d->vcpu[i];
		}
	}
	return NULL;
}

static struct vcpu *lpi_target(struct domain *d, const struct vgic_irq *irq)
{
	struct vcpu *v = irq->route < d->max_vcpus ? d->vcpu[irq->route] : NULL;

	return v && v->arch.vgic.lpis ? v : NULL;
}

static struct vcpu *target_of(struct domain *d, const struct vgic_irq *irq, struct vcpu *own)
{
	if (irq->intid >= VGIC_LPIS) {
		return lpi_target(d, irq);
	}
	return irq->intid < VGIC_PRIVATE ? own : spi_target(d, irq);
}

void vgic_update_line(struct domain *d, const struct vgic_irq *irq)
{
	if (d->is_service && irq->intid >= VGIC_PRIVATE) {
		gic_guest_line(irq->intid, irq->enabled, irq->level, spi_target(d, irq));
	}
}

/* Queues ------------------------------------------------------------------------------------------
 */

static bool deliverable(struct domain *d, const struct vgic_irq *irq)
{
	return vgic_is_pending(irq) && irq->enabled && READ_ONCE(of(d)->enabled);
}

static void kick(struct vcpu *v, struct vgic_kicks *k)
{
	/* After what it is about. */
	__atomic_store_n(&v->arch.vgic.work, true, __ATOMIC_RELEASE);
	__set_bit(v->id, k->who);
}

void vgic_update(struct domain *d, struct vgic_irq *irq, struct vcpu *own, struct vgic_kicks *k)
{
	struct vcpu *target = irq->vcpu;

	if (!deliverable(d, irq) && !irq->active) {
		return;
	}
	if (!target) {
		target = target_of(d, irq, own);
		if (!target) {
			return;
		}
		irq->vcpu = target;
		list_add_tail(&irq->entry, irq->intid < VGIC_PRIVATE ? &target->arch.vgic.queue
								     : &target->arch.vgic.shared);
	}
	kick(target, k);
}

static void dequeue(struct vgic_irq *irq)
{
	if (irq->vcpu) {
		list_del(&irq->entry);
		irq->vcpu = NULL;
	}
}

void vgic_requeue(struct domain *d, struct vgic_irq *irq, struct vcpu *own, struct vgic_kicks *k)
{
	if (irq->lr != VGIC_NO_LR) {
		/* Its vCPU runs: it looks again. */
		kick(irq->vcpu, k);
		return;
	}
	if (!irq->active) {
		dequeue(irq);
	}
	vgic_update(d, irq, own, k);
}

void vgic_detach(struct vgic_irq *irq, struct vgic_kicks *k)
{
	irq->pending = irq->active = false;
	irq->sources = 0;
	if (irq->lr != VGIC_NO_LR) {
		struct vgic_vcpu *g = &irq->vcpu->arch.vgic;

		/* Its vCPU empties the register when it looks again. */
		spin_lock(&g->lock);
		g->in_lr[irq->lr] = NULL;
		spin_unlock(&g->lock);
		irq->lr = VGIC_NO_LR;
		kick(irq->vcpu, k);
	}
	dequeue(irq);
}

bool vgic_enable(struct domain *d, uint32_t ctlr, bool on)
{
	struct vgic_domain *g = of(d);
	struct vgic_kicks k = {0};
	unsigned long flags = spin_lock_irq(&g->lock);
	bool changed = g->enabled != on;
	struct vcpu *v;

	g->ctlr = ctlr;
	if (changed) {
		WRITE_ONCE(g->enabled, on);
		for_each_vcpu(d, v)
		{
			spin_lock(&v->arch.vgic.lock);
			for (unsigned int i = 0; i < VGIC_PRIVATE; i++) {
				vgic_requeue(d, &v->arch.vgic.irqs[i], v, &k);
			}
			spin_unlock(&v->arch.vgic.lock);
		}
		for (unsigned int i = 0; i < g->spi_count; i++) {
			vgic_requeue(d, &g->spis[i], NULL, &k);
		}
	}
	vgic_unlock(d, flags, &k);
	return changed;
}

/* List registers: interrupts off, v is current
 * ------------------------------------------------------ */

static void fold_one(struct vgic_vcpu *g, unsigned int n)
{
	struct vgic_irq *irq = g->in_lr[n];
	struct gic_lr lr;

	gic->decode(gic->read_lr(n), &lr);
	g->in_lr[n] = NULL;
	irq->lr = VGIC_NO_LR;
	/* The guest's end of an LPI looks for no list register. */
	irq->active = lr.active && irq->intid < VGIC_LPIS;
	if (lr.pending) {
		if (irq->intid < VGIC_SGIS && gic->version == 2) {
			irq->sources |= (uint8_t)(1u << lr.source);
		} else {
			irq->pending |= irq->lr_latched;
		}
	}
}

/* An interrupt in a list register stands on its queue, so that lock_queues has taken what covers
 * it. */
static void fold(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->arch.vgic;
	unsigned long used = g->lr_used;
	unsigned int n;

	/* The registers still hold it all until they are filled anew: not to be read twice. */
	for_each_set_bit(n, &used, VGIC_LR_MAX)
	{
		if (g->in_lr[n]) {
			fold_one(g, n);
		}
	}
}

void vgic_fold(struct vcpu *v)
{
	fold(v);
	WRITE_ONCE(v->arch.vgic.work, true);
}

static void fill_one(struct vgic_vcpu *g, struct vgic_irq *irq, unsigned int n, bool may_pend)
{
	struct gic_lr lr = {
	    .intid = irq->intid,
	    .hw_intid = irq->hw_intid,
	    .priority = irq->priority,
	    .active = irq->active,
	    .hw = irq->hw,
	    .group1 = gic->version == 3 && irq->group1,
	};

	/*
	 * With a machine's interrupt behind it, nothing new can have come while it is active. An
	 * SGI of GICv2 is active from one sender: the next sender's waits for its end. So does a
	 * line, which may be low by then.
	 */
	if (irq->active && (irq->hw || irq->sources || vgic_is_held(irq))) {
		lr.source = irq->active_source;
		lr.eoi = !irq->hw;
	} else if (may_pend) {
		lr.pending = true;
		lr.eoi = vgic_is_held(irq);
		irq->lr_latched = irq->pending;
		irq->pending = false;
		if (irq->sources) {
			irq->active_source = (uint8_t)lowest_bit(irq->sources);
			lr.source = irq->active_source;
			irq->sources &= (uint8_t)(irq->sources - 1);
			lr.eoi = irq->sources != 0;
		}
	} else {
		lr.source = irq->active_source;
	}
	irq->lr = (uint8_t)n;
	g->in_lr[n] = irq;
	gic->write_lr(n, gic->encode(&lr));
}

/* The most urgent on the queue that is in no list register yet, or found, if that is as urgent. */
static struct vgic_irq *better(struct list_head *queue, bool active, struct vgic_irq *found)
{
	struct vgic_irq *irq;

	list_for_each(irq, queue, entry)
	{
		if (irq->lr == VGIC_NO_LR && irq->active == active &&
		    (!found || irq->priority < found->priority)) {
			found = irq;
		}
	}
	return found;
}

/* shared: the domain's lock is held, too. */
static struct vgic_irq *best(struct vgic_vcpu *g, bool active, bool shared)
{
	struct vgic_irq *found = better(&g->queue, active, NULL);

	return shared ? better(&g->shared, active, found) : found;
}

/* Off the queue goes what nobody waits for any more. */
static void tidy(struct domain *d, struct list_head *queue)
{
	struct vgic_irq *irq, *next;

	list_for_each_safe(irq, next, queue, entry)
	{
		if (!irq->active && !deliverable(d, irq)) {
			dequeue(irq);
		}
	}
}

/* What was in a list register while it was sent elsewhere goes there now, unless it is being
 * served. */
static void pass_on(struct vcpu *v, struct vgic_kicks *k)
{
	struct vgic_irq *irq, *next;

	list_for_each_safe(irq, next, &v->arch.vgic.shared, entry)
	{
		if (!irq->active && target_of(v->domain, irq, v) != v) {
			vgic_requeue(v->domain, irq, v, k);
		}
	}
}

static void fill(struct domain *d, struct vgic_vcpu *g, bool shared)
{
	uint32_t used = 0, hcr = GICH_HCR_EN;
	bool active = true;
	unsigned int n = 0;

	while (n < gic_lrs) {
		struct vgic_irq *irq = best(g, active, shared);

		if (irq) {
			fill_one(g, irq, n, deliverable(d, irq));
			used |= 1u << n++;
		} else if (active) {
			active = false;
		} else {
			break;
		}
	}
	if (n == gic_lrs && (best(g, true, shared) || best(g, false, shared))) {
		hcr |= GICH_HCR_UIE;
	}
	for (; n < gic_lrs; n++) {
		if (g->lr_used & 1u << n) {
			gic->write_lr(n, 0);
		}
	}
	g->lr_used = used;
	gic->write_hcr(hcr);
}

void vgic_sync(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->arch.vgic;
	struct vgic_kicks k = {0};
	bool shared;

	WRITE_ONCE(g->work, false);
	smp_mb();
	shared = lock_queues(v);
	fold(v);
	tidy(v->domain, &g->queue);
	if (shared) {
		tidy(v->domain, &g->shared);
		pass_on(v, &k);
	}
	fill(v->domain, g, shared);
	unlock_queues(v, shared);
	vgic_kick_all(v->domain, &k);
}

/*
 * A PPI of the machine that is active for v must not be so for who comes next on this CPU. Not yet
 * taken by the guest it is forgotten, for it is level and will come again.
 */
static void park_ppi(struct vgic_vcpu *g)
{
	struct vgic_irq *irq = g->hw_ppi;

	/* What the guest has made of it since says nothing: it may have cleared what it had not
	 * taken. */
	if (!g->ppi_taken) {
		return;
	}
	g->ppi_taken = false;
	gic_set_ppi_active(irq->hw_intid, false);
	if (irq->hw && !irq->active) {
		irq->pending = false;
		dequeue(irq);
	}
}

void vgic_save(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->arch.vgic;
	bool shared;

	gic->save(g);
	shared = lock_queues(v);
	if (g->lr_used) {
		fold(v);
		for (unsigned int n = 0; n < gic_lrs; n++) {
			if (g->lr_used & 1u << n) {
				gic->write_lr(n, 0);
			}
		}
		g->lr_used = 0;
	}
	tidy(v->domain, &g->queue);
	if (shared) {
		tidy(v->domain, &g->shared);
	}
	park_ppi(g);
	unlock_queues(v, shared);
	gic->write_hcr(0);
	this_cpu()->arch.timer_owner = NULL;
}

void vgic_restore(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->arch.vgic;
	const struct vgic_irq *irq = g->hw_ppi;

	gic->restore(g);
	if (irq && irq->active) {
		gic_set_ppi_active(irq->hw_intid, true);
		g->ppi_taken = true;
	}
	WRITE_ONCE(g->work, true);
	this_cpu()->arch.timer_owner = v;
}

static bool lr_pending(const struct vgic_vcpu *g)
{
	unsigned long used = g->lr_used;
	unsigned int n;

	for_each_set_bit(n, &used, VGIC_LR_MAX)
	{
		struct gic_lr lr;

		gic->decode(gic->read_lr(n), &lr);
		if (g->in_lr[n] && lr.pending) {
			return true;
		}
	}
	return false;
}

static bool any_deliverable(struct domain *d, const struct list_head *queue)
{
	const struct vgic_irq *irq;

	list_for_each(irq, queue, entry)
	{
		if (deliverable(d, irq)) {
			return true;
		}
	}
	return false;
}

bool vgic_has_pending(struct vcpu *v)
{
	const struct vgic_vcpu *g = &v->arch.vgic;
	unsigned long flags = irq_save();
	bool shared, found;

	smp_mb(); /* v's state was set before: who queues something sees it, or is seen here */
	shared = lock_queues(v);
	found = (v == this_cpu()->arch.timer_owner && lr_pending(g)) ||
		any_deliverable(v->domain, &g->queue) ||
		(shared && any_deliverable(v->domain, &g->shared));
	unlock_queues(v, shared);
	irq_restore(flags);
	return found;
}

/* Injection ---------------------------------------------------------------------------------------
 */

void vgic_inject_private(struct vcpu *v, unsigned int intid)
{
	struct vgic_irq *irq = &v->arch.vgic.irqs[intid];
	struct vgic_kicks k = {0};
	unsigned long flags = spin_lock_irq(&v->arch.vgic.lock);

	irq->pending = true;
	if (!irq->vcpu) {
		irq->hw = false;
	}
	vgic_update(v->domain, irq, v, &k);
	spin_unlock_irq(&v->arch.vgic.lock, flags);
	vgic_kick_all(v->domain, &k);
}

void vgic_inject_hw(struct vcpu *v, unsigned int intid, unsigned int hw_intid)
{
	struct vgic_irq *irq = vgic_irq(v, intid);
	struct domain *d = v->domain;
	struct vgic_kicks k = {0};
	struct spinlock *lock = intid < VGIC_PRIVATE ? &v->arch.vgic.lock : &of(d)->lock;
	unsigned long flags;
	bool edge;

	if (!irq) {
		gic_deactivate(hw_intid);
		return;
	}
	flags = spin_lock_irq(lock);
	/*
	 * An edge is over when it was noted: only a level has to wait for the guest. QEMU 7.2's
	 * GICv2 moreover does not see the end of an SPI on another CPU than the one that took it.
	 */
	edge = intid >= VGIC_PRIVATE && !irq->level && !gic->levels_only && !(irq->hw && irq->vcpu);
	irq->hw = !edge;
	irq->hw_intid = (uint16_t)hw_intid;
	if (hw_intid < VGIC_PRIVATE) {
		v->arch.vgic.hw_ppi = irq;
		v->arch.vgic.ppi_taken = true;
	}
	irq->pending = true;
	vgic_update(d, irq, v, &k);
	spin_unlock_irq(lock, flags);
	vgic_kick_all(d, &k);
	if (edge) {
		gic_deactivate(hw_intid);
	}
}

void vgic_set_line(struct domain *d, unsigned int intid, bool high)
{
	struct vgic_kicks k = {0};
	struct vgic_irq *irq;
	unsigned long flags;

	flags = spin_lock_irq(&of(d)->lock);
	irq = &of(d)->spis[intid - VGIC_PRIVATE];
	if (irq->line != high) {
		irq->line = high;
		irq->pending |= high && !irq->level;
		vgic_requeue(d, irq, NULL, &k);
	}
	vgic_unlock(d, flags, &k);
}

void vgic_sgi(struct vcpu *v, unsigned int intid, unsigned int from, struct vgic_kicks *k)
{
	struct vgic_irq *irq = &v->arch.vgic.irqs[intid];
	unsigned long flags = spin_lock_irq(&v->arch.vgic.lock);

	if (of(v->domain)->version == 2) {
		irq->sources |= (uint8_t)(1u << (from & 7));
	} else {
		irq->pending = true;
	}
	vgic_update(v->domain, irq, v, k);
	spin_unlock_irq(&v->arch.vgic.lock, flags);
}

/* Life --------------------------------------------------------------------------------------------
 */

void vgic_irq_init(struct vgic_irq *irq, unsigned int intid)
{
	irq->intid = (uint16_t)intid;
	irq->lr = VGIC_NO_LR;
	irq->priority = GIC_PRIORITY;
	irq->enabled = intid < VGIC_SGIS;
	irq->group1 = true;
	irq->level = intid >= VGIC_SGIS;
	irq->targets = 1;
}

int vgic_domain_init(struct domain *d, uint8_t *version, uint32_t spi_count)
{
	struct vgic_domain *g = of(d);
	uint8_t native = gic_version() == 3 ? XEN_DOMCTL_CONFIG_GIC_V3 : XEN_DOMCTL_CONFIG_GIC_V2;

	if (*version != XEN_DOMCTL_CONFIG_GIC_NATIVE && *version != native) {
		return -EINVAL;
	}
	if (spi_count > VGIC_SPI_MAX || d->max_vcpus > VGIC_VCPU_MAX ||
	    (gic_version() == 2 && d->max_vcpus > 8)) {
		return -EINVAL;
	}
	spin_lock_init(&g->lock);
	g->version = (uint8_t)gic_version();
	g->spi_count = ROUND_UP(spi_count, 32U);
	g->spi_count = MIN(g->spi_count, VGIC_SPI_MAX);
	if (g->spi_count) {
		g->spis = hv_alloc(g->spi_count * sizeof(*g->spis));
		if (!g->spis) {
			return -ENOMEM;
		}
	}
	for (unsigned int i = 0; i < g->spi_count; i++) {
		vgic_irq_init(&g->spis[i], VGIC_PRIVATE + i);
	}
	*version = native;
	return g->version == 3 ? vgic_v3_init(d) : vgic_v2_init(d);
}

void vgic_domain_destroy(struct domain *d)
{
	hv_free(of(d)->spis);
	of(d)->spis = NULL;
	of(d)->spi_count = 0;
}

void vgic_vcpu_init(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->arch.vgic;

	spin_lock_init(&g->lock);
	list_init(&g->queue);
	list_init(&g->shared);
	for (unsigned int i = 0; i < VGIC_PRIVATE; i++) {
		vgic_irq_init(&g->irqs[i], i);
	}
	vgic_reset(v);
}

void vgic_reset(struct vcpu *v)
{
	gic->reset(&v->arch.vgic);
	WRITE_ONCE(v->arch.vgic.work, true);
}

static void dump_queue(const struct list_head *queue)
{
	const struct vgic_irq *irq;

	list_for_each(irq, queue, entry)
	{
		log_err("vGIC: %u priority %#x%s%s%s%s lr %d\n", irq->intid, irq->priority,
			irq->enabled ? " enabled" : "", irq->pending ? " pending" : "",
			irq->active ? " active" : "", irq->hw ? " hw" : "",
			irq->lr == VGIC_NO_LR ? -1 : irq->lr);
	}
}

void vgic_dump(struct vcpu *v)
{
	const struct vgic_kicks none = {0};
	unsigned long flags = vgic_lock_both(v);

	dump_queue(&v->arch.vgic.queue);
	dump_queue(&v->arch.vgic.shared);
	vgic_unlock_both(v, flags, &none);
}
