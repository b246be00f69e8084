/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt controllers of Broadcom's BCM2837 as if they were a GICv2 (asm/bcm2836.h), and the
 * virtual CPU interface that they lack, as software: a list register is a word of memory, and a
 * guest's interrupt is HCR_EL2.VI. It takes two exits that a GIC has not, for the acknowledgement
 * and for the end.
 *
 * Nothing there stays active: what was taken is masked until it is ended. Lines come as long as
 * they are high, and all of them to the boot CPU. SGIs are bits of a CPU's mailbox 0.
 *
 * Lock: lock (interrupts off), a leaf, for armctrl. What is a CPU's own is touched on it alone,
 * interrupts off.
 */
#include "vgic_cpu.h"
#include <asm/bcm2836.h>
#include <asm/gic.h>
#include <asm/irq.h>
#include <asm/mmio.h>
#include <asm/paging.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <asm/sysreg.h>
#include <hv/boot.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/spinlock.h>

/* Local: QA7 rev. 3.4, chapter 4; of what is one for each core, core n's is 4n or 16n on. */
#define LINES_ROUTE	0x0c
#define PMU_ROUTE_CLEAR 0x14
#define AXI_INTERRUPT	0x30
#define LOCAL_TIMER	0x34
#define TIMERS(n)	(0x40 + 4 * (n)) /* lower four bits: as IRQ */
#define MAILBOXES(n)	(0x50 + 4 * (n))
#define SOURCE(n)	(0x60 + 4 * (n))
#define MAILBOX_SET(n)	(0x80 + 16 * (n))
#define MAILBOX(n)	(0xc0 + 16 * (n)) /* to be read; a write clears */
#define LOCAL_SIZE	0x100u
#define CORES		4u

#define SOURCE_TIMERS  0x0fu
#define SOURCE_MAILBOX BIT(4)
#define SOURCE_LINES   BIT(8)
#define SGI_MASK       0xffffu

/* armctrl: BCM2835 ARM Peripherals, 7.5; banks 1, 2 and 0, in this order. */
#define BANKS	     3u
#define FAST	     0x0c
#define ARMCTRL_SIZE 0x28u
#define SPURIOUS     1023u

static const uint8_t pending_reg[BANKS] = {0x04, 0x08, 0x00};
static const uint8_t enable_reg[BANKS] = {0x10, 0x14, 0x18};
static const uint8_t disable_reg[BANKS] = {0x1c, 0x20, 0x24};

static volatile uint8_t *local, *armctrl;
static struct spinlock lock = SPINLOCK_INIT;
static uint32_t enabled[BANKS], active[BANKS];

struct own {
	struct vgic_cpu_if guest; /* what GICH would hold */
	unsigned int core;
	uint32_t enabled, active; /* timers */
};

static struct own owns[MAX_CPUS];

static struct own *own(void)
{
	return &owns[this_cpu()->id];
}

/* Timers: a CPU's own -----------------------------------------------------------------------------
 */

static uint32_t timer_bit(unsigned int intid)
{
	switch (intid) {
	case PPI_SECURE_TIMER:
		return BIT(0);
	case PPI_PHYS_TIMER:
		return BIT(1);
	case PPI_HYP_TIMER:
		return BIT(2);
	case PPI_VIRT_TIMER:
		return BIT(3);
	default:
		return 0;
	}
}

static unsigned int timer_intid(unsigned int bit)
{
	static const uint8_t intids[] = {PPI_SECURE_TIMER, PPI_PHYS_TIMER, PPI_HYP_TIMER,
					 PPI_VIRT_TIMER};

	return intids[bit];
}

static void set_timers(struct own *o)
{
	mmio_write32(local + TIMERS(o->core), o->enabled & ~o->active);
}

/* Devices' lines ----------------------------------------------------------------------------------
 */

static bool is_line(unsigned int intid)
{
	return intid >= VGIC_PRIVATE && intid - VGIC_PRIVATE < BCM2836_LINES;
}

/* Of a line: the bit of its bank. Under the lock. */
static void set_line(unsigned int intid, uint32_t *state, bool on)
{
	unsigned int bank = (intid - VGIC_PRIVATE) / 32;
	uint32_t bit = 1u << (intid % 32);
	bool heard;

	state[bank] = on ? state[bank] | bit : state[bank] & ~bit;
	heard = enabled[bank] & ~active[bank] & bit;
	mmio_write32(armctrl + (heard ? enable_reg[bank] : disable_reg[bank]), bit);
}

static uint32_t take_line(void)
{
	unsigned long flags = spin_lock_irq(&lock);
	uint32_t intid = SPURIOUS;

	for (unsigned int bank = 0; bank < BANKS && intid == SPURIOUS; bank++) {
		/* Bank 0 repeats lines of the others in its upper bits; those are never enabled. */
		uint32_t pending =
		    mmio_read32(armctrl + pending_reg[bank]) & enabled[bank] & ~active[bank];

		if (pending) {
			intid = VGIC_PRIVATE + 32 * bank + lowest_bit(pending);
			set_line(intid, active, true);
		}
	}
	spin_unlock_irq(&lock, flags);
	return intid;
}

static void change(unsigned int intid, bool is_active, bool on)
{
	uint32_t bit = timer_bit(intid);
	unsigned long flags;

	if (is_line(intid)) {
		flags = spin_lock_irq(&lock);
		set_line(intid, is_active ? active : enabled, on);
		spin_unlock_irq(&lock, flags);
	} else if (bit) {
		struct own *o = own();
		uint32_t *state = is_active ? &o->active : &o->enabled;

		*state = on ? *state | bit : *state & ~bit;
		set_timers(o);
	}
}

static void set_enabled(unsigned int intid, bool on)
{
	change(intid, false, on);
}

static void set_active(unsigned int intid, bool on)
{
	change(intid, true, on);
}

/* All of them are levels, and go where LINES_ROUTE says. */
static void set_level(unsigned int intid, bool level)
{
}

static void set_target(unsigned int intid, unsigned int cpu)
{
}

/* Dispatch ----------------------------------------------------------------------------------------
 */

static uint32_t acknowledge(void)
{
	struct own *o = own();
	uint32_t source = mmio_read32(local + SOURCE(o->core)), sgis, timers;

	if (source & SOURCE_MAILBOX) {
		sgis = mmio_read32(local + MAILBOX(o->core));
		sgis &= -sgis;
		mmio_write32(local + MAILBOX(o->core), sgis);
		/* Gone, before what it is about is looked at. */
		(void)mmio_read32(local + MAILBOX(o->core));
		dsb(sy);
		if (sgis & SGI_MASK) {
			return lowest_bit(sgis);
		}
	}
	timers = source & SOURCE_TIMERS & o->enabled & ~o->active;
	if (timers) {
		timers &= -timers;
		o->active |= timers;
		set_timers(o);
		return timer_intid(lowest_bit(timers));
	}
	return source & SOURCE_LINES ? take_line() : SPURIOUS;
}

/* There are no priorities. */
static void drop(uint32_t ack)
{
}

static void deactivate(uint32_t ack)
{
	set_active(ack, false);
}

static void send_sgi(unsigned long mask, unsigned int sgi)
{
	unsigned int cpu;

	/* What the others shall see is written before they are told. */
	dsb(ishst);
	for_each_set_bit(cpu, &mask, MAX_CPUS)
	{
		mmio_write32(local + MAILBOX_SET(owns[cpu].core), 1u << sgi);
	}
}

/* Guests' CPU interface ---------------------------------------------------------------------------
 */

static void tell_guest(const struct own *o)
{
	uint64_t hcr = read_sysreg(hcr_el2), want = hcr & ~(HCR_VI | HCR_VF);

	switch (vgic_cpu_signal(&o->guest)) {
	case VGIC_CPU_IRQ:
		want |= HCR_VI;
		break;
	case VGIC_CPU_FIQ:
		want |= HCR_VF;
		break;
	default:
		break;
	}
	if (want != hcr) {
		write_sysreg(hcr_el2, want);
		isb();
	}
}

static bool cpu_access(struct vcpu *v, struct mmio_access *a, void *opaque)
{
	uint32_t off = (uint32_t)(a->gpa - v->domain->arch.vgic.cpu_base);
	struct vgic_cpu_effect effect = {0};
	unsigned long flags;
	struct own *o;

	if (a->size != 4) {
		return false;
	}
	flags = irq_save();
	o = own();
	if (a->write) {
		vgic_cpu_write(&o->guest, off, (uint32_t)a->value, &effect);
	} else {
		a->value = vgic_cpu_read(&o->guest, off);
	}
	if (effect.deactivate) {
		set_active(effect.intid, false);
	}
	if (effect.maintenance) {
		WRITE_ONCE(v->arch.vgic.work, true);
	}
	tell_guest(o);
	irq_restore(flags);
	return true;
}

static int play_cpu(struct domain *d)
{
	return mmio_register(d, d->arch.vgic.cpu_base, VGIC_CPU_SIZE, cpu_access, NULL);
}

static void save(struct vgic_vcpu *g)
{
	g->vmcr = own()->guest.vmcr;
	g->ap0r[0] = own()->guest.apr;
}

static void restore(const struct vgic_vcpu *g)
{
	own()->guest.vmcr = g->vmcr;
	own()->guest.apr = g->ap0r[0];
}

static uint64_t read_lr(unsigned int n)
{
	return own()->guest.lr[n];
}

/* Told to the guest by write_hcr, which comes last. */
static void write_lr(unsigned int n, uint64_t raw)
{
	own()->guest.lr[n] = (uint32_t)raw;
}

static void write_hcr(uint32_t hcr)
{
	own()->guest.hcr = hcr;
	tell_guest(own());
}

static void reset(struct vgic_vcpu *g)
{
	g->vmcr = 0;
	g->ap0r[0] = 0;
}

/* -------------------------------------------------------------------------------------------------
 */

static void init_cpu(void)
{
	struct own *o = own();

	o->core = this_cpu()->arch.mpidr & 0xff;
	if (o->core >= CORES) {
		boot_fail("Broadcom's interrupt controller knows no core %u", o->core);
	}
	set_timers(o);
	mmio_write32(local + MAILBOX(o->core), ~0U);
	mmio_write32(local + MAILBOXES(o->core), 1);
}

static void init(void)
{
	const struct platform_gic *g = &platform.gic;

	if (g->local.size < LOCAL_SIZE || g->armctrl.size < ARMCTRL_SIZE) {
		boot_fail("Broadcom's interrupt controllers are too small");
	}
	local = ioremap(hpa(g->local.base), g->local.size);
	armctrl = ioremap(hpa(g->armctrl.base), g->armctrl.size);
	if (!local || !armctrl) {
		boot_fail("no room to map the interrupt controllers");
	}
	for (unsigned int bank = 0; bank < BANKS; bank++) {
		mmio_write32(armctrl + disable_reg[bank], ~0U);
	}
	mmio_write32(armctrl + FAST, 0);
	mmio_write32(local + AXI_INTERRUPT, 0);
	mmio_write32(local + LOCAL_TIMER, 0);
	mmio_write32(local + PMU_ROUTE_CLEAR, ~0U);
	init_cpu();
	mmio_write32(local + LINES_ROUTE, own()->core);
	gic_lines = VGIC_PRIVATE + BCM2836_LINES;
	gic_lrs = VGIC_LR_MAX;
}

static const struct gic_ops bcm2836_ops = {
    .version = 2,
    .levels_only = true,
    .init = init,
    .init_cpu = init_cpu,
    .acknowledge = acknowledge,
    .drop = drop,
    .deactivate = deactivate,
    .send_sgi = send_sgi,
    .set_enabled = set_enabled,
    .set_level = set_level,
    .set_target = set_target,
    .set_active = set_active,
    .save = save,
    .restore = restore,
    .encode = gic_v2_encode,
    .decode = gic_v2_decode,
    .read_lr = read_lr,
    .write_lr = write_lr,
    .write_hcr = write_hcr,
    .reset = reset,
    .play_cpu = play_cpu,
};

const struct gic_ops *arch_gic_bcm2836(void)
{
	return &bcm2836_ops;
}
