/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's generic timer. The virtual timer is the CPU's: its interrupt comes to us, is left
 * active in the machine's GIC and given to the guest, whose end of it ends ours; so it is level as
 * it should be and costs one exit. The physical timer traps and is a timer of ours.
 */
#include <asm/gic.h>
#include <asm/irq.h>
#include <asm/platform.h>
#include <asm/processor.h>
#include <asm/sysreg_trap.h>
#include <asm/time.h>
#include <asm/vgic.h>
#include <asm/vtimer.h>
#include <hv/boot.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/sched.h>
#include <hv/vcpu.h>

#define CTL_ENABLE  BIT(0)
#define CTL_MASKED  BIT(1)
#define CTL_ISTATUS BIT(2)

#define CNTHCTL_EL1PCTEN BIT(0) /* the physical counter is readable; the physical timer traps */

#define REG_CNTP_TVAL SYSREG(3, 3, 14, 2, 0)
#define REG_CNTP_CTL  SYSREG(3, 3, 14, 2, 1)
#define REG_CNTP_CVAL SYSREG(3, 3, 14, 2, 2)

/* A deadline further away than this (years) is none. */
#define FAR_AWAY BIT(56)

static unsigned int virt_intid(const struct vcpu *v)
{
	return v->domain->is_service ? platform.timer.virt : GUEST_TIMER_VIRT_PPI;
}

static unsigned int phys_intid(const struct vcpu *v)
{
	return v->domain->is_service ? platform.timer.phys : GUEST_TIMER_PHYS_NS_PPI;
}

static void arm_timer(struct timer *t, uint64_t deadline)
{
	uint64_t now = counter_read();

	if (deadline > now && deadline - now > FAR_AWAY) {
		timer_stop(t);
	} else {
		timer_set(t, counter_to_ns(deadline));
	}
}

/* Virtual timer -----------------------------------------------------------------------------------
 */

static void virt_fired(void *opaque)
{
	/* The scheduler may have chosen another already. */
	struct vcpu *v = this_cpu()->arch.timer_owner;

	if (!v) {
		gic_set_ppi_active(platform.timer.virt, false);
		return;
	}
	vgic_inject_hw(v, virt_intid(v), platform.timer.virt);
}

/* Once it runs, the restored timer fires by itself. */
static void wake(void *data)
{
	vcpu_wake(data);
}

void vtimer_save(struct vcpu *v)
{
	struct vtimer_vcpu *t = &v->arch.vtimer;

	t->virt_ctl = read_sysreg(cntv_ctl_el0);
	t->virt_cval = read_sysreg(cntv_cval_el0);
	write_sysreg(cntv_ctl_el0, 0);
	isb();
	if ((t->virt_ctl & (CTL_ENABLE | CTL_MASKED)) == CTL_ENABLE) {
		arm_timer(&t->virt_wake, t->virt_cval + v->domain->arch.vtimer.offset);
	}
}

void vtimer_restore(struct vcpu *v)
{
	struct vtimer_vcpu *t = &v->arch.vtimer;

	timer_stop(&t->virt_wake);
	/* From here they will be armed. */
	timer_migrate(&t->virt_wake, v->cpu);
	timer_migrate(&t->phys, v->cpu);
	write_sysreg(cntvoff_el2, v->domain->arch.vtimer.offset);
	write_sysreg(cntv_cval_el0, t->virt_cval);
	isb();
	write_sysreg(cntv_ctl_el0, t->virt_ctl & (CTL_ENABLE | CTL_MASKED));
	isb();
}

/* Physical timer ----------------------------------------------------------------------------------
 */

static void phys_fired(void *data)
{
	struct vcpu *v = data;

	if ((READ_ONCE(v->arch.vtimer.phys_ctl) & (CTL_ENABLE | CTL_MASKED)) == CTL_ENABLE) {
		vgic_inject_private(v, phys_intid(v));
	}
}

static void phys_update(struct vtimer_vcpu *t)
{
	if ((t->phys_ctl & (CTL_ENABLE | CTL_MASKED)) == CTL_ENABLE) {
		arm_timer(&t->phys, t->phys_cval);
	} else {
		timer_stop(&t->phys);
	}
}

static uint64_t phys_status(const struct vtimer_vcpu *t)
{
	bool reached = counter_read() >= t->phys_cval;

	return t->phys_ctl | ((t->phys_ctl & CTL_ENABLE) && reached ? CTL_ISTATUS : 0);
}

bool vtimer_sysreg(struct vcpu *v, struct sysreg_access *a)
{
	struct vtimer_vcpu *t = &v->arch.vtimer;

	switch (a->reg) {
	case REG_CNTP_CTL:
		if (!a->write) {
			a->value = phys_status(t);
			return true;
		}
		t->phys_ctl = (uint32_t)a->value & (CTL_ENABLE | CTL_MASKED);
		break;
	case REG_CNTP_CVAL:
		if (!a->write) {
			a->value = t->phys_cval;
			return true;
		}
		t->phys_cval = a->value;
		break;
	case REG_CNTP_TVAL:
		if (!a->write) {
			a->value = (uint32_t)(t->phys_cval - counter_read());
			return true;
		}
		t->phys_cval = counter_read() + (uint64_t)(int64_t)(int32_t)a->value;
		break;
	default:
		return false;
	}
	phys_update(t);
	return true;
}

/* Life --------------------------------------------------------------------------------------------
 */

void vtimer_init_cpu(void)
{
	write_sysreg(cnthctl_el2, CNTHCTL_EL1PCTEN);
	write_sysreg(cntv_ctl_el0, 0);
	write_sysreg(cntp_ctl_el0, 0);
	isb();
	if (gic_request_ppi_for_guest(platform.timer.virt, virt_fired)) {
		boot_fail("the virtual timer's interrupt %u cannot be had", platform.timer.virt);
	}
}

void vtimer_init(void)
{
	vtimer_init_cpu();
}

void vtimer_domain_init(struct domain *d)
{
	d->arch.vtimer.boot_counter = counter_read();
	d->arch.vtimer.offset = d->arch.vtimer.boot_counter;
}

void vtimer_vcpu_init(struct vcpu *v)
{
	timer_init(&v->arch.vtimer.virt_wake, wake, v, v->cpu);
	timer_init(&v->arch.vtimer.phys, phys_fired, v, v->cpu);
}

void vtimer_vcpu_destroy(struct vcpu *v)
{
	timer_kill(&v->arch.vtimer.virt_wake);
	timer_kill(&v->arch.vtimer.phys);
}

void vtimer_reset(struct vcpu *v)
{
	struct vtimer_vcpu *t = &v->arch.vtimer;

	timer_stop(&t->virt_wake);
	timer_stop(&t->phys);
	t->virt_ctl = t->virt_cval = 0;
	t->phys_ctl = 0;
	t->phys_cval = 0;
}
