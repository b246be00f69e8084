/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exits of a guest that are synchronous: hypercalls, faults of stage 2, WFI, what traps. */
#include <asm/dom0.h>
#include <asm/exit.h>
#include <asm/mmio.h>
#include <asm/p2m.h>
#include <asm/processor.h>
#include <asm/sysreg.h>
#include <asm/traps.h>
#include <asm/vpsci.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/errno.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/sched.h>
#include <xen/vcpu.h>

#define SMCCC_NOT_SUPPORTED (-1L)
/* Of a call that goes on: no such call has more, and of 32-bit code the fifth is the caller's own.
 */
#define ARGS 4

/* ISS of a data abort, DDI 0487 D17.2.37. */
#define ISS_FSC(iss)	((iss)&0x3f)
#define ISS_WNR		BIT(6)
#define ISS_S1PTW	BIT(7)
#define ISS_SF		BIT(15)
#define ISS_SRT(iss)	(((iss) >> 16) & 31)
#define ISS_SSE		BIT(21)
#define ISS_SAS(iss)	(((iss) >> 22) & 3)
#define ISS_ISV		BIT(24)
#define FSC_TYPE(fsc)	((fsc)&0x3c)
#define FSC_TRANSLATION 0x04
#define FSC_ACCESS	0x08
#define FSC_PERMISSION	0x0c
#define HPFAR_FRAME(h)	(((h)&0xffffffffff0ULL) >> 4)
#define WFX_WFE		BIT(0)

/* Hypercalls
 * ---------------------------------------------------------------------------------------- */

/* What the ABI does not have on ARM (xen/arch-arm.h). */
static bool refused(uint64_t nr, const struct hypercall_args *a, long *rc)
{
	if (nr == __HYPERVISOR_set_timer_op) {
		*rc = -ENOSYS;
		return true;
	}
	if ((int)a->v[0] != VCPUOP_register_vcpu_info &&
	    (int)a->v[0] != VCPUOP_register_runstate_memory_area) {
		*rc = (uint32_t)a->v[1] < current->domain->max_vcpus ? -EINVAL : -ENOENT;
		return true;
	}
	return false;
}

static void exit_hypercall(struct vcpu *v)
{
	struct guest_regs *r = &v->arch.regs;
	struct hypercall_args room;
	const struct hypercall_args *a = guest_call_args(r, &room);
	uint64_t nr = guest_call_number(r);
	long rc;

	if (likely(nr != __HYPERVISOR_set_timer_op && nr != __HYPERVISOR_vcpu_op) ||
	    !refused(nr, a, &rc)) {
		rc = hypercall_dispatch(nr, a);
	}
	if (unlikely(rc == -ERESTART)) {
		/* The guest executes it again, with what is left to do. */
		r->pc -= 4;
		for (unsigned int i = 0; i < ARGS; i++) {
			r->x[i] = v->hypercall_args[i];
		}
		return;
	}
	r->x[0] = (uint64_t)rc;
}

static void exit_hvc(struct vcpu *v)
{
	uint32_t imm = ESR_ISS(v->arch.esr) & 0xffff;

	if (likely(imm == XEN_HYPERCALL_TAG)) {
		exit_hypercall(v);
	} else if (imm) {
		v->arch.regs.pc -= 4;
		vcpu_inject_undefined(v, (uint32_t)v->arch.esr);
	} else if (!vpsci_call(v)) {
		v->arch.regs.x[0] = SMCCC_NOT_SUPPORTED;
	}
}

static void exit_smc(struct vcpu *v)
{
	uint32_t imm = ESR_ISS(v->arch.esr) & 0xffff;

	if (imm) {
		vcpu_inject_undefined(v, (uint32_t)v->arch.esr);
		return;
	}
	/* A trapped SMC is not behind us yet, other than an HVC. */
	vcpu_skip(v);
	if (!vpsci_call(v)) {
		v->arch.regs.x[0] = SMCCC_NOT_SUPPORTED;
	}
}

/* Faults of stage 2
 * --------------------------------------------------------------------------------- */

static uint64_t sign_extend(uint64_t value, unsigned int bits)
{
	unsigned int shift = 64 - bits;

	return (uint64_t)((int64_t)(value << shift) >> shift);
}

static enum mmio_result device_access(struct vcpu *v, uint64_t gpa, uint32_t iss)
{
	struct guest_regs *r = &v->arch.regs;
	unsigned int reg = guest_reg_number(r, ISS_SRT(iss));
	struct mmio_access a = {
	    .gpa = gpa,
	    .size = 1U << ISS_SAS(iss),
	    .write = iss & ISS_WNR,
	};
	enum mmio_result result;

	if (!IS_ALIGNED(gpa, (uint64_t)a.size)) {
		return mmio_dispatch_covers(v->domain, gpa) ? MMIO_REFUSED : MMIO_NONE;
	}
	if (a.write) {
		a.value = guest_reg(r, reg);
		if (a.size < 8) {
			a.value &= BIT(a.size * 8) - 1;
		}
	}
	result = mmio_dispatch(v, &a);
	if (result == MMIO_DONE && !a.write) {
		uint64_t value = a.size < 8 ? a.value & (BIT(a.size * 8) - 1) : a.value;

		if (iss & ISS_SSE) {
			value = sign_extend(value, a.size * 8);
		}
		guest_reg_set(r, reg, iss & ISS_SF ? value : (uint32_t)value);
	}
	return result;
}

/* What stands at the frame allows the access: the entry was being changed when it faulted. */
static bool allowed_now(struct domain *d, gfn_t g, bool write, bool fetch)
{
	enum p2m_type t = p2m_type_settled(d, g);

	if (t == P2M_INVALID || t == P2M_POD) {
		return false;
	}
	if (fetch) {
		return t == P2M_RAM_RW || t == P2M_RAM_RO;
	}
	return !write || p2m_is_writable(t);
}

/* HPFAR says nothing: the guest wrote to what is read-only for it, or executes a device. */
static __noinline void permission_fault(struct vcpu *v, bool fetch, bool write)
{
	uint32_t pfec;
	gpa_t a;

	if (!guest_walk(gva(v->arch.far), write, false, fetch, &a, &pfec) ||
	    allowed_now(v->domain, gpa_to_gfn(a), write, fetch)) {
		return; /* its own tables changed meanwhile, or ours: once more */
	}
	vcpu_inject_abort(v, v->arch.far, fetch, write);
}

/* No device that is played is there, or not that way. */
static __noinline void translation_fault(struct vcpu *v, uint64_t gpa, bool fetch, bool write)
{
	struct domain *d = v->domain;

	if (allowed_now(d, gfn(gpa >> PAGE_SHIFT), write, fetch)) {
		return;
	}
	if (d->is_service && !fetch && dom0_map_on_demand(d, gpa >> PAGE_SHIFT)) {
		return;
	}
	glog_info("d%uv%u: %s of %" PRIx64 ", where nothing is (pc %" PRIx64 ")\n", d->id, v->id,
		  fetch	  ? "execution"
		  : write ? "write"
			  : "read",
		  gpa, (uint64_t)v->arch.regs.pc);
	vcpu_inject_abort(v, v->arch.far, fetch, write);
}

static void exit_abort(struct vcpu *v, bool fetch)
{
	uint32_t iss = ESR_ISS(v->arch.esr), type = FSC_TYPE(ISS_FSC(iss));
	bool walk = iss & ISS_S1PTW, write = !fetch && (iss & ISS_WNR) && !walk;
	enum mmio_result result = MMIO_NONE;
	uint64_t gpa;

	v->arch.far = vcpu_fault_address(fetch);
	v->arch.hpfar = read_sysreg(hpfar_el2);
	gpa = HPFAR_FRAME(v->arch.hpfar) << PAGE_SHIFT | (v->arch.far & ~PAGE_MASK);
	if (unlikely(type != FSC_TRANSLATION)) {
		if (type != FSC_PERMISSION) {
			domain_crash(v->domain, "abort %08" PRIx64 " at %016" PRIx64, v->arch.esr,
				     v->arch.far);
			return;
		}
		if (!walk) {
			permission_fault(v, fetch, write);
			return;
		}
	}
	if (likely(!fetch && !walk)) {
		if (likely(iss & ISS_ISV)) {
			result = device_access(v, gpa, iss);
		} else if (mmio_dispatch_covers(v->domain, gpa)) {
			domain_crash(v->domain,
				     "access to a played device at %" PRIx64
				     " by an instruction that the CPU does not describe",
				     gpa);
			return;
		}
	}
	if (likely(result == MMIO_DONE)) {
		vcpu_skip(v);
	} else if (result == MMIO_REFUSED) {
		vcpu_inject_abort(v, v->arch.far, false, write);
	} else {
		translation_fault(v, gpa, fetch, write);
	}
}

static void exit_wfx(struct vcpu *v)
{
	vcpu_skip(v);
	if (ESR_ISS(v->arch.esr) & WFX_WFE) {
		vcpu_yield();
	} else {
		vcpu_block();
	}
}

void exit_sync(struct vcpu *v)
{
	if (unlikely(!vcpu_condition_passed(v))) {
		vcpu_skip(v);
		return;
	}
	switch (ESR_CLASS(v->arch.esr)) {
	case EC_HVC:
		exit_hvc(v);
		break;
	case EC_DABT_LOW:
		exit_abort(v, false);
		break;
	case EC_IABT_LOW:
		exit_abort(v, true);
		break;
	case EC_WFX:
		exit_wfx(v);
		break;
	case EC_SMC:
		exit_smc(v);
		break;
	default:
		if (exit_register(v)) {
			break;
		}
		/* A register or instruction that vCPUs do not have. */
		glog_info("d%uv%u: trap %08" PRIx64 " at %" PRIx64 ": undefined\n", v->domain->id,
			  v->id, v->arch.esr, (uint64_t)v->arch.regs.pc);
		vcpu_inject_undefined(v, (uint32_t)v->arch.esr);
		break;
	}
}
