/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of the machine: whose they are, and the way to them. What the hypervisor did not take
 * for itself is the service VM's, as soon as that enables it.
 * Lock: lock (interrupts off), below it a driver's own. Handlers run without it.
 */
#include <asm/gic.h>
#include <asm/irq.h>
#include <asm/msi.h>
#include <asm/platform.h>
#include <asm/vgic.h>
#include <asm/vlpi.h>
#include <hv/boot.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/spinlock.h>
#include <hv/vcpu.h>

#define INTID_MASK 0x3ffu
/* What is acknowledged from here on is an LPI's number: GICv2 has the source of an SGI above its
 * INTID, which is less. */
#define LPIS 8192u
/* A CPU that takes that many in a row goes on with its work; they will be there again. */
#define BURST 32u

struct irq_desc {
	irq_handler *fn; /* NULL: not the hypervisor's */
	void *opaque;
	bool for_guest; /* fn leaves it active */
};

static struct irq_desc descs[GIC_SPURIOUS];
static struct spinlock lock = SPINLOCK_INIT;
static unsigned int spurious_count;

const struct gic_ops *gic;
unsigned int gic_lines, gic_lrs;

/* Own interrupts ----------------------------------------------------------------------------------
 */

static int request(unsigned int intid, irq_handler *fn, void *opaque, bool for_guest, bool edge)
{
	unsigned long flags;
	int ret = 0;

	if (intid >= gic_lines) {
		return -EINVAL;
	}
	flags = spin_lock_irq(&lock);
	if (descs[intid].fn && (descs[intid].fn != fn || intid >= VGIC_PRIVATE)) {
		ret = -EBUSY;
	} else {
		descs[intid].opaque = opaque;
		descs[intid].for_guest = for_guest;
		__atomic_store_n(&descs[intid].fn, fn, __ATOMIC_RELEASE);
		if (intid >= VGIC_PRIVATE) {
			gic->set_level(intid, !edge);
			gic->set_target(intid, 0);
		}
		gic->set_enabled(intid, true);
	}
	spin_unlock_irq(&lock, flags);
	return ret;
}

void irq_stop(unsigned int intid)
{
	unsigned long flags = spin_lock_irq(&lock);

	gic->set_enabled(intid, false);
	spin_unlock_irq(&lock, flags);
}

int irq_request(unsigned int intid, irq_handler *fn, void *opaque)
{
	return request(intid, fn, opaque, false, false);
}

int irq_request_edge(unsigned int intid, irq_handler *fn, void *opaque)
{
	return intid < VGIC_PRIVATE ? -EINVAL : request(intid, fn, opaque, false, true);
}

int gic_request_ppi_for_guest(unsigned int intid, irq_handler *fn)
{
	return intid < VGIC_PRIVATE ? request(intid, fn, NULL, true, false) : -EINVAL;
}

bool gic_is_own(unsigned int intid)
{
	return intid < GIC_SPURIOUS && __atomic_load_n(&descs[intid].fn, __ATOMIC_ACQUIRE);
}

/* The service VM's --------------------------------------------------------------------------------
 */

void gic_guest_line(unsigned int intid, bool enabled, bool level, const struct vcpu *v)
{
	unsigned long flags;

	if (intid < VGIC_PRIVATE || intid >= gic_lines || gic_is_own(intid)) {
		return;
	}
	flags = spin_lock_irq(&lock);
	/* The trigger may change only while the line is off. */
	if (!enabled) {
		gic->set_enabled(intid, false);
	} else {
		gic->set_level(intid, level);
		gic->set_target(intid, v ? READ_ONCE(v->cpu) : 0);
		gic->set_enabled(intid, true);
	}
	spin_unlock_irq(&lock, flags);
}

void gic_deactivate(unsigned int intid)
{
	gic->set_active(intid, false);
}

void gic_set_ppi_active(unsigned int intid, bool active)
{
	gic->set_active(intid, active);
}

/* The vCPU that a line of the service VM goes to is the virtual distributor's affair: any will do
 * here. */
static bool give_to_guest(unsigned int intid)
{
	struct domain *d = service_domain;

	if (intid < VGIC_PRIVATE || !d || !d->vcpu || !d->vcpu[0]) {
		return false;
	}
	vgic_inject_hw(d->vcpu[0], intid, intid);
	return true;
}

/* Dispatch ----------------------------------------------------------------------------------------
 */

static void dispatch(uint32_t ack)
{
	unsigned int intid = ack & INTID_MASK;
	const struct irq_desc *desc = &descs[intid];
	irq_handler *fn = __atomic_load_n(&desc->fn, __ATOMIC_ACQUIRE);

	gic->drop(ack);
	if (fn) {
		fn(desc->opaque);
		if (!desc->for_guest) {
			gic->deactivate(ack);
		}
		return;
	}
	if (give_to_guest(intid)) {
		return;
	}
	/* It was enough that it came. */
	if (intid == SGI_KICK) {
		gic->deactivate(ack);
		return;
	}
	if (spurious_count < 10) {
		spurious_count++;
		log_warn("interrupt %u that nobody uses\n", intid);
	}
	gic->deactivate(ack);
}

void gic_handle_irq(void)
{
	for (unsigned int n = 0; n < BURST; n++) {
		uint32_t ack = gic->acknowledge();

		if (ack < LPIS && (ack & INTID_MASK) >= GIC_SPURIOUS) {
			return;
		}
		this_cpu()->arch.irq_count++;
		if (ack < LPIS) {
			dispatch(ack);
		} else {
			/* With its priority dropped it is over: an LPI is not active. */
			gic->drop(ack);
			vlpi_inject(ack);
		}
	}
}

void gic_send_sgi(unsigned int cpu, unsigned int sgi)
{
	gic->send_sgi(BIT(cpu), sgi);
}

void gic_send_sgi_mask(unsigned long mask, unsigned int sgi)
{
	gic->send_sgi(mask, sgi);
}

unsigned int gic_version(void)
{
	return gic->version;
}

unsigned int gic_line_count(void)
{
	return gic_lines;
}

/* -------------------------------------------------------------------------------------------------
 */

/* The guest's list registers want attention: sync removes the cause, or it would fire for ever. */
static void maintenance(void *opaque)
{
	struct vcpu *v = this_cpu()->arch.timer_owner;

	if (v) {
		vgic_sync(v);
	} else {
		gic->write_hcr(0);
	}
}

/* Where list registers are played, who plays them says so himself. */
static void request_maintenance(void)
{
	int err = gic->play_cpu ? 0 : irq_request(platform.gic.maintenance, maintenance, NULL);

	if (err) {
		boot_fail("the GIC's maintenance interrupt %u cannot be had: error %d",
			  platform.gic.maintenance, err);
	}
}

void gic_init(void)
{
	gic = platform.gic.local.size	  ? arch_gic_bcm2836()
	      : platform.gic.version == 3 ? arch_gic_v3()
					  : &gic_v2_ops;
	if (!gic) {
		boot_fail("%s is not supported on this kind of CPU",
			  platform.gic.local.size ? "Broadcom's interrupt controller" : "GICv3");
	}
	gic->init();
	gic_lines = MIN(gic_lines, GIC_SPURIOUS);
	gic_lrs = MIN(gic_lrs, VGIC_LR_MAX);
	request_maintenance();
	log_info("%s: %u interrupts, %u list registers\n",
		 gic->play_cpu	     ? "Broadcom's interrupt controllers, GICv2 played"
		 : gic->version == 3 ? "GICv3"
				     : "GICv2",
		 gic_lines, gic_lrs);
	gic_v2m_init();
}

void gic_init_cpu(void)
{
	gic->init_cpu();
	request_maintenance();
}
