/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a vCPU: making and end, switching and running. No locks of its own. */
#include <asm/exit.h>
#include <asm/gic.h>
#include <asm/processor.h>
#include <asm/stage2.h>
#include <asm/sysreg.h>
#include <asm/time.h>
#include <asm/traps.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/sched.h>

#define NO_CPU	   (~0U)
#define MPIDR_RES1 BIT(31)

void vcpu_reset_to(struct vcpu *v, uint64_t pc, uint64_t arg)
{
	vcpu_reset_state(v);
	v->arch.last_cpu = NO_CPU;
	vtimer_reset(v);
	vcpu_start_at(v, pc, arg);
	v->initialised = true;
}

int arch_vcpu_create(struct vcpu *v)
{
	struct arch_vcpu *a = &v->arch;

	vcpu_reset_state(v);
	a->last_cpu = NO_CPU;
	a->hcr = vcpu_hcr(v);
	a->vmpidr = MPIDR_RES1 | vgic_affinity(v->domain, v->id);
	vgic_vcpu_init(v);
	vtimer_vcpu_init(v);
	return 0;
}

void arch_vcpu_destroy(struct vcpu *v)
{
	vtimer_vcpu_destroy(v);
}

/*
 * What the CPU knows of translations is tagged with the domain and the guest's ASID. Two vCPUs may
 * use one ASID for different tables, for on a real machine each has a CPU with a memory of its own.
 */
static void forget_sibling(const struct cpu *c, const struct vcpu *next)
{
	uint16_t *last = &next->domain->arch.last_vcpu[c->id];

	if (*last != next->id) {
		if (*last != UINT16_MAX) {
			stage2_flush_local();
		}
		*last = (uint16_t)next->id;
	}
}

void arch_context_switch(struct vcpu *prev, struct vcpu *next)
{
	struct cpu *c = this_cpu();

	if (!vcpu_is_idle(prev)) {
		vtimer_save(prev);
		vgic_save(prev);
		vcpu_state_save(prev);
		prev->arch.last_cpu = c->id;
		c->arch.state_owner = prev;
	}
	if (vcpu_is_idle(next)) {
		return;
	}
	/* Idling in between leaves the registers as they are. */
	if (c->arch.state_owner != next || next->arch.last_cpu != c->id) {
		vcpu_state_restore(next);
		c->arch.state_owner = next;
		next->arch.last_cpu = c->id;
	}
	write_sysreg(hcr_el2, next->arch.hcr);
	write_sysreg(vmpidr_el2, next->arch.vmpidr);
	write_sysreg(vpidr_el2, read_sysreg(midr_el1));
	write_sysreg(vtcr_el2, next->domain->arch.vtcr);
	write_sysreg(vttbr_el2, next->domain->arch.vttbr);
	isb();
	forget_sibling(c, next);
	vgic_restore(next);
	vtimer_restore(next);
}

bool guest_exited(struct guest_regs *r, unsigned int reason)
{
	struct cpu *c = this_cpu();
	struct vcpu *v = container_of(r, struct vcpu, arch.regs);

	v->arch.exit_count++;
	v->arch.esr = read_sysreg(esr_el2);
	if (likely(reason == EXIT_SYNC)) {
		irq_enable();
		exit_sync(v);
		irq_disable();
		/* Who sent an interrupt to this CPU may wait for it to pass the main loop (RCU). */
		if (unlikely(READ_ONCE(c->pending)) || unlikely(READ_ONCE(c->arch.interrupted))) {
			return false;
		}
		vgic_enter(v, &v->arch.vgic);
		return true;
	}
	if (reason == EXIT_IRQ) {
		gic_handle_irq();
	} else {
		domain_crash(v->domain, "SError %08" PRIx64, v->arch.esr);
	}
	/* Through the main loop, where other CPUs may wait for this one to pass. */
	return false;
}

void arch_vcpu_run(struct vcpu *v)
{
	irq_disable();
	this_cpu()->arch.interrupted = false;
	if (likely(!READ_ONCE(this_cpu()->pending))) {
		vgic_enter(v, &v->arch.vgic);
		guest_run(&v->arch.regs);
	}
	irq_enable();
}

bool arch_vcpu_has_pending(struct vcpu *v)
{
	return vgic_has_pending(v);
}

void arch_vcpu_upcall(struct vcpu *v)
{
	vgic_inject_private(v, PPI_EVENT);
}

/* Of the ABI's clock ARM guests use nothing: they read the counter. */
void arch_vcpu_publish_time(struct vcpu *v)
{
}

int arch_vcpu_nmi(struct vcpu *v)
{
	return -ENOSYS;
}

/* CPUs are brought up by PSCI. */
long arch_vcpu_op(int cmd, struct vcpu *v, gva_t arg)
{
	return -EINVAL;
}
