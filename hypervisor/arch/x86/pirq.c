/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt lines of the machine that are the service VM's. A line is bound when the guest first
 * unmasks its entry in the virtual IO-APIC, with the trigger and polarity that the guest wrote
 * there. A level line is masked in the machine's IO-APIC from its interrupt (irq_dispatch) until
 * the guest's EOI, so that a guest which never answers costs that line alone.
 *
 * Locks: line->lock (interrupts off) -> irq.c's and ioapic.c's. No call into the virtual IO-APIC
 * is made with it held.
 */
#include <asm/irq.h>
#include <asm/vioapic.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/event.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/spinlock.h>

#define LINE_MAX	1024		/* the GSIs that ioapic.c can have */
#define GUEST_PIRQS	32		/* Xen's default for domains without hardware, beyond the lines */
#define SERVICE_PIRQS	256

struct pirq_line {
	struct spinlock lock;
	uint8_t vector;			/* 0: not bound yet */
	bool level, active_low, guest_masked;
	bool in_service;		/* level: raised in the guest, no EOI yet, masked in the machine */
};

static struct pirq_line lines[LINE_MAX];

static void pirq_fire(void *opaque)
{
	struct pirq_line *line = opaque;
	unsigned int gsi = (unsigned int)(line - lines);
	bool level;

	spin_lock(&line->lock);
	level = line->level;
	line->in_service = level;
	spin_unlock(&line->lock);
	if (!service_domain) {
		return;
	}
	if (level) {
		vioapic_set_irq(service_domain, gsi, true);
	} else {
		vioapic_pulse(service_domain, gsi);
	}
}

void pirq_guest_unmask(struct domain *d, unsigned int gsi, bool level, bool active_low, bool masked)
{
	struct pirq_line *line;
	unsigned long flags;
	int vector;

	if (!d->is_service || gsi >= MIN(ioapic_gsi_count(), (unsigned int)LINE_MAX) ||
	    ioapic_is_own(gsi)) {
		return;
	}
	line = &lines[gsi];
	flags = spin_lock_irq(&line->lock);
	if (!line->vector) {
		if (masked) {
			goto out;
		}
		vector = irq_alloc_vector(irq_pick_cpu(d->vcpu[0]), pirq_fire, line);
		if (vector < 0) {
			glog_warn("no vector left for interrupt line %u\n", gsi);
			goto out;
		}
		line->vector = (uint8_t)vector;
	} else if (line->level == level && line->active_low == active_low) {
		/* The hot case: masking around a handler. */
		line->guest_masked = masked;
		ioapic_mask(gsi, masked || line->in_service);
		goto out;
	}
	line->level = level;
	line->active_low = active_low;
	line->guest_masked = masked;
	/* Who makes it an edge line has given up the interrupt that was in service. */
	line->in_service &= level;
	if (ioapic_route_guest(gsi, line->vector, irq_pick_cpu(d->vcpu[0]), level, active_low,
			       masked || line->in_service)) {
		glog_warn("interrupt line %u cannot be routed\n", gsi);
	}
out:
	spin_unlock_irq(&line->lock, flags);
}

void pirq_guest_eoi(struct domain *d, unsigned int gsi)
{
	struct pirq_line *line;
	unsigned long flags;

	if (!d->is_service || gsi >= LINE_MAX) {
		return;
	}
	line = &lines[gsi];
	/* First down, then open the line: in the other order a new interrupt would be lost. */
	vioapic_set_irq(d, gsi, false);
	flags = spin_lock_irq(&line->lock);
	if (line->vector && line->in_service) {
		line->in_service = false;
		ioapic_mask(gsi, line->guest_masked);
	}
	spin_unlock_irq(&line->lock, flags);
}

int arch_pirq_bind(struct domain *d, uint32_t pirq, uint32_t flags)
{
	uint32_t count = ioapic_gsi_count() + (d->is_service ? SERVICE_PIRQS : GUEST_PIRQS);

	return pirq < count ? 0 : -EINVAL;
}

void arch_pirq_unbind(struct domain *d, uint32_t pirq)
{
}
